"""`embed`: the vector of a text, or of each line of stdin."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from llm_core.cli import session, streams
from llm_core.cli.commands import command
from llm_core.engines.base import EmbeddingKind
from llm_core.errors import UserError

if TYPE_CHECKING:
    from llm_core.engines.base import Encoder

AT_ONCE = 64
DIGITS = 7  # of each number; the model's own error is in the third

Text = str | None


def embed(
    text: Annotated[list[str] | None, typer.Argument(help="embed_text", metavar="TEXT")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="embed_lines")] = False,
    model: Annotated[Text, typer.Option("--model", "-m", help="understanding_model", metavar="RUN")] = None,
    kind: Annotated[str, typer.Option("--kind", help="embed_kind", metavar="KIND")] = "query",
) -> None:
    """See messages/cli.toml."""
    if kind not in get_args(EmbeddingKind):
        raise UserError("value_unusable", name="--kind", value=kind[:40])
    with session.opened() as workbench:
        encoder = workbench.trying.encoder(model) if model else workbench.encoder
        if lines:
            _write(streams.read_lines(None), encoder, kind)  # type: ignore[arg-type]
            return
        one = " ".join(text or []) or streams.read_all()
        if not one.strip():
            raise UserError("text_empty")
        _write(iter([one]), encoder, kind)  # type: ignore[arg-type]


def _write(texts: Iterator[str], encoder: Encoder, kind: EmbeddingKind) -> None:
    while batch := list(itertools.islice(texts, AT_ONCE)):
        for vector in encoder.encode(batch, kind):
            print(json.dumps({"embedding": [round(float(value), DIGITS) for value in vector]}), flush=True)


app = command(embed, "embed")
