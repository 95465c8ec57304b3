"""The n-gram: count, smooth, look up. The baseline that every other family must beat.

Interpolated Kneser-Ney with three discounts (Chen and Goodman 1999, section 3): the
longest context counts how often a token followed it; each shorter one counts after how
many *different* tokens it did, and receives what the longer one gives away.

Legend: N tokens in a text, V tokens in the vocabulary, G different k-grams. A k-gram is
known by its row in the sorted table of its level, so that tables are flat arrays and
counting is sorting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """All k-grams of one k, sorted by key = row of the first k-1 tokens * (V + 1) + last token."""

    keys: Ids  # G
    counts: Reals  # G
    totals: Reals  # contexts: sum of the counts that follow each
    discounts: Reals  # 4: taken from a count of 0, 1, 2, 3 or more
    given: Reals  # contexts: part of the probability that goes to the shorter context

    def rows(self, keys: Ids) -> Ids:
        """Row of each key, -1 where it was never seen."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        at = np.searchsorted(self.keys, keys)
        at[at == len(self.keys)] = 0
        return np.where(self.keys[at] == keys, at, -1)

    def mix(self, shorter: Reals, context: Ids, rows: Ids) -> Reals:
        """P(token | context), given P(token | shorter context); all three of length N."""
        total = self.totals[context]
        known = (context >= 0) & (total > 0)
        count = np.where(rows >= 0, self.counts[rows], 0.0)
        kept = count - self.discounts[np.minimum(count, 3).astype(np.int64)]
        longer = kept / np.where(known, total, 1.0) + self.given[context] * shorter
        return np.where(known, longer, shorter)

    def spread(self, shorter: Reals, context: Ids, base: int) -> Reals:
        """P(each token | context), given that for the shorter context; both N, V. Contexts are of length N."""
        known = (context >= 0) & (self.totals[context] > 0)
        chance = np.where(known[:, None], self.given[context][:, None] * shorter, shorter)
        starts = np.searchsorted(self.keys, context[known] * base)
        lengths = np.searchsorted(self.keys, (context[known] + 1) * base) - starts
        of = np.repeat(np.flatnonzero(known), lengths)  # each k-gram's place among the N
        at = np.arange(len(of)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
        seen = self.counts[at] > 0
        of, at = of[seen], at[seen]
        count = self.counts[at]
        kept = count - self.discounts[np.minimum(count, 3).astype(np.int64)]
        chance[of, self.keys[at] % base] += kept / self.totals[context[of]]
        return chance


class NGram:
    """P(token | the `order` - 1 tokens before it) for ids 0..`vocabulary` - 1; before `fit`, all the same."""

    def __init__(self, order: int, vocabulary: int) -> None:
        self.order, self.vocabulary = order, vocabulary
        self.levels: list[Level] = []

    @classmethod
    def of_tables(cls, vocabulary: int, tables: Sequence[tuple[Ids, Reals]]) -> NGram:
        """The model again from its `levels`' keys and counts."""
        model = cls(len(tables), vocabulary)
        contexts = 1
        for keys, counts in tables:
            model.levels.append(_level(keys, counts, vocabulary + 1, contexts))
            contexts = len(keys)
        return model

    def fit(self, ids: Ids) -> NGram:
        """Count a text of N ids."""
        rows = self._padded(ids)  # row of the k-gram that ends at each place
        keys = [self._keys(np.zeros_like(rows), rows)]
        inverse: list[Ids] = []
        firsts: list[Ids] = []
        for k in range(self.order):
            table, first, row = np.unique(keys[k], return_index=True, return_inverse=True)
            keys[k] = table
            firsts.append(first)
            inverse.append(row)
            if k + 1 < self.order:
                before = np.concatenate([[0], row[:-1]])
                keys.append(self._keys(before, rows))
        self.levels = []
        for k in range(self.order):
            if k + 1 < self.order:  # how many different tokens stood before it
                counts = np.bincount(inverse[k][firsts[k + 1]], minlength=len(keys[k]))
            else:
                counts = np.bincount(inverse[k], minlength=len(keys[k]))
            contexts = len(keys[k - 1]) if k else 1
            self.levels.append(_level(keys[k], counts.astype(np.float64), self.vocabulary + 1, contexts))
        return self

    def probabilities(self, ids: Ids) -> Reals:
        """P of each of N ids after those before it; the first has none before it."""
        tokens = self._padded(ids)
        chance = np.full(len(tokens), 1.0 / self.vocabulary)
        context = np.zeros_like(tokens)
        for level in self.levels:
            rows = np.where(context >= 0, level.rows(self._keys(context, tokens)), -1)
            chance = level.mix(chance, context, rows)
            context = np.concatenate([[-1], rows[:-1]])
        return chance[self.order - 1 :]

    def contexts(self, before: Ids) -> list[Ids]:
        """What each level knows the tokens before as: its row for each of N places, -1 where it never saw them.

        before: N, order - 1 (or more) ids, the last ones nearest; -1 where nothing is known.
        """
        rows = []
        for k in range(len(self.levels)):
            row = np.zeros(len(before), dtype=np.int64)
            for level, token in zip(self.levels[:k], before[:, before.shape[1] - k :].T, strict=True):
                known = (row >= 0) & (token >= 0)
                row = np.where(known, level.rows(self._keys(row, token)), -1)
            rows.append(row)
        return rows

    def after(self, before: Ids, tokens: Ids) -> Reals:
        """P of each of N tokens after those before it, which are as for `contexts`."""
        chance = np.full(len(tokens), 1.0 / self.vocabulary)
        for level, context in zip(self.levels, self.contexts(before), strict=True):
            rows = np.where(context >= 0, level.rows(self._keys(context, tokens)), -1)
            chance = level.mix(chance, context, rows)
        return chance

    def distributions(self, before: Ids) -> Reals:
        """P of every token after those before it, which are as for `contexts`: N, V."""
        chance = np.full((len(before), self.vocabulary), 1.0 / self.vocabulary)
        for level, context in zip(self.levels, self.contexts(before), strict=True):
            chance = level.spread(chance, context, self.vocabulary + 1)
        return chance

    def bits(self, ids: Ids) -> float:
        """-log2 of the probability of the whole text."""
        return float(-np.log2(self.probabilities(ids)).sum())

    def _padded(self, ids: Ids) -> Ids:
        """The text after order - 1 marks of its beginning, whose id is V."""
        return np.concatenate([np.full(self.order - 1, self.vocabulary), ids]).astype(np.int64)

    def _keys(self, contexts: Ids, tokens: Ids) -> Ids:
        return contexts * (self.vocabulary + 1) + tokens


def _level(keys: Ids, counts: Reals, base: int, contexts: int) -> Level:
    context, token = np.divmod(keys, base)
    counts = counts * (token != base - 1)  # nothing predicts the mark of the beginning
    totals = np.bincount(context, counts, contexts).astype(np.float64)
    discounts = _discounts(counts)
    taken = discounts[np.minimum(counts, 3).astype(np.int64)]
    given = np.bincount(context, taken, contexts) / np.maximum(totals, 1.0)
    return Level(keys, counts, totals, discounts, given)


def _discounts(counts: Reals) -> Reals:
    """Chen and Goodman's estimate from how many k-grams were seen once, twice, ... four times."""
    once, twice, thrice, four = (float((counts == c).sum()) for c in (1, 2, 3, 4))
    if not (once and twice and thrice):  # a text too small to estimate from
        return np.array([0.0, 0.5, 0.5, 0.5])
    share = once / (once + 2 * twice)
    estimate = [1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice, 3 - 4 * share * four / thrice]
    return np.array([0.0, *np.clip(estimate, 0.05, (0.95, 1.9, 2.8))])
