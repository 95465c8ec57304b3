"""Sentences, each whole and by itself, as a sentence VAE reads them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from llm_core.errors import UserError
from llm_core.text.sentences import split
from llm_core.training.dataset import IGNORE, Batch, EpochStream, padded
from llm_core.training.tokenize import Tokens

_POOL = 2048
"""Sentences sorted by length together: long enough for little padding, short enough to stay mixed."""


def sentences_of(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[span.start : span.end] for span in split(text)]


class Sentences(EpochStream):
    """Texts of like length side by side.

    Inputs are the mark that ends a text and then the tokens, labels the tokens and then the mark; `attention_mask`
    is 0 over pads.

    Args:
        tokens: of the texts, each with the mark at its end.
        longest: texts with more tokens are left out.
        micro_tokens: the most tokens of a batch, padding included.
        seed: with the epoch, decides the order.

    Raises:
        UserError: `corpus_short`, no text is so short.
    """

    def __init__(self, tokens: Tokens, longest: int, micro_tokens: int, seed: int) -> None:
        self.tokens, self.micro_tokens = tokens, micro_tokens
        self._lengths = np.diff(tokens.offsets)
        self._fitting = np.flatnonzero((self._lengths <= longest) & (self._lengths > 1))
        if not len(self._fitting):
            raise UserError("corpus_short", tokens=len(tokens.ids), context=longest)
        super().__init__(seed)

    def _plan_epoch(self, random: np.random.Generator) -> list[NDArray[np.int64]]:
        rows = random.permutation(self._fitting)
        plan: list[NDArray[np.int64]] = []
        for start in range(0, len(rows), _POOL):
            pool = rows[start : start + _POOL]
            pool = pool[np.argsort(self._lengths[pool], kind="stable")]
            plan += self._cut(pool)
        return [plan[i] for i in random.permutation(len(plan))]

    def _cut(self, pool: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Where the padded size would pass the budget; `pool` goes from short to long."""
        cuts, first = [], 0
        for i, length in enumerate(self._lengths[pool]):
            if i > first and (i + 1 - first) * length > self.micro_tokens:
                cuts.append(i)
                first = i
        return np.split(pool, cuts)

    def _batch(self, rows: NDArray[np.int64]) -> Batch:
        texts = [self.tokens[int(row)] for row in rows]
        labels = padded(texts, IGNORE)
        mark = int(texts[0][-1])
        inputs = labels.roll(1, dims=1)
        inputs[:, 0] = mark
        mask = (inputs != IGNORE).long()
        mask[:, 0] = 1
        return Batch({"input_ids": inputs.masked_fill(mask == 0, mark), "attention_mask": mask}, labels)
