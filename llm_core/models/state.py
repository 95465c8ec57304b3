"""What a model of running text carries from one token to the next, so that each further token costs the same.

Legend: B sequences, T tokens read together, D numbers for a token.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


class State:
    """Everything that a model has to remember of the tokens before; stands where a Transformer has its cache.

    A forward pass gives a new one and leaves the old one as it was, so that several continuations can begin with it.

    Args:
        tensors: what the family remembers, each with one row for a sequence, B first.
        tokens: how many were read, pads included.
    """

    is_compileable = False  # asked by transformers

    def __init__(self, tensors: tuple[Tensor, ...] = (), tokens: int = 0) -> None:
        self.tensors, self.tokens = tensors, tokens

    def get_seq_length(self, layer: int = 0) -> int:
        """How many tokens were read; the name is transformers'."""
        return self.tokens

    def reorder_cache(self, rows: Tensor) -> None:
        """Let each beam go on from the state of the beam that it came from; the name is transformers'."""
        self.tensors = tuple(tensor.index_select(0, rows) for tensor in self.tensors)


class CarriesState:
    """Generation that reads only what the state has not seen; stands before transformers' own classes."""

    _is_stateful = True

    @classmethod
    def _supports_default_dynamic_cache(cls, *args: Any) -> bool:
        return False  # the state takes its place

    def prepare_inputs_for_generation(
        self, input_ids: Tensor, past_key_values: State | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """The tokens that the state has not seen yet."""
        state = past_key_values or State()
        named = ("attention_mask", "logits_to_keep", "use_cache")
        keep: dict[str, Any] = {name: kwargs[name] for name in named if name in kwargs}
        return {"input_ids": input_ids[:, state.tokens :], "past_key_values": state, **keep}


def tokens_first(mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How to move the pads of each row behind its tokens, wherever they stand.

    Args:
        mask: B, T; true where there is a token.

    Returns:
        The order to gather in [B, T], the order that undoes it [B, T], and the tokens in each row [B]. A row of pads
        alone counts as one token, since there is no state after nothing.
    """
    order = mask.int().argsort(dim=1, descending=True, stable=True)
    return order, order.argsort(dim=1), mask.sum(dim=1).clamp(min=1)


def windows(x: Tensor, width: int, before: Tensor | None, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """At each place the last `width` vectors, itself included, oldest first; zeros before the beginning.

    Args:
        x: B, T, D.
        width: how many vectors.
        before: B, width - 1, D: those before the first; None at the beginning.
        lengths: B, how many of the T are tokens and not pads behind them; None for all.

    Returns:
        B, T, width * D, and the `before` for what follows.
    """
    whole = F.pad(x, (0, 0, width - 1, 0)) if before is None else torch.cat([before.to(x.dtype), x], dim=1)
    seen = whole.unfold(1, width, 1).transpose(2, 3).flatten(2)
    if lengths is None:
        return seen, whole[:, whole.shape[1] - width + 1 :]
    last = lengths[:, None] + torch.arange(width - 1, device=x.device)  # B, width - 1
    return seen, whole.gather(1, last[..., None].expand(-1, -1, x.shape[2]))
