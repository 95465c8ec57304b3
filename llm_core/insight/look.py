"""Everything that is to be seen of one model on one text, in one object; which views a family has stands in VIEWS.

A new family is one line in VIEWS; a new view is one module beside this one, one line in COMPUTE, and its formula.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm_core.engines.llama_look import Looking
from llm_core.insight import attention, explain, latent, neighbours, reading, served, states, transition
from llm_core.insight.explain import Explained
from llm_core.insight.pieces import Piece
from llm_core.insight.reading import Reading

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

VIEWS: Mapping[str, tuple[str, ...]] = {
    "decoder": ("surprise", "attention", "neighbours", "tree"),
    "seq2seq": ("surprise", "attention", "neighbours", "tree"),
    "rnn": ("surprise", "states", "neighbours", "tree"),
    "lstm": ("surprise", "states", "neighbours", "tree"),
    "gru": ("surprise", "states", "neighbours", "tree"),
    "mlp": ("surprise", "states", "neighbours", "tree"),
    "cnn": ("surprise", "states", "neighbours", "tree"),
    "ngram": ("surprise", "matrix", "tree"),
    "vae": ("surprise", "latent", "neighbours", "tree"),
    "gguf": ("surprise", "tree"),
}


@dataclass(frozen=True)
class Look:
    """What there is to see. Of a translator, `reading` is of the translation, and `source` what it translates."""

    family: str
    reading: Reading
    seen: Mapping[str, Any]  # view -> its numbers: Maps, States, Near, Matrix, Latent
    explained: Mapping[str, Explained]
    source: str = ""
    marked: tuple[int, ...] = field(default=(), repr=False)  # the tokens that were read, with their marks

    @property
    def views(self) -> tuple[str, ...]:
        """What can be looked at, in order."""
        return VIEWS[self.family]


Compute = Callable[["Opened", Sequence[int]], Any]

COMPUTE: Mapping[str, Compute] = {
    "attention": attention.of_text,
    "states": states.of_text,
    "neighbours": neighbours.nearest,
    "matrix": transition.of_text,
    "latent": latent.of_text,
}


def look(opened: Opened, text: str, pieces: Sequence[Piece]) -> Generator[str, None, Look]:
    """Look at a model that continues text.

    Yields:
        The view that comes next.
    """
    yield "surprise"
    read = reading.read(opened, text, list(pieces))
    ids = [piece.id for piece in pieces]
    marked = tuple(ids if opened.begin is None else [opened.begin, *ids])
    seen: dict[str, Any] = {}
    for view in VIEWS[opened.family]:
        if view in COMPUTE and marked:
            yield view
            seen[view] = COMPUTE[view](opened, marked)
    return Look(opened.family, read, seen, _explained(opened, len(marked)), marked=marked)


def look_served(looking: Looking, text: str) -> Generator[int, None, Look]:
    """Look at a model in a process of its own.

    Yields:
        How many places are read.
    """
    read = yield from served.read(looking, text)
    ids = tuple(piece.id for piece in read.pieces)
    explained = {
        "surprise": explain.served(read.vocabulary, len(ids)),
        "tree": explain.tree(read.vocabulary),
    }
    return Look("gguf", read, {}, explained, marked=ids)


def _explained(opened: Opened, tokens: int) -> Mapping[str, Explained]:
    views = VIEWS[opened.family]
    found = {view: explain.EXPLAIN[view](opened, tokens) for view in views if view in explain.EXPLAIN}
    return found | {"tree": explain.tree(opened.vocabulary)}
