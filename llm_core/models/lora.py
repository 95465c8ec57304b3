"""Low-rank adapters (Hu et al. 2021): W x + (alpha / rank) B A x, where only A and B are trained. PEFT's file format.

A starts random and B at zero, so that an adapter changes nothing before it has learned. Imported late.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from llm_core.errors import UserError

CONFIG_FILE, WEIGHTS_FILE = "adapter_config.json", "adapter_model.safetensors"
MARK = "lora_"
_PREFIX = "base_model.model."


@dataclass(frozen=True)
class Adapter:
    """The shape of an adapter, and the model that it belongs to."""

    rank: int
    alpha: float
    dropout: float
    targets: tuple[str, ...]
    """Names of linear layers, the last part of their path."""
    base: str = ""
    """The folder or GGUF file of the model."""
    merge: bool = True
    """Whether a finished run adds it to the weights, rather than to keep it apart."""

    @property
    def scale(self) -> float:
        """What B A is multiplied by."""
        return self.alpha / self.rank


class LoraLinear(nn.Module):
    """A linear layer, frozen, and what is learned beside it."""

    def __init__(self, base: nn.Linear, adapter: Adapter) -> None:
        super().__init__()
        self.base, self.scale = base.requires_grad_(False), adapter.scale
        self.lora_A = nn.Parameter(torch.empty(adapter.rank, base.in_features, device=base.weight.device))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, adapter.rank, device=base.weight.device))
        self.drop = nn.Dropout(adapter.dropout)
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        """x: ..., in -> ..., out, in the dtype that the layer alone would give."""
        out: Tensor = self.base(x)
        low = self.drop(x).to(self.lora_A.dtype) @ self.lora_A.T @ self.lora_B.T
        return out + (self.scale * low).to(out.dtype)

    def merged(self) -> nn.Linear:
        """One plain layer that computes the same."""
        with torch.no_grad():
            change = self.scale * (self.lora_B @ self.lora_A)
            self.base.weight.copy_((self.base.weight.float() + change.float()).to(self.base.weight.dtype))
        return self.base


def attach(model: nn.Module, adapter: Adapter) -> None:
    """Freeze the model and put an adapter beside every layer that it names.

    Raises:
        UserError: `adapter_no_place`, the model has no such linear layer.
    """
    model.requires_grad_(False)
    places = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] in adapter.targets
    ]
    if not places:
        raise UserError("adapter_no_place", targets=", ".join(adapter.targets))
    for name in places:
        layer = model.get_submodule(name)
        assert isinstance(layer, nn.Linear)
        model.set_submodule(name, LoraLinear(layer, adapter))
    vars(model)["adapter"] = adapter


def adapter_of(model: nn.Module) -> Adapter | None:
    """What was attached, where something was."""
    found: Adapter | None = vars(model).get("adapter")
    return found


def merge(model: nn.Module) -> None:
    """Make the adapter part of the weights."""
    for name, layer in list(_layers(model)):
        model.set_submodule(name, layer.merged())
    vars(model).pop("adapter", None)


def save(model: nn.Module, folder: Path) -> None:
    """Write the adapter as PEFT reads it."""
    adapter = adapter_of(model)
    assert adapter is not None
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": adapter.base,
        "r": adapter.rank,
        "lora_alpha": adapter.alpha,
        "lora_dropout": adapter.dropout,
        "target_modules": list(adapter.targets),
        "bias": "none",
        "inference_mode": True,
    }
    (folder / CONFIG_FILE).write_text(json.dumps(config, ensure_ascii=False, indent=1), "utf-8")
    weights = {
        f"{_PREFIX}{name}.{part}.weight": getattr(layer, part).detach().cpu().contiguous()
        for name, layer in _layers(model)
        for part in ("lora_A", "lora_B")
    }
    save_file(weights, folder / WEIGHTS_FILE)


def base_of(folder: Path) -> Path | None:
    """The model that the adapter in `folder` belongs to; None where there is no adapter.

    Raises:
        UserError: `adapter_unusable`, it is broken, or its model is no longer there.
    """
    if not (folder / CONFIG_FILE).exists():
        return None
    base = Path(_read(folder).base)
    if not base.is_absolute() or not base.exists():
        raise UserError("adapter_unusable", path=str(folder), base=str(base))
    return base


def load(model: nn.Module, folder: Path) -> None:
    """Attach the adapter in `folder`, with what it has learned.

    Raises:
        UserError: `adapter_unusable`, `adapter_no_place`.
    """
    attach(model, _read(folder))
    try:
        weights = load_file(folder / WEIGHTS_FILE)
        with torch.no_grad():
            for name, layer in _layers(model):
                layer.lora_A.copy_(weights[f"{_PREFIX}{name}.lora_A.weight"])
                layer.lora_B.copy_(weights[f"{_PREFIX}{name}.lora_B.weight"])
    except Exception as error:  # whatever the file holds
        raise UserError("adapter_unusable", path=str(folder), base=str(error)[:200]) from error


def _read(folder: Path) -> Adapter:
    try:
        told: dict[str, Any] = json.loads((folder / CONFIG_FILE).read_text("utf-8"))
        targets = tuple(map(str, told["target_modules"]))
        base = str(told.get("base_model_name_or_path") or "")
        return Adapter(int(told["r"]), float(told["lora_alpha"]), float(told["lora_dropout"]), targets, base)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError("adapter_unusable", path=str(folder), base="?") from error


def _layers(model: nn.Module) -> Iterator[tuple[str, LoraLinear]]:
    for name, module in model.named_modules():
        if isinstance(module, LoraLinear):
            yield name, module
