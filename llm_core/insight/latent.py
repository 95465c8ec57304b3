"""The space of a sentence VAE: where a sentence lies in it, what comes back from there, and what lies beside.

q(z|x) = N(mu, sigma^2); how far each dimension is from the prior: KL = (mu^2 + sigma^2 - 1 - ln sigma^2) / 2 nats.

Legend: Z dimensions of z, B points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

STEPS = 7  # of a walk, both ends included
DRAWN = 5
TOKENS_MAX = 40

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

    text = str(opened.tokenizer.decode(list(ids), skip_special_tokens=True))
    first, _, second = text.strip().partition("\n")
    with opened.computing():
        mean, deviation = encode(opened, first)
        random = torch.Generator().manual_seed(0)
        drawn = torch.randn(DRAWN, len(mean), generator=random)
        end = encode(opened, second.strip())[0] if second.strip() else drawn[0]
        shares = torch.linspace(0, 1, STEPS)[:, None]
        written = write(opened, torch.cat([torch.lerp(mean, end, shares), drawn]))
        kl = (mean**2 + deviation**2 - 1 - 2 * deviation.log()) / 2
    return Latent(
        mean.numpy(), deviation.numpy(), kl.numpy(), written[0], tuple(written[:STEPS]), second.strip(),
        tuple(written[STEPS:]),
    )  # fmt: skip


def encode(opened: Opened, text: str) -> tuple[Any, Any]:
    """mu and sigma of a text, each a tensor [Z]."""
    import torch

    ids = [piece.id for piece in opened.pieces(text)] or [int(opened.model.config.eos_token_id)]
    mean, log_variance = opened.model.model.encode(torch.tensor([ids]))
    return mean[0], (0.5 * log_variance[0]).exp()


def write(opened: Opened, points: Any) -> list[str]:
    """The sentence at each point of a tensor [B, Z], always the likeliest token."""
    import torch

    state, end = opened.model.model.at(points), int(opened.model.config.eos_token_id)
    last = torch.full((len(points), 1), end)
    rows = []
    for _ in range(TOKENS_MAX):
        out = opened.model(input_ids=last, past_key_values=state)
        state, last = out.past_key_values, out.logits[:, -1:].argmax(-1)
        rows.append(last)
    told = []
    for row in torch.cat(rows, dim=1).tolist():
        ended = row.index(end) if end in row else len(row)
        told.append(str(opened.tokenizer.decode(row[:ended])).strip())
    return told
