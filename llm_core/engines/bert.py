"""A BERT encoder in plain numpy, read from a Transformers folder without torch: the yardstick for conversions.

Slow, and therefore never what serves; see encoder.py. Follows Devlin et al. 2018: layers with
the norm behind, exact GELU.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from llm_core.models import shared

Floats: TypeAlias = NDArray[np.float32]


def read_weights(folder: Path) -> dict[str, Floats]:
    """All tensors of the model in `folder`, and of the one it shares weights with, as float32 by name.

    Raises:
        UserError: `weights_broken`, `base_missing`, `base_other`.
    """
    return {name.removeprefix("bert."): tensor.read() for name, tensor in shared.stored(folder).items()}


def read_config(folder: Path) -> dict[str, Any]:
    """The folder's config.json."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    return config


def hidden_states(weights: dict[str, Floats], config: dict[str, Any], ids: Sequence[int]) -> Floats:
    """The last layer's states of one text.

    Args:
        weights: as `read_weights` gives them.
        config: of the same model.
        ids: token ids, the special ones included.

    Returns:
        Array [len(ids), hidden_size].
    """

    def linear(x: Floats, name: str) -> Floats:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x: Floats, name: str) -> Floats:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(centred.var(-1, keepdims=True) + config["layer_norm_eps"])
        return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"], np.float32)

    x = weights["embeddings.word_embeddings.weight"][list(ids)]
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        q, k, v = (
            _heads(linear(x, f"{layer}.attention.self.{part}"), config["num_attention_heads"])
            for part in ("query", "key", "value")
        )
        mixed = _softmax(q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])) @ v  # [heads, tokens, head size]
        mixed = mixed.transpose(1, 0, 2).reshape(x.shape)
        x = norm(x + linear(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
        wide = _gelu(linear(x, f"{layer}.intermediate.dense"))
        x = norm(x + linear(wide, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    return x


def _heads(x: Floats, heads: int) -> Floats:
    return x.reshape(len(x), heads, -1).transpose(1, 0, 2)


def _softmax(x: Floats) -> Floats:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float32)


_erf = np.frompyfunc(math.erf, 1, 1)


def _gelu(x: Floats) -> Floats:
    return np.asarray(0.5 * x * (1 + _erf(x / math.sqrt(2)).astype(np.float32)), np.float32)
