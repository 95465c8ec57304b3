"""What temperature, top-k, top-p and min-p make of a distribution, in the order in which the engines draw.

top-k keeps the k likeliest; top-p keeps the likeliest until they weigh p together; min-p keeps those that are at
least so likely in proportion to the likeliest; then p_i = exp(z_i / T) / sum_j exp(z_j / T) over what was kept.

Knows no model: numbers in, numbers out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dials:
    """How a token is drawn; the defaults leave a distribution as it is."""

    temperature: float = 1.0  # 0 takes the likeliest every time
    top_k: int = 0  # 0 keeps all
    top_p: float = 1.0
    min_p: float = 0.0


def reshaped(chances: NDArray[Any], dials: Dials) -> Reals:
    """The probabilities that a token is drawn with; 0 for those that never are.

    Args:
        chances: ln p of tokens, the likeliest first. Where the least likely ones are left out, what they weigh is
            known from the sum, but not how a temperature spreads it: they count as never drawn.
        dials: see `Dials`.
    """
    log_p = np.asarray(chances, dtype=np.float64)
    p = np.exp(log_p)
    place = np.arange(len(p))
    kept = place < dials.top_k if dials.top_k else np.full(len(p), True)
    share = np.where(kept, p, 0.0)
    if dials.top_k:  # what top-k left is a distribution of its own
        share /= share.sum()
    if dials.top_p < 1:  # at 1 rounding alone would cut the tail
        kept &= np.cumsum(share) - share < dials.top_p
    kept &= p >= dials.min_p * p[0]
    kept[0] = True  # also for top-p 0
    if dials.temperature <= 0:
        kept, temperature = place == 0, 1.0
    else:
        temperature = dials.temperature
    weights = np.where(kept, np.exp((log_p - log_p[0]) / temperature), 0.0)
    drawn: Reals = weights / weights.sum()
    return drawn
