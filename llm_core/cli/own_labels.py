"""`analyze --own EXAMPLES`: labels of one's own, learned from a file of examples in seconds and not kept."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.cli import session, streams
from llm_core.errors import UserError
from llm_core.messages import say, system_language

if TYPE_CHECKING:
    from llm_core.engines.classifier import Labelled
    from llm_core.tasks.own_labels import OwnLabels
    from llm_core.terminal import ProgressLine
    from llm_core.workbench.analyses import Analyses

AT_ONCE = 128
DIGITS = 4
COLUMNS = ("label", "score")


def run(
    analyses: Analyses, examples: str, file: str | None, rows: str | None, line: ProgressLine, *, lines: bool
) -> None:
    """Learn, say on stderr how well that went, and label a text, each line, or each row of a table."""
    from llm_core.tasks.own_examples import parsed

    learned: OwnLabels = session.result(analyses.teach(parsed(streams.read_file(examples))), line)
    print(_told(learned), file=sys.stderr)
    if rows is not None:
        _rows(analyses, learned, file or "", rows)
    elif lines:
        for found in _labelled(analyses, learned, streams.read_lines(file)):
            print(json.dumps(_record(found), ensure_ascii=False), flush=True)
    else:
        text = streams.read_file(file or "-")
        if not text.strip():
            raise UserError("text_empty")
        (found,) = analyses.labelled(learned, [text])
        scores = {label: round(score, DIGITS) for label, score in found.scores.items()}
        print(json.dumps(_record(found) | {"scores": scores}, ensure_ascii=False))


def _labelled(analyses: Analyses, learned: OwnLabels, texts: Iterator[str]) -> Iterator[Labelled]:
    while some := list(itertools.islice(texts, AT_ONCE)):
        yield from analyses.labelled(learned, some)


def _rows(analyses: Analyses, learned: OwnLabels, file: str, column: str) -> None:
    """The whole table as csv, with its labels."""
    from llm_core.workbench import tables

    if not file or file == "-":
        raise UserError("value_missing", name="FILE")
    table = tables.read(Path(file), None)
    cells = map(_record, _labelled(analyses, learned, iter(table.texts(column))))
    print(table.with_columns(COLUMNS, list(cells)).as_csv(), end="")


def _record(found: Labelled) -> dict[str, Any]:
    return {"label": found.label, "score": round(found.score, DIGITS)}


def _told(learned: OwnLabels) -> str:
    language = system_language()
    if learned.accuracy is None:
        return say(language, "analyze.own_unmeasured", n=learned.examples)
    right, base = f"{learned.accuracy:.0f}", f"{learned.majority:.0f}"
    return say(language, "analyze.own_accuracy", right=right, n=learned.examples, base=base)
