"""What a model expects at every place of a text: the likeliest tokens, and how surprised it is by what stands there.

What goes on with a text has seen what stands before a place; what fills in, all that stands around it (filling.py).

Surprise of the token x_t: -log2 P(x_t | x_1 ... x_{t-1}), in bits. Their sum over the characters is what the model
needs to write the text, comparable across tokenizers.

Legend: T tokens of the text, K likeliest tokens that are kept, V tokens in the vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llm_core.insight.pieces import Piece

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

KEPT = 4096  # of a distribution: what the rest weighs is told
NAMED = 40  # of a distribution: candidates whose text is told

Reals = NDArray[np.float32]
Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Sentence:
    """A text as a model takes it in."""

    text: str
    pieces: tuple[Piece, ...]  # T
    words: Mapping[int, str]  # what pieces look like by themselves


@dataclass(frozen=True)
class Reading(Sentence):
    """A text as a model reads it. Place t is that of piece t; place T, where there is one, is what would follow."""

    logprobs: Reals  # T: ln P of each piece at its place
    ranks: Ids  # T: 1 where nothing was likelier; 0 where that is not known
    candidates: Ids  # T or T + 1, K: likeliest first; `words` knows the first NAMED of each place
    chances: Reals  # T or T + 1, K: their ln P
    vocabulary: int
    blank: int = -1  # the piece that stands for any other: nothing is asked of how likely it is

    @property
    def goes_on(self) -> bool:
        """Whether it is known what would follow the text."""
        return len(self.candidates) > len(self.pieces)

    @property
    def bits(self) -> Reals:
        """The surprise at each piece [T]."""
        bits: Reals = -self.logprobs / np.float32(math.log(2))
        return bits

    @property
    def bits_per_char(self) -> float:
        """Of the whole text; 0 where there is none."""
        return float(self.bits.sum()) / len(self.text) if self.text else 0.0


def read(opened: Opened, text: str, pieces: list[Piece]) -> Reading:
    """Read a text with a model that continues text.

    Args:
        opened: a causal model.
        text: not longer than its context.
        pieces: `opened.pieces(text)`.
    """
    import torch

    ids = [piece.id for piece in pieces]
    marked = ids if opened.begin is None else [opened.begin, *ids]
    logits: Any = torch.empty(0, opened.vocabulary)
    with opened.computing():
        if marked:
            logits = opened.model(input_ids=torch.tensor([marked]), use_cache=False).logits[0].float()
        if opened.begin is None:  # before the first token: the one guess that favours nobody
            logits = torch.cat([torch.zeros(1, opened.vocabulary), logits])
        return of_logits(logits, text, pieces, opened.words)


def of_logits(logits: Any, text: str, pieces: Sequence[Piece], words: Any, blank: int = -1) -> Reading:
    """The reading that logits of a tensor [T or T + 1, V] say; `words` says what a token looks like."""
    import torch

    chances = logits.log_softmax(-1)
    ids = torch.tensor([piece.id for piece in pieces], dtype=torch.long)
    at_pieces = chances[: len(ids)]
    own = at_pieces.gather(-1, ids[:, None])[:, 0].masked_fill(ids == blank, 0)
    ranks = (1 + (at_pieces > own[:, None]).sum(-1)).masked_fill(ids == blank, 0)
    best, candidates = chances.topk(min(KEPT, chances.shape[1]), dim=-1)
    named = {int(token) for token in candidates[:, :NAMED].flatten()} | {piece.id for piece in pieces}
    named |= {blank} - {-1}
    return Reading(
        text=text,
        pieces=tuple(pieces),
        logprobs=own.numpy().astype(np.float32),
        ranks=ranks.numpy().astype(np.int32),
        candidates=candidates.numpy().astype(np.int32),
        chances=best.numpy().astype(np.float32),
        words={token: words[token] for token in named},
        vocabulary=chances.shape[1],
        blank=blank,
    )
