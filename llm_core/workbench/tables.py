"""Tables that visitors upload: the rows of a csv, tsv or jsonl file, and the same with columns added."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.tasks.graph_export import cell

SUFFIXES = (".csv", ".tsv", ".jsonl")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the same columns."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]

    def texts(self, column: str | None) -> list[str]:
        """What stands in a column, the first one where none is named.

        Raises:
            UserError: `column_unknown`.
        """
        chosen = column or next(iter(self.columns), "")
        if chosen not in self.columns:
            raise UserError("column_unknown", name=chosen[:80], known=", ".join(self.columns)[:200])
        return [str(row.get(chosen) or "") for row in self.rows]

    def with_columns(self, added: Sequence[str], cells: Sequence[Mapping[str, Any]]) -> Table:
        """The same with more columns, whose names are made different from those that are there."""
        names = {name: name if name not in self.columns else f"found_{name}" for name in added}
        rows = tuple(
            {**row, **{names[key]: value for key, value in more.items()}}
            for row, more in zip(self.rows, cells, strict=True)
        )
        return Table((*self.columns, *names.values()), rows)

    def as_csv(self) -> str:
        """For spreadsheets: no cell that one would take for a formula."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([cell(name) for name in self.columns])
        for row in self.rows:
            writer.writerow([cell(row.get(name, "")) for name in self.columns])
        return out.getvalue()


def read(path: Path, rows_max: int | None) -> Table:
    """The table in a file.

    Args:
        path: whose name's end says what it is.
        rows_max: more are refused; None takes all.

    Raises:
        UserError: `rows_many`, `source_unknown`, `table_broken`, `row_not_json`, `record_long`, `text_not_text`.
    """
    from llm_core.training.collect import read_records
    from llm_core.training.config import Source

    if path.suffix.lower() not in SUFFIXES:
        raise UserError("source_unknown", name=path.name[:80], known=" ".join(SUFFIXES))
    records = read_records(Source(path=path))
    rows = list(records if rows_max is None else itertools.islice(records, rows_max + 1))
    if rows_max is not None and len(rows) > rows_max:
        raise UserError("rows_many", limit=rows_max)
    columns = dict.fromkeys(name for row in rows for name in row if name)
    return Table(tuple(columns), tuple(rows))
