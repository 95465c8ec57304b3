"""The space of a sentence VAE: where a sentence lies in it, what comes back from there, and what lies beside.

q(z|x) = N(mu, sigma^2); how far each dimension is from the prior: KL = (mu^2 + sigma^2 - 1 - ln sigma^2) / 2 nats.

Legend: Z dimensions of z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

STEPS = 7  # of a walk, both ends included
DRAWN = 5

Reals = NDArray[np.float32]


@dataclass(frozen=True)
class Latent:
    """What there is to see around one sentence."""

    mean: Reals  # Z
    deviation: Reals  # Z
    kl: Reals  # Z, in nats
    back: str  # the sentence at mu
    walk: tuple[str, ...]  # from the sentence to another point, both included
    walk_to: str  # the other sentence; "" where the walk goes to the first of `drawn`
    drawn: tuple[str, ...]  # sentences at points drawn from the prior


def of_text(opened: Opened, ids: Sequence[int]) -> Latent:
    """Encode one text, or two, one a line: then the walk leads from the first to the second.

    Args:
        opened: a sentence VAE.
        ids: the text with the mark of its beginning.
    """
    import torch

    from llm_core.models.latent import between, decode, encode, prior

    model, tokenizer = opened.model, opened.tokenizer
    text = str(tokenizer.decode(list(ids), skip_special_tokens=True))
    first, _, second = (line.strip() for line in text.strip().partition("\n"))
    with opened.computing():
        means, deviations = encode(model, tokenizer, [first, second] if second else [first])
        drawn = prior(model, DRAWN)
        walk = between(means[0], means[1] if second else drawn[0], STEPS)
        written = decode(model, tokenizer, torch.cat([walk, drawn]))
        mean, deviation = means[0], deviations[0]
        kl = (mean**2 + deviation**2 - 1 - 2 * deviation.log()) / 2
    return Latent(
        mean.numpy(), deviation.numpy(), kl.numpy(), written[0], tuple(written[:STEPS]), second,
        tuple(written[STEPS:]),
    )  # fmt: skip
