"""What small families hold inside while they read: gates and states of recurrent cells, the vectors between layers.

Legend: T tokens, D numbers for a token in one layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

RECURRENT = ("rnn", "lstm", "gru")
LAYERED = ("mlp", "cnn")


@dataclass(frozen=True)
class States:
    """Everything of one name, such as the gate "f" or the state "h", while one text is read."""

    layers: tuple[NDArray[np.float32], ...]  # from the lowest on: T, D
    signed: bool  # between -1 and 1, or any number; gates lie between 0 and 1


def of_text(opened: Opened, ids: Sequence[int]) -> Mapping[str, States]:
    """Name of the gate or state -> what it was, by the formulas of the family.

    Args:
        opened: one of RECURRENT or LAYERED.
        ids: T, the mark of the beginning among them.
    """
    return _traced(opened, ids) if opened.family in RECURRENT else {"h": _between(opened, ids)}


def _traced(opened: Opened, ids: Sequence[int]) -> Mapping[str, States]:
    import torch

    with opened.computing():
        traced = opened.model.model.trace(torch.tensor(list(ids)))
    return {name: States(tuple(layers.float().numpy()), name in "hcgn") for name, layers in traced.items()}


def _between(opened: Opened, ids: Sequence[int]) -> States:
    """What leaves each layer; that of an MLP still has its sigma to come."""
    import torch

    seen: list[Any] = []

    def keep(module: Any, given: Any, out: Any) -> None:
        seen.append(out[0] if isinstance(out, tuple) else torch.nn.functional.silu(out))

    hooks = [layer.register_forward_hook(keep) for layer in opened.model.model.layers]
    try:
        with opened.computing():
            opened.model(input_ids=torch.tensor([list(ids)]), use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return States(tuple(layer[0].float().numpy() for layer in seen), signed=True)
