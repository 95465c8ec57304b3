"""The searching half of a store of passages that holds them in memory, or mapped into it; not how they are kept.

A change puts new dictionaries in the place of the old ones, which a search may be reading.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from llm_core.store.passages import Hit, Passage
from llm_core.store.tantivy_words import WordIndex


class PassagesInMemory:
    """The searching half of `Passages`. Its heirs fill `_words`, and say in `_read` what is there by now."""

    _words: WordIndex

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._passages: dict[str, list[Passage]] = {}
        self._vectors: dict[str, NDArray[np.float16]] = {}

    def documents(self) -> dict[str, int]:
        """See `Passages`."""
        with self._lock:
            self._read()
            return {document: len(passages) for document, passages in self._passages.items()}

    def get(self, document: str, number: int) -> Passage:
        """See `Passages`."""
        with self._lock:
            passages = self._passages[document]
        if not 0 <= number < len(passages):
            raise KeyError(number)
        return passages[number]

    def by_words(self, text: str, limit: int) -> list[Hit]:
        """See `Passages`."""
        with self._lock:
            self._read()
            words, known = self._words, self._passages
        return [hit for hit in words.search(text, limit) if hit.number < len(known.get(hit.document, ()))]

    def by_vector(self, vector: NDArray[np.float32], limit: int) -> list[Hit]:
        """See `Passages`."""
        with self._lock:
            self._read()
            vectors = list(self._vectors.items())
        return heapq.nlargest(limit, near(vectors, vector, limit), key=lambda hit: hit.score)

    def count(self) -> int:
        """See `Passages`."""
        return sum(self.documents().values())

    def _read(self) -> None:
        """Take in what was added or deleted since the last time, by other processes too."""
        raise NotImplementedError

    def _keep(self, document: str, passages: list[Passage], vectors: NDArray[np.float16]) -> None:
        self._passages = self._passages | {document: passages}
        self._vectors = self._vectors | {document: vectors}

    def _forget(self, document: str) -> None:
        self._passages = {name: kept for name, kept in self._passages.items() if name != document}
        self._vectors = {name: kept for name, kept in self._vectors.items() if name != document}


def near(
    vectors: Sequence[tuple[str, NDArray[np.float16]]], vector: NDArray[np.float32], limit: int
) -> Iterator[Hit]:
    """The best `limit` of each document, whose vectors are given with its id."""
    for document, rows in vectors:
        cosines = rows.astype(np.float32) @ vector
        best = np.argpartition(-cosines, limit)[:limit] if len(cosines) > limit else range(len(cosines))
        for number in best:
            yield Hit(document, int(number), float(cosines[number]))
