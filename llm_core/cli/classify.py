"""`classify`: the label of a text, or of each line of stdin, by a classifier that was trained here."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from llm_core.cli import session, streams
from llm_core.cli.commands import command
from llm_core.errors import UserError

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

AT_ONCE = 64
DIGITS = 4

Text = str | None


def classify(
    model: Annotated[Text, typer.Argument(help="classify_model", metavar="MODEL")] = None,
    text: Annotated[list[str] | None, typer.Argument(help="classify_text", metavar="TEXT")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="classify_lines")] = False,
    labels: Annotated[Text, typer.Option("--labels", help="classify_labels", metavar="SET")] = None,
) -> None:
    """See messages/cli.toml."""
    if not model:
        raise UserError("value_missing", name="MODEL")
    with session.opened() as workbench:
        if lines:
            _write(workbench, model, streams.read_lines(None), labels)
            return
        one = " ".join(text or []) or streams.read_all()
        if not one.strip():
            raise UserError("text_empty")
        _write(workbench, model, iter([one]), labels)


def _write(workbench: Workbench, model: str, texts: Iterator[str], labels: str | None) -> None:
    while batch := list(itertools.islice(texts, AT_ONCE)):
        for found in workbench.classifying.classify(model, batch, labels):
            scores = {label: round(score, DIGITS) for label, score in found.scores.items()}
            record = {"label": found.label, "score": round(found.score, DIGITS), "scores": scores}
            print(json.dumps(record, ensure_ascii=False), flush=True)


app = command(classify, "classify")
