"""How well names are found: an entity counts where its place and its type are right (Tjong Kim Sang 2003)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from llm_core.models.tags import Entity

Place = tuple[int, int, str]


def entity_f1(said: Sequence[Sequence[Entity]], right: Sequence[Sequence[Entity]]) -> dict[str, float]:
    """Precision, recall and F1 in percent over all texts."""
    hits, told, there = _counts(said, right)
    return _figures(hits.total(), told.total(), there.total())


def of_types(said: Sequence[Sequence[Entity]], right: Sequence[Sequence[Entity]]) -> dict[str, dict[str, float]]:
    """The same for each type."""
    hits, told, there = _counts(said, right)
    return {name: _figures(hits[name], told[name], there[name]) for name in sorted(told.keys() | there.keys())}


def _counts(
    said: Sequence[Sequence[Entity]], right: Sequence[Sequence[Entity]]
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    hits, told, there = Counter[str](), Counter[str](), Counter[str]()
    for ours, theirs in zip(said, right, strict=True):
        a, b = ({(e.start, e.end, e.type) for e in some} for some in (ours, theirs))
        hits.update(place[2] for place in a & b)
        told.update(place[2] for place in a)
        there.update(place[2] for place in b)
    return hits, told, there


def _figures(hits: int, told: int, there: int) -> dict[str, float]:
    def percent(part: float, whole: float) -> float:
        return round(100 * part / whole, 2) if whole else 0.0

    return {"precision": percent(hits, told), "recall": percent(hits, there), "f1": percent(2 * hits, told + there)}
