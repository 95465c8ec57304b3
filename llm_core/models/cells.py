"""The three recurrent cells: which module of torch each is, and each step written out as its formula.

Legend: T tokens, D width. torch stacks the matrices of the gates: W is weight_ih [gates * D, D], U is weight_hh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Cell:
    """One kind of recurrent cell."""

    layer: Callable[..., nn.Module]
    run: Callable[..., Any]
    """The same with weights given as a list."""
    held: int
    """How many vectors it carries: h, and c for LSTM."""
    step: Callable[[Tensor, Tensor, dict[str, Tensor]], dict[str, Tensor]]
    """(W x_t + b, U h + b', the vectors of the step before) -> the vectors of this step."""


def _rnn_step(from_x: Tensor, from_h: Tensor, before: dict[str, Tensor]) -> dict[str, Tensor]:
    return {"h": torch.tanh(from_x + from_h)}


def _lstm_step(from_x: Tensor, from_h: Tensor, before: dict[str, Tensor]) -> dict[str, Tensor]:
    i, f, g, o = (from_x + from_h).chunk(4)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    c = f * before["c"] + i * g
    return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": o * c.tanh()}


def _gru_step(from_x: Tensor, from_h: Tensor, before: dict[str, Tensor]) -> dict[str, Tensor]:
    (r_x, z_x, n_x), (r_h, z_h, n_h) = from_x.chunk(3), from_h.chunk(3)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    n = (n_x + r * n_h).tanh()
    return {"r": r, "z": z, "n": n, "h": (1 - z) * n + z * before["h"]}


CELLS = {
    "rnn": Cell(nn.RNN, torch.rnn_tanh, 1, _rnn_step),
    "lstm": Cell(nn.LSTM, torch.lstm, 2, _lstm_step),
    "gru": Cell(nn.GRU, torch.gru, 1, _gru_step),
}


def trace_layer(cell: str, layer: Any, x: Tensor) -> dict[str, Tensor]:
    """Every gate and state of one layer over time.

    Args:
        cell: "rnn", "lstm" or "gru".
        layer: the module of torch.
        x: T, D: its inputs.

    Returns:
        Name of the gate or state -> T, D.
    """
    w, u, b, b_h = (
        weight.float() for weight in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0)
    )
    now = {"h": x.new_zeros(layer.hidden_size), "c": x.new_zeros(layer.hidden_size)}
    steps = []
    for x_t in x:
        now = CELLS[cell].step(w @ x_t + b, u @ now["h"] + b_h, now)
        steps.append(now)
    return {name: torch.stack([step[name] for step in steps]) for name in steps[0]}
