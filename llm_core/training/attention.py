"""Causal attention as plain bfloat16 products.

For sequences up to 256 tokens on a CPU this is faster than the fused kernel, whose
backward pass is slow there (flash backward was 24% of a step). Training only: there is
no cache and no padding.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

PLAIN = "plain_causal"
SHORT = 256
"""Longer sequences, in tokens, are better left to the fused kernel."""


@cache
def _future(length: int, device: torch.device) -> Tensor:
    return torch.ones(length, length, dtype=torch.bool, device=device).triu(1)


def plain_causal(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    **_: Any,
) -> tuple[Tensor, None]:
    """query: B, heads, T, D; key, value: B, kv_heads, T, D. Returns B, T, heads, D."""
    shared = query.shape[1] // key.shape[1]
    if shared > 1:
        key, value = key.repeat_interleave(shared, dim=1), value.repeat_interleave(shared, dim=1)
    scores = (query * scaling) @ key.mT  # B, heads, T, T
    scores = scores.masked_fill(_future(query.shape[2], query.device), float("-inf"))
    return (scores.softmax(-1) @ value).transpose(1, 2), None


AttentionInterface.register(PLAIN, plain_causal)
