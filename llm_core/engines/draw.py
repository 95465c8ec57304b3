"""Drawing the next token from logits, in the order of llama.cpp: penalty, top-k, top-p, min-p, temperature.

Imported late, since it needs torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from llm_core.engines.base import Sampling

PENALTY_TOKENS = 64  # so far back a token counts as a repetition


def random_state(seed: int | None) -> torch.Generator:
    """A source of chance for one reply; with a seed always the same one."""
    random = torch.Generator()
    if seed is None:
        random.seed()
    else:
        random.manual_seed(seed % 2**63)
    return random


def draw(logits: Tensor, before: Sequence[int], sampling: Sampling, random: torch.Generator) -> int:
    """The next token.

    Args:
        logits: [V], on the CPU, unchanged by this.
        before: the tokens so far, the prompt's too.
        sampling: temperature, top_k, top_p, min_p and repetition_penalty are used.
        random: is moved on by one draw, unless the temperature is 0.
    """
    logits = _penalised(logits, before[-PENALTY_TOKENS:], sampling.repetition_penalty)
    if sampling.temperature <= 0:
        return int(logits.argmax())
    best, tokens = logits.topk(min(sampling.top_k, len(logits)) or len(logits))  # the likeliest first
    chance = best.softmax(0)
    kept = (chance.cumsum(0) - chance < sampling.top_p) & (chance >= sampling.min_p * chance[0])
    kept[0] = True  # also for top_p 0
    chance = (best / sampling.temperature).masked_fill(~kept, -torch.inf).softmax(0)
    return int(tokens[torch.multinomial(chance, 1, generator=random)])


def _penalised(logits: Tensor, before: Sequence[int], penalty: float) -> Tensor:
    """Tokens that were written lately become less likely (Keskar et al. 2019)."""
    if penalty == 1 or not before:
        return logits
    seen = torch.tensor(sorted(set(before)))
    logits, values = logits.clone(), logits[seen]
    logits[seen] = torch.where(values > 0, values / penalty, values * penalty)
    return logits
