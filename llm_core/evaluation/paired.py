"""Whether one way does better than another on the same items: the mean difference and its bootstrap (Efron 1979)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import fmean
from typing import Final, TypeAlias

Gain: TypeAlias = tuple[float, float, float]  # mean, and the bounds of 95% of the draws

DRAWS: Final = 2000


def gain(ours: Sequence[float], theirs: Sequence[float]) -> Gain:
    """The mean difference and the bounds of 95% of its bootstrap draws over the items, always the same ones."""
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    draw = random.Random(0)
    means = sorted(fmean(draw.choices(differences, k=len(differences))) for _ in range(DRAWS))
    return fmean(differences), means[int(0.025 * DRAWS)], means[int(0.975 * DRAWS)]
