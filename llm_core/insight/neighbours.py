"""The nearest words in embedding space: whose vectors point the same way, cos(e_i, e_j) = e_i e_j / (|e_i| |e_j|).

Legend: V tokens in the vocabulary, D width of the embeddings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Near:
    """A token, what it looks like, and the cosine of its vector with the one asked about."""

    id: int
    text: str
    cosine: float


def nearest(opened: Opened, ids: Sequence[int], most: int = SHOWN) -> Mapping[int, tuple[Near, ...]]:
    """For each of `ids` the tokens nearest to it, itself left out, the nearest first."""
    import torch

    with opened.computing():
        table = opened.model.get_input_embeddings().weight.float()  # V, D
        table = table / table.norm(dim=1, keepdim=True).clamp(min=1e-12)
        wanted = torch.tensor(sorted(set(ids)), dtype=torch.long)
        cosines = table[wanted] @ table.T
        cosines[torch.arange(len(wanted)), wanted] = -2.0
        best, tokens = cosines.topk(min(most, len(table) - 1), dim=-1)
    return {
        int(of): tuple(
            Near(int(token), opened.words[int(token)], float(cosine)) for token, cosine in zip(row, near, strict=True)
        )
        for of, row, near in zip(wanted, tokens, best, strict=True)
    }
