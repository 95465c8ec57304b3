"""Everything that is to be seen of one model on one text, in one object; which views it has stands in SAID and HELD.

A new family is one line in HELD; a new view is one module beside this one, one line in COMPUTE, and its formula.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm_core.engines.llama_look import Looking
from llm_core.insight import (
    attention,
    decision,
    explain,
    filling,
    latent,
    likeness,
    neighbours,
    reading,
    served,
    states,
    transition,
)
from llm_core.insight.explain import Explained
from llm_core.insight.pieces import Piece
from llm_core.insight.reading import Reading, Sentence

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

SAID: Mapping[str, tuple[str, ...]] = {
    "language": ("surprise",),
    "masked": ("filling",),
    "label": ("decision",),
    "vector": ("likeness",),
}
"""What a model says of a text -> the view of it, which comes first."""

HELD: Mapping[str, tuple[str, ...]] = {
    "decoder": ("attention", "neighbours"),
    "encoder": ("attention", "neighbours"),
    "seq2seq": ("attention", "neighbours"),
    "rnn": ("states", "neighbours"),
    "lstm": ("states", "neighbours"),
    "gru": ("states", "neighbours"),
    "mlp": ("states", "neighbours"),
    "cnn": ("states", "neighbours"),
    "ngram": ("matrix",),
    "vae": ("latent", "neighbours"),
    "gguf": (),
}
"""Family -> the views of what it holds inside."""


def views_of(family: str, head: str) -> tuple[str, ...]:
    """What can be looked at, in order; only what writes has a tree of what it may write."""
    return (*SAID.get(head, ()), *HELD[family], *(("tree",) if head == "language" else ()))


@dataclass(frozen=True)
class Look:
    """What there is to see. Of a translator, `sentence` is the translation, and `source` what it translates."""

    family: str
    sentence: Sentence  # a Reading where the model says what it expects at each place
    seen: Mapping[str, Any]  # view -> its numbers: Maps, States, Near, Matrix, Latent, Decision, Likeness
    explained: Mapping[str, Explained]
    source: str = ""
    marked: tuple[int, ...] = field(default=(), repr=False)  # the tokens that were read, with their marks
    begun: int = 0  # how many of them are marks before the text; those behind it are what is left
    head: str = "language"

    @property
    def views(self) -> tuple[str, ...]:
        """What can be looked at, in order."""
        return views_of(self.family, self.head)

    @property
    def reading(self) -> Reading | None:
        """What is expected at each place, of a model that says so."""
        return self.sentence if isinstance(self.sentence, Reading) else None


Compute = Callable[["Opened", Sequence[int]], Any]

COMPUTE: Mapping[str, Compute] = {
    "attention": attention.of_text,
    "states": states.of_text,
    "neighbours": neighbours.nearest,
    "matrix": transition.of_text,
    "latent": latent.of_text,
    "decision": decision.of_text,
}


def look(opened: Opened, text: str, pieces: Sequence[Piece], given: Sequence[str] = ()) -> Generator[str, None, Look]:
    """Look at a model that reads one text.

    Args:
        opened: the model.
        text: not longer than its context.
        pieces: `opened.pieces(text)`.
        given: what an encoder without a head compares the text with.

    Yields:
        The view that comes next.
    """
    begin, end = opened.marks
    marked = (*begin, *(piece.id for piece in pieces), *end)
    yield opened.head
    sentence = _sentence(opened, text, pieces, marked)
    seen: dict[str, Any] = {}
    for view in views_of(opened.family, opened.head):
        if marked and view == "likeness":
            yield view
            seen[view] = likeness.of_text(opened, marked, given)
        elif marked and view in COMPUTE:
            yield view
            seen[view] = COMPUTE[view](opened, marked)
    explained = explained_for(opened, len(marked))
    return Look(opened.family, sentence, seen, explained, marked=marked, begun=len(begin), head=opened.head)


def look_served(looking: Looking, text: str) -> Generator[int, None, Look]:
    """Look at a model in a process of its own.

    Yields:
        How many places are read.
    """
    read = yield from served.read(looking, text)
    ids = tuple(piece.id for piece in read.pieces)
    explained = {
        "surprise": explain.served(read.vocabulary, len(ids)),
        "tree": explain.searched(read.vocabulary),
    }
    return Look("gguf", read, {}, explained, marked=ids)


def explained_for(opened: Opened, tokens: int) -> Mapping[str, Explained]:
    """The formula of each view."""
    views = views_of(opened.family, opened.head)
    return {view: explain.EXPLAIN[view](opened, tokens) for view in views}


def _sentence(opened: Opened, text: str, pieces: Sequence[Piece], marked: Sequence[int]) -> Sentence:
    if opened.head == "language":
        return reading.read(opened, text, list(pieces))
    if opened.head == "masked":
        return filling.read(opened, text, pieces, marked)
    return Sentence(text, tuple(pieces), {piece.id: opened.words[piece.id] for piece in pieces})
