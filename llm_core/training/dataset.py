"""Batches in an order that depends only on the seed and the position.

A stream knows no hidden state: `position` says all, and `seek(position)` brings back the
very batch that would have come next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from llm_core.errors import UserError
from llm_core.training.tokenize import Tokens

IGNORE = -100
"""A label that does not count, as in torch.nn.functional.cross_entropy."""


@dataclass(frozen=True)
class Batch:
    """What a model reads, and what it should say: B sequences of T (labels: U) tokens."""

    inputs: dict[str, Tensor]
    labels: Tensor
    read: int | None = None
    """Tokens without padding, where they are not what counts in the loss."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        inputs = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return Batch(inputs, self.labels.to(device), self.read)

    @property
    def targets(self) -> int:
        """Tokens that count in the loss."""
        return int((self.labels != IGNORE).sum())

    @property
    def tokens(self) -> int:
        """What the speed of training is counted in."""
        return self.targets if self.read is None else self.read


@dataclass(frozen=True)
class Position:
    """The next batch of a stream: `index` within `epoch`, both from 0."""

    epoch: int = 0
    index: int = 0


class Stream(Protocol):
    """Batches without end."""

    position: Position

    def next(self) -> Batch:
        """The batch at `position`, which moves on."""
        ...

    def seek(self, position: Position) -> None:
        """Make `position` the next batch's."""
        ...


class EpochStream:
    """A stream whose epoch is a list of batches of row numbers, drawn anew from (seed, epoch)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.position = Position()
        self._plan = self._plan_epoch(np.random.default_rng((seed, 0)))

    def next(self) -> Batch:
        """The batch at `position`, which moves on, into the next epoch if need be."""
        if self.position.index >= len(self._plan):
            self.seek(Position(self.position.epoch + 1, 0))
        epoch, index = self.position.epoch, self.position.index
        self.position = Position(epoch, index + 1)
        return self._batch(self._plan[index])

    def seek(self, position: Position) -> None:
        """Draw the epoch's order anew and go to `position` in it."""
        self.position = position
        self._plan = self._plan_epoch(np.random.default_rng((self.seed, position.epoch)))

    def _plan_epoch(self, random: np.random.Generator) -> list[NDArray[np.int64]]:
        raise NotImplementedError

    def _batch(self, rows: NDArray[np.int64]) -> Batch:
        raise NotImplementedError


class Blocks(EpochStream):
    """Running text as sequences of `context` tokens, `batch` of them at a time.

    Each epoch cuts the text at other places, so that no border between blocks stays one.

    Raises:
        UserError: `corpus_short`, less than two such sequences.
    """

    def __init__(self, tokens: Tokens, context: int, batch: int, seed: int) -> None:
        if len(tokens.ids) < 2 * context:
            raise UserError("corpus_short", tokens=len(tokens.ids), context=context)
        self.tokens, self.context, self.batch = tokens, context, batch
        super().__init__(seed)

    def _plan_epoch(self, random: np.random.Generator) -> list[NDArray[np.int64]]:
        shift = int(random.integers(self.context))
        starts = np.arange(shift, len(self.tokens.ids) - self.context, self.context)
        random.shuffle(starts)
        whole = max(1, len(starts) // self.batch)
        return np.array_split(starts[: whole * self.batch], whole)

    def _batch(self, rows: NDArray[np.int64]) -> Batch:
        ids = np.stack([self.tokens.ids[start : start + self.context + 1] for start in rows])
        block = torch.from_numpy(ids.astype(np.int64))  # B, T + 1
        return Batch({"input_ids": block[:, :-1]}, block[:, 1:].contiguous())


class Pairs(EpochStream):
    """Sentence pairs, each in both directions, batched with others of their length.

    Args:
        sides: token ids of the first and of the second language, each text ending with `</s>`.
        tags: the id put before a source text, by the language it is to become.
        pad: fills up the shorter sources, and stands before every target.
        longest: pairs with a side of this many tokens or more are left out.
        micro_tokens: the most tokens of a batch, source and target, padding included.
        seed: with the epoch, decides the order.
    """

    _POOL = 8192
    """Pairs sorted by length together: long enough for little padding, short enough to stay mixed."""

    def __init__(
        self,
        sides: tuple[Tokens, Tokens],
        tags: tuple[int, int],
        pad: int,
        longest: int,
        micro_tokens: int,
        seed: int,
    ) -> None:
        self.sides, self.tags, self.pad, self.micro_tokens = sides, tags, pad, micro_tokens
        self._lengths = np.stack([np.diff(side.offsets) for side in sides])  # 2, pairs
        fitting = np.flatnonzero(self._lengths.max(axis=0) < longest)
        self._rows = np.concatenate([fitting * 2, fitting * 2 + 1])  # pair * 2 + direction
        if not len(self._rows):
            raise UserError("pairs_long", context=longest)
        super().__init__(seed)

    def _plan_epoch(self, random: np.random.Generator) -> list[NDArray[np.int64]]:
        rows = random.permutation(self._rows)
        plan: list[NDArray[np.int64]] = []
        for start in range(0, len(rows), self._POOL):
            plan += self._cut(rows[start : start + self._POOL])
        return [plan[i] for i in random.permutation(len(plan))]

    def _cut(self, pool: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Sort by length, then cut wherever the padded size would pass the budget."""
        source, target = self._side_lengths(pool)
        order = np.lexsort((source, target))
        pool, source, target = pool[order], source[order], target[order]
        cuts, first, widest = [], 0, 0
        for i in range(len(pool)):
            widest = max(widest, int(source[i])) if i > first else int(source[i])
            if i > first and (i + 1 - first) * (widest + int(target[i])) > self.micro_tokens:
                cuts.append(i)
                first, widest = i, int(source[i])
        return np.split(pool, cuts)

    def _side_lengths(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        pair, direction = rows // 2, rows % 2
        return self._lengths[direction, pair] + 1, self._lengths[1 - direction, pair]

    def _batch(self, rows: NDArray[np.int64]) -> Batch:
        sources, targets = [], []
        for row in rows:
            pair, direction = divmod(int(row), 2)
            target = self.sides[1 - direction][pair]
            sources.append([self.tags[1 - direction], *self.sides[direction][pair]])
            targets.append(target)
        source = padded(sources, self.pad)
        labels = padded(targets, IGNORE)
        shifted = labels.roll(1, dims=1)
        shifted[:, 0] = self.pad  # Marian begins to decode with <pad>
        inputs = {
            "input_ids": source,
            "attention_mask": (source != self.pad).long(),
            "decoder_input_ids": shifted.masked_fill(shifted == IGNORE, self.pad),
        }
        return Batch(inputs, labels)


def padded(rows: Sequence[Sequence[int] | NDArray], fill: int) -> Tensor:
    """Rows of different lengths as one tensor [B, T], filled up on the right."""
    block = torch.full((len(rows), max(map(len, rows))), fill)
    for i, row in enumerate(rows):
        block[i, : len(row)] = torch.as_tensor(np.asarray(row, dtype=np.int64))
    return block
