"""How wide a model has to be to have a given number of parameters, so that families can be compared at one size."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast

from llm_core.training.families import Family

_STEP = 4
"""Between the widths that are tried, where there are no attention heads; a head has an even width."""
_WIDEST = 8192
_INNER = ("feed_forward", "wide")
"""Widths of layers inside, which go along, and in the end make up for what is missing."""


def fitted(family: Family, shape: Any, tokenizer: PreTrainedTokenizerFast, parameters: int) -> Any:
    """The shape with the width at which the model comes closest to `parameters`; depth and all else stay.

    Counted on the meta device, where weights take no room.
    """

    def wide(steps: int) -> Any:
        hidden = steps * step
        inner = {name: -(-getattr(shape, name) * hidden // shape.hidden) for name in _INNER if hasattr(shape, name)}
        return replace(shape, hidden=hidden, **inner)

    def count(shape: Any) -> int:
        with torch.device("meta"):
            return int(family.build(shape, tokenizer, 256).num_parameters())

    step = 2 * shape.heads if hasattr(shape, "heads") else _STEP
    above = bisect_left(range(1, _WIDEST // step), parameters, key=lambda steps: count(wide(steps))) + 1
    near = min((wide(max(1, above - 1)), wide(above)), key=lambda shape: abs(count(shape) - parameters))
    for name in _INNER:
        if hasattr(near, name):
            more = replace(near, **{name: getattr(near, name) + 1})
            missing = round((parameters - count(near)) / (count(more) - count(near)))
            near = replace(near, **{name: max(1, getattr(near, name) + missing)})
    return near
