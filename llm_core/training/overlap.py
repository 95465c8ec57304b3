"""What an evaluation set has in common with training text: exact copies and near ones.

Near means that most of the smaller text's runs of six letters also stand in the other one (containment of
shingles, Broder 1997), so that a passage with a sentence cut off or a word changed is found, too. What two texts
share has to be a sentence's worth: a short request is held by many longer ones that ask for something else, so
between short texts nearly all of both must be the same (resemblance).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain

SHINGLE = 6
NEAR = 0.6
SAME = 0.85
_SENTENCE = 30  # bytes: about seven English words, or ten Chinese characters
_COMMON = 200  # a shingle in more evaluation texts than this says nothing and costs time


class HeldOut:
    """Texts that must not be learned from; `dropped` counts what was found by kind."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.dropped: Counter[str] = Counter()
        self._sizes: list[int] = []
        self._whole: set[str] = set()
        self._where: defaultdict[int, list[int]] = defaultdict(list)
        for text in texts:
            folded = _fold(text)
            if folded and folded not in self._whole:
                self._whole.add(folded)
                self._index(folded)

    def holds(self, text: str) -> bool:
        """Whether `text`, or nearly the same, is held out; counted where it is."""
        folded = _fold(text)
        if folded in self._whole:
            self.dropped["in an evaluation set"] += 1
        elif self._is_near(folded):
            self.dropped["nearly in an evaluation set"] += 1
        else:
            return False
        return True

    def _index(self, folded: str) -> None:
        shingles = _shingles(folded)
        for shingle in shingles:
            self._where[shingle].append(len(self._sizes))
        self._sizes.append(len(shingles))

    def _is_near(self, folded: str) -> bool:
        shingles = _shingles(folded)
        owners = (self._where.get(shingle, ()) for shingle in shingles)
        shared = Counter(chain.from_iterable(some for some in owners if len(some) <= _COMMON))
        width = len(folded.encode()) / max(1, len(folded))
        return any(_near(count, len(shingles), self._sizes[i], width) for i, count in shared.items())


def _near(shared: int, one: int, other: int, width: float) -> bool:
    """Whether texts of `one` and `other` shingles that share `shared` are nearly the same, or one holds the other.

    width: bytes of a character, as a measure of how much it says.
    """
    if shared * width >= _SENTENCE:
        return shared >= NEAR * min(one, other)
    return shared >= SAME * (one + other - shared)


def _fold(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _shingles(folded: str) -> set[int]:
    return {hash(folded[i : i + SHINGLE]) for i in range(len(folded) - SHINGLE + 1)}
