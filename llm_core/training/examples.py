"""Examples in batches of like length: what every objective that judges whole examples trains on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from llm_core.training.dataset import Batch, EpochStream, padded

Rows = NDArray[np.int64]
_POOL = 2048
"""Examples sorted by length together: long enough for little padding, short enough to stay mixed."""


class Examples(EpochStream):
    """Each epoch takes an example as often as its weight says: 0.5 in every second epoch, by chance.

    Args:
        lengths: tokens of each example.
        weights: of each example.
        collate: makes a batch of the examples with these numbers.
        micro_tokens: the most tokens of a batch, padding included.
        seed: with the epoch, decides the draw and the order.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        weights: Sequence[float],
        collate: Callable[[Rows], Batch],
        micro_tokens: int,
        seed: int,
    ) -> None:
        self.lengths, self.weights = np.asarray(lengths, np.int64), np.asarray(weights, np.float64)
        self.collate, self.micro_tokens = collate, micro_tokens
        super().__init__(seed)

    def _plan_epoch(self, random: np.random.Generator) -> list[Rows]:
        often = np.floor(self.weights + random.random(len(self.weights))).astype(np.int64)
        rows = random.permutation(np.repeat(np.arange(len(often)), often))
        plan: list[Rows] = []
        for start in range(0, len(rows), _POOL):
            plan += by_length(rows[start : start + _POOL], self.lengths, self.micro_tokens)
        return [plan[i] for i in random.permutation(len(plan))]

    def _batch(self, rows: Rows) -> Batch:
        return self.collate(rows)


def by_length(rows: Rows, lengths: Rows, micro_tokens: int) -> list[Rows]:
    """Sort by length, then cut wherever the padded size would pass `micro_tokens`."""
    rows = rows[np.argsort(lengths[rows], kind="stable")]
    cuts, first = [], 0
    for i, length in enumerate(lengths[rows]):
        if i > first and (i + 1 - first) * int(length) > micro_tokens:
            cuts.append(i)
            first = i
    return [some for some in np.split(rows, cuts) if len(some)]


def in_order(lengths: Sequence[int], micro_tokens: int) -> Iterator[Rows]:
    """Every example once, in batches of like length: for judging."""
    yield from by_length(np.arange(len(lengths)), np.asarray(lengths, np.int64), micro_tokens)


def encoder_inputs(rows: Sequence[Sequence[int] | NDArray], pad: int) -> dict[str, Tensor]:
    """`input_ids` and `attention_mask` [B, T] of these token ids."""
    ids = padded(rows, pad)
    mask = padded([np.ones(len(row), np.int64) for row in rows], 0)
    return {"input_ids": ids, "attention_mask": mask}
