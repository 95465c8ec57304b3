"""Attention(Q, K, V) = softmax(Q K^T / sqrt(d)) V (Vaswani et al. 2017): its softmax, by layer and head.

A row says how one token weighs those that it may see, and sums to one.

Legend: L layers, H heads, T tokens that look, S tokens that are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

Kind = Literal["self", "both", "encoder", "decoder", "cross"]


@dataclass(frozen=True)
class Maps:
    """All heads of one kind of attention over one text."""

    kind: Kind
    weights: NDArray[np.float32]  # L, H, T, S
    queries: tuple[str, ...]  # T: what the tokens that look, look like
    keys: tuple[str, ...]  # S: and those that are looked at

    @property
    def causal(self) -> bool:
        """Whether no token sees a later one, so that half of a map is empty."""
        return self.kind in ("self", "decoder")


def of_text(opened: Opened, ids: Sequence[int]) -> tuple[Maps, ...]:
    """How the tokens of one text look at one another: those of a decoder back, those of an encoder both ways.

    Args:
        opened: a decoder or an encoder.
        ids: T, the marks among them, which heads with nothing to do look at.
    """
    import torch

    names = tuple(opened.words[token] for token in ids)
    with opened.computing():
        out = opened.model.base_model(input_ids=torch.tensor([list(ids)]), output_attentions=True, use_cache=False)
    kind: Kind = "both" if opened.family == "encoder" else "self"
    return (Maps(kind, _stacked(out.attentions), names, names),)


def of_pair(opened: Opened, source: Sequence[int], target: Sequence[int]) -> tuple[Maps, ...]:
    """The three of an encoder-decoder; the cross-attention comes first, for it aligns the two texts.

    Args:
        opened: an encoder-decoder.
        source: S, with its marks.
        target: T, with the mark that it begins with.
    """
    import torch

    sources, targets = (tuple(opened.words[token] for token in ids) for ids in (source, target))
    with opened.computing():
        out = opened.model(
            input_ids=torch.tensor([list(source)]),
            decoder_input_ids=torch.tensor([list(target)]),
            output_attentions=True,
            use_cache=False,
        )
    return (
        Maps("cross", _stacked(out.cross_attentions), targets, sources),
        Maps("encoder", _stacked(out.encoder_attentions), sources, sources),
        Maps("decoder", _stacked(out.decoder_attentions), targets, targets),
    )


def _stacked(layers: Any) -> NDArray[np.float32]:
    return np.stack([layer[0].float().numpy() for layer in layers])
