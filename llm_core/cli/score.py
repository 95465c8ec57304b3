"""`score`: how many bits a model needs for each character of a text, or of each line of stdin."""

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
    from llm_core.catalog.listing import Entry
    from llm_core.engines.base import Scorer
    from llm_core.workbench import Workbench

AT_ONCE = 32  # lines that are batched; results come so many at a time
DIGITS = 4


def score(
    model: Annotated[str | None, typer.Argument(help="score_model", metavar="MODEL")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="score_lines")] = False,
) -> None:
    """See messages/cli.toml."""
    if not model:
        raise UserError("value_missing", name="MODEL")
    with session.opened() as workbench:
        scorer = workbench.models.scorer(_here(workbench, model))
        texts = streams.read_lines(None) if lines else iter([streams.read_all().removesuffix("\n")])
        _write(texts, scorer)


def _here(workbench: Workbench, name: str) -> Entry:
    """The model that `name` means, fetched first where it is not here."""
    entry = workbench.models.find(name)
    if entry.path is None:
        if workbench.settings.offline:
            raise UserError("model_missing_offline", name=entry.id)
        session.fetched(workbench, entry.id, session.progress_line())
        entry = workbench.models.find(entry.id)
    return entry


def _write(texts: Iterator[str], scorer: Scorer) -> None:
    while batch := list(itertools.islice(texts, AT_ONCE)):
        for text, scored in zip(batch, scorer.score(batch), strict=True):
            record = {"bits_per_char": round(scored.bits_per_char(text), DIGITS), "chars": len(text)}
            print(json.dumps(record), flush=True)


app = command(score, "score")
