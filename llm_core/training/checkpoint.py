"""Save and bring back a run so that it continues bit for bit, whatever interrupted it.

A checkpoint is a folder: weights, optimizer state, random states, position in the data,
and a manifest with the hash of each file. It is written aside, flushed and renamed; a
reader takes the newest one whose hashes hold. Nothing in it is ever unpickled.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from llm_core.atomic import rename, sha256_of
from llm_core.training.dataset import Position

_KEEP = 2
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Mark:
    """Where a run stands: updates done, seconds of work, tokens seen, next batch."""

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    position: Position = field(default_factory=Position)


def save_checkpoint(root: Path, mark: Mark, model: nn.Module, optimizers: list[Optimizer]) -> Path:
    """Write `root`/step-00000123 and drop all but the two newest."""
    final = root / f"step-{mark.step:08d}"
    aside = root / f".{final.name}.part"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    save_file(_weights(model), aside / "model.safetensors")
    state, groups = _optimizer_state(optimizers)
    state["torch_random"] = torch.get_rng_state()
    save_file(state, aside / "optimizer.safetensors")
    progress = {"mark": asdict(mark), "groups": groups, "python_random": random.getstate()}
    (aside / "state.json").write_text(json.dumps(progress), encoding="utf-8")
    _seal(aside)
    shutil.rmtree(final, ignore_errors=True)
    rename(aside, final)
    for old in _checkpoints(root)[_KEEP:]:
        shutil.rmtree(old)
    return final


def load_checkpoint(root: Path, model: nn.Module, optimizers: list[Optimizer]) -> Mark | None:
    """Bring model, optimizers and random states to the newest whole checkpoint; None if there is none."""
    for folder in _checkpoints(root):
        if _is_whole(folder):
            return _restore(folder, model, optimizers)
    return None


def _restore(folder: Path, model: nn.Module, optimizers: list[Optimizer]) -> Mark:
    weights = load_file(folder / "model.safetensors")
    with torch.no_grad():
        for name, tensor in _weights(model).items():
            tensor.copy_(weights[name])
    state = load_file(folder / "optimizer.safetensors")
    progress = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    for i, optimizer in enumerate(optimizers):
        _load_optimizer(optimizer, i, state, progress["groups"][i])
    torch.set_rng_state(state["torch_random"])
    version, internal, gauss = progress["python_random"]
    random.setstate((version, tuple(internal), gauss))
    mark = progress["mark"]
    return Mark(**{**mark, "position": Position(**mark["position"])})


def _weights(model: nn.Module) -> dict[str, Tensor]:
    """Every parameter and saved buffer once, tied ones under their first name."""
    seen: set[int] = set()
    return {
        name: tensor.detach()
        for name, tensor in model.state_dict(keep_vars=True).items()
        if not (tensor.data_ptr() in seen or seen.add(tensor.data_ptr()))  # type: ignore[func-returns-value]
    }


def _optimizer_state(optimizers: list[Optimizer]) -> tuple[dict[str, Tensor], list[Any]]:
    """State as flat tensors, `optimizer.parameter.name`; hyper-parameters as JSON."""
    tensors: dict[str, Tensor] = {}
    groups = []
    for i, optimizer in enumerate(optimizers):
        whole = optimizer.state_dict()
        groups.append(whole["param_groups"])
        for index, entries in whole["state"].items():
            tensors |= {f"{i}.{index}.{name}": value.contiguous() for name, value in entries.items()}
    return tensors, groups


def _load_optimizer(optimizer: Optimizer, number: int, tensors: dict[str, Tensor], groups: list[Any]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        owner, _, rest = key.partition(".")
        if owner == str(number):
            index, _, name = rest.partition(".")
            state.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _seal(folder: Path) -> None:
    """Flush each file and write down its hash."""
    files = sorted(folder.iterdir())
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    manifest = folder / _MANIFEST
    with manifest.open("w", encoding="utf-8") as file:
        json.dump({path.name: sha256_of(path) for path in files}, file)
        file.flush()
        os.fsync(file.fileno())


def _is_whole(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        return all(sha256_of(folder / name) == digest for name, digest in manifest.items())
    except (OSError, ValueError):
        return False


def _checkpoints(root: Path) -> list[Path]:
    """Newest first."""
    return sorted(root.glob("step-*"), reverse=True)
