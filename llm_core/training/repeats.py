"""Whether a text, or nearly the same one, came before, in a fixed amount of memory however large the corpus.

Nearly the same is what MinHash (Broder 1997) estimates to share four fifths of its runs of five characters;
candidates are found by bands of the signature (locality-sensitive hashing). What was overwritten long ago is
forgotten, so that a repeat may pass in a corpus of many millions of lines.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

SLOTS = 1 << 22  # 8 bytes each, and only what is used takes memory
SIGNATURES = 1 << 18
HASHES, ROWS = 32, 4  # eight bands of four: finds 98% of pairs that share 0.8, looks at 6% of those that share 0.3
SHINGLE = 5  # characters
NEAR = 0.8
_WINDOW = 1 << 14  # characters hashed at once


class Seen:
    """Texts by a 64-bit hash of their letters."""

    def __init__(self, slots: int | None = None) -> None:
        self._slots = np.zeros(slots or SLOTS, dtype=np.uint64)

    def before(self, text: str) -> bool:
        """Whether `text` came before, blanks and capitals aside; from now on it did."""
        folded = "".join(text.lower().split())
        key = int.from_bytes(hashlib.blake2b(folded.encode(), digest_size=8).digest(), "big") or 1
        place = key % len(self._slots)
        if int(self._slots[place]) == key:
            return True
        self._slots[place] = key
        return False


class NearSeen:
    """Texts by their MinHash signatures."""

    def __init__(self, signatures: int = SIGNATURES) -> None:
        random = np.random.default_rng(5)
        self._odd = random.integers(1 << 32, size=(HASHES, 1), dtype=np.uint32) | np.uint32(1)
        self._kept = np.zeros((signatures, HASHES), dtype=np.uint32)
        self._bands = np.full((HASHES // ROWS, 2 * signatures), -1, dtype=np.int32)  # hash of a band -> row of _kept
        self._next = 0

    def before(self, text: str) -> bool:
        """Whether nearly the same text came before; from now on it did."""
        signature = self._signature(text)
        places = self._places(signature)
        rows = self._bands[np.arange(len(places)), places]
        known = self._kept[rows[rows >= 0]]
        if len(known) and float((known == signature).mean(axis=1).max()) >= NEAR:
            return True
        self._kept[self._next] = signature
        self._bands[np.arange(len(places)), places] = self._next
        self._next = (self._next + 1) % len(self._kept)
        return False

    def _signature(self, text: str) -> NDArray[np.uint32]:
        folded = "".join(text.lower().split())
        signature = np.full(HASHES, 0xFFFFFFFF, dtype=np.uint32)
        for start in range(0, max(1, len(folded) - SHINGLE + 1), _WINDOW):
            shingles = _shingles(folded[start : start + _WINDOW + SHINGLE - 1])
            signature = np.minimum(signature, (shingles * self._odd).min(axis=1))  # each odd factor permutes them
        return signature

    def _places(self, signature: NDArray[np.uint32]) -> NDArray[np.int64]:
        bands = signature.reshape(-1, ROWS).astype(np.uint64)
        mixed = np.zeros(len(bands), dtype=np.uint64)
        for column in bands.T:
            mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        return (mixed % np.uint64(self._bands.shape[1])).astype(np.int64)


def _shingles(text: str) -> NDArray[np.uint32]:
    """A hash of each run of SHINGLE characters; of a shorter text one of the whole, of an empty one zero."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    width = min(SHINGLE, len(points))
    hashed = np.zeros(len(points) - width + 1, dtype=np.uint64)
    for i in range(width):
        hashed = (hashed ^ points[i : len(points) - width + 1 + i]) * np.uint64(0xD6E8FEB86659FD93)
        hashed ^= hashed >> np.uint64(29)
    return (hashed >> np.uint64(32)).astype(np.uint32)
