"""The n-gram: count, smooth, look up. The baseline that every other family must beat.

Interpolated Kneser-Ney with three discounts (Chen and Goodman 1999, section 3): the
longest context counts how often a token followed it; each shorter one counts after how
many *different* tokens it did, and receives what the longer one gives away.

Legend: N tokens in a text, V tokens in the vocabulary, G different k-grams. A k-gram is
known by its row in the sorted table of its level, so that tables are flat arrays and
counting is sorting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class _Level:
    """All k-grams of one k, sorted by key = row of the first k-1 tokens * (V + 1) + last token."""

    keys: Ids  # G
    counts: Reals  # G
    totals: Reals  # contexts: sum of the counts that follow each
    discounts: Reals  # 4: taken from a count of 0, 1, 2, 3 or more
    given: Reals  # contexts: part of the probability that goes to the shorter context

    def rows(self, keys: Ids) -> Ids:
        """Row of each key, -1 where it was never seen."""
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


class NGram:
    """P(token | the `order` - 1 tokens before it) for ids 0..`vocabulary` - 1."""

    def __init__(self, order: int, vocabulary: int) -> None:
        self.order, self.vocabulary = order, vocabulary
        self._levels: list[_Level] = []

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
        self._levels = []
        for k in range(self.order):
            if k + 1 < self.order:  # how many different tokens stood before it
                counts = np.bincount(inverse[k][firsts[k + 1]], minlength=len(keys[k]))
            else:
                counts = np.bincount(inverse[k], minlength=len(keys[k]))
            contexts = len(keys[k - 1]) if k else 1
            self._levels.append(_level(keys[k], counts.astype(np.float64), self.vocabulary + 1, contexts))
        return self

    def probabilities(self, ids: Ids) -> Reals:
        """P of each of N ids after those before it; the first has none before it."""
        tokens = self._padded(ids)
        chance = np.full(len(tokens), 1.0 / self.vocabulary)
        context = np.zeros_like(tokens)
        for level in self._levels:
            rows = np.where(context >= 0, level.rows(self._keys(context, tokens)), -1)
            chance = level.mix(chance, context, rows)
            context = np.concatenate([[-1], rows[:-1]])
        return chance[self.order - 1 :]

    def bits(self, ids: Ids) -> float:
        """-log2 of the probability of the whole text."""
        return float(-np.log2(self.probabilities(ids)).sum())

    def _padded(self, ids: Ids) -> Ids:
        """The text after order - 1 marks of its beginning, whose id is V."""
        return np.concatenate([np.full(self.order - 1, self.vocabulary), ids]).astype(np.int64)

    def _keys(self, contexts: Ids, tokens: Ids) -> Ids:
        return contexts * (self.vocabulary + 1) + tokens


def _level(keys: Ids, counts: Reals, base: int, contexts: int) -> _Level:
    context, token = np.divmod(keys, base)
    counts = counts * (token != base - 1)  # nothing predicts the mark of the beginning
    totals = np.bincount(context, counts, contexts).astype(np.float64)
    discounts = _discounts(counts)
    taken = discounts[np.minimum(counts, 3).astype(np.int64)]
    given = np.bincount(context, taken, contexts) / np.maximum(totals, 1.0)
    return _Level(keys, counts, totals, discounts, given)


def _discounts(counts: Reals) -> Reals:
    """Chen and Goodman's estimate from how many k-grams were seen once, twice, ... four times."""
    once, twice, thrice, four = (float((counts == c).sum()) for c in (1, 2, 3, 4))
    if not (once and twice and thrice):  # a text too small to estimate from
        return np.array([0.0, 0.5, 0.5, 0.5])
    share = once / (once + 2 * twice)
    estimate = [1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice, 3 - 4 * share * four / thrice]
    return np.array([0.0, *np.clip(estimate, 0.05, (0.95, 1.9, 2.8))])
