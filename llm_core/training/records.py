"""Rows with named columns, for the objectives that learn from examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from llm_core.errors import UserError
from llm_core.training.collect import Record, read_records
from llm_core.training.config import Source
from llm_core.training.samples import ORIGIN, SAMPLES

Row = TypeVar("Row")


def read_rows(source: Source, columns: Sequence[str]) -> Iterator[Record]:
    """Rows of a source that pass its `where`, each holding all of `columns`.

    Raises:
        UserError: `columns_missing`, naming them, those that are there, and the line; and those of `read_records`.
    """
    for line, record in enumerate(read_records(source), 1):
        missing = [name for name in columns if record.get(name) is None]
        if missing:
            there = ", ".join(name for name in record if name)[:200]
            raise UserError("columns_missing", name=source.name, line=line, missing=", ".join(missing), there=there)
        if all(str(record.get(key, "")).startswith(starts) for key, starts in source.where.items()):
            yield record


def up_to(characters: int | None, rows: Iterable[Row], length: Callable[[Row], int]) -> Iterator[Row]:
    """The first rows that have so many characters together; all of them for None."""
    taken = 0
    for row in rows:
        yield row
        taken += length(row)
        if characters is not None and taken >= characters:
            return


def set_name(source: Source) -> str:
    """What a source's rows are called in reports: `qa-zh-drcd` for qa-zh-drcd.train.jsonl.xz."""
    return source.name.split(".")[0]


def account_of(source: Source, rows: int, characters: int) -> dict[str, Any]:
    """What the report says of a source."""
    sample = SAMPLES.get(source.sample or "")
    return {
        "file": source.name,
        "use": source.use,
        "origin": source.origin or (ORIGIN if sample else source.name),
        "licence": source.licence or (sample.licence if sample else "not stated"),
        "written_by_model": source.written_by_model,
        "rows": rows,
        "characters": characters,
    }
