"""Names in a text as tags of its pieces, without a framework: B- begins one, I- goes on with it, O is none.

The trainer and whatever serves the model share it. Ramshaw and Marcus 1995.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_core.models.reading import Encoded, tokens_of

OUTSIDE = "O"


@dataclass(frozen=True, order=True)
class Entity:
    """The characters [start, end) of a text, what they name, and how sure that is."""

    start: int
    end: int
    type: str
    score: float = 1.0


def tags_of(types: Iterable[str]) -> list[str]:
    """O, then B- and I- of each type."""
    return [OUTSIDE, *(f"{side}-{name}" for name in sorted(set(types)) for side in "BI")]


def tag(text: Encoded, entities: Iterable[Entity], tags: Sequence[str]) -> NDArray[np.int64]:
    """The number of each piece's tag [T]; of entities within one another the longest counts."""
    index = {name: i for i, name in enumerate(tags)}
    numbers = np.zeros(len(text.ids), np.int64)
    for entity in sorted(entities, key=lambda e: e.end - e.start, reverse=True):
        touched = tokens_of(text, entity.start, entity.end)
        if touched and not numbers[touched[0] : touched[1] + 1].any():
            numbers[touched[0] : touched[1] + 1] = index[f"I-{entity.type}"]
            numbers[touched[0]] = index[f"B-{entity.type}"]
    return numbers


def entities_of(log_p: NDArray[np.float32], spans: NDArray[np.int32], tags: Sequence[str]) -> list[Entity]:
    """The likeliest entities in which no I- follows anything but a B- or I- of its type.

    Args:
        log_p: log-probabilities of the tags [T, C].
        spans: characters [start, end) of each piece [T, 2]; pieces without a character are passed over.
        tags: names of the C tags.
    """
    kept = np.flatnonzero(spans[:, 1] > spans[:, 0])
    path = _viterbi(log_p[kept], tags) if len(kept) else []
    found: list[list[int]] = []
    for i, number in enumerate(path):
        if tags[number].startswith("B-"):
            found.append([i])
        elif tags[number].startswith("I-"):
            found[-1].append(i)
    return [
        Entity(
            int(spans[kept[some[0]], 0]),
            int(spans[kept[some[-1]], 1]),
            tags[path[some[0]]][2:],
            float(np.exp(np.mean([log_p[kept[i], path[i]] for i in some]))),
        )
        for some in found
    ]


def _viterbi(log_p: NDArray[np.float32], tags: Sequence[str]) -> list[int]:
    """The best path [T] through allowed neighbours."""
    inside = np.array([name.startswith("I-") for name in tags])
    types = np.array([name[2:] for name in tags])
    forbidden = inside[None, :] & ((types[:, None] != types[None, :]) | (np.array(tags)[:, None] == OUTSIDE))
    penalty = np.where(forbidden, -np.inf, 0.0)
    score = np.where(inside, -np.inf, log_p[0])
    back = []
    for row in log_p[1:]:
        paths = score[:, None] + penalty  # from, to
        back.append(paths.argmax(0))
        score = paths.max(0) + row
    path = [int(score.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]
