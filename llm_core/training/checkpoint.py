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
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.optim import Optimizer

from llm_core.atomic import rename, sha256_of
from llm_core.errors import UserError
from llm_core.machine import free_disk_bytes
from llm_core.models.lora import MARK, adapter_of
from llm_core.training import processes
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
    micro_tokens: int = 0
    """Tokens of the batches that `position` counts; 0 where they are those of the configuration."""
    scaler: dict[str, float] = field(default_factory=dict)
    """State of the gradient scaler that fp16 needs."""


@dataclass(frozen=True)
class _Kept:
    """What a checkpoint holds, read before anything is changed."""

    mark: Mark
    weights: dict[str, Tensor]
    state: dict[str, Tensor]
    groups: list[Any]
    python_random: tuple[Any, ...]


def save_checkpoint(
    root: Path, mark: Mark, model: nn.Module, optimizers: list[Optimizer], keep_free_bytes: int = 0
) -> Path:
    """Write `root`/step-00000123 and drop all but the two newest.

    Raises:
        UserError: `disk_short`, less than `keep_free_bytes` of the disk would be left; nothing is written.
    """
    weights = {name: processes.whole(tensor) for name, tensor in _weights(model).items()}
    state, groups = _optimizer_state(optimizers)
    for number, random_states in enumerate(processes.gather(_random_states())):
        state |= {_numbered(name, number): value for name, value in random_states.items()}
    final = root / f"step-{mark.step:08d}"
    if processes.number() > 0:
        return final
    _check_room(root, sum(tensor.nbytes for tensor in (*weights.values(), *state.values())), keep_free_bytes)
    aside = root / f".{final.name}.part"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    save_file(weights, aside / "model.safetensors")
    save_file(state, aside / "optimizer.safetensors")
    progress = {"mark": asdict(mark), "groups": groups, "python_random": random.getstate()}
    (aside / "state.json").write_text(json.dumps(progress), encoding="utf-8")
    _seal(aside)
    shutil.rmtree(final, ignore_errors=True)
    rename(aside, final)
    for old in _checkpoints(root)[_KEEP:]:
        shutil.rmtree(old)
    return final


def _check_room(root: Path, need: int, keep_free: int) -> None:
    free = free_disk_bytes(root)
    if keep_free and free - need < keep_free:
        raise UserError("disk_short", free=free, need=need + keep_free, path=str(root))


def load_checkpoint(root: Path, model: nn.Module, optimizers: list[Optimizer]) -> Mark | None:
    """Bring model, optimizers and random states to the newest whole checkpoint; None if there is none."""
    for folder in _checkpoints(root):
        if _is_whole(folder) and (kept := _read(folder, model)):
            return _restore(kept, model, optimizers)
    return None


def save_weights(path: Path, model: nn.Module) -> None:
    """Write the weights alone, in the place of what was there."""
    aside = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(_weights(model), aside)
    rename(aside, path)


def load_weights(path: Path, model: nn.Module) -> None:
    """Give the model the weights that `save_weights` wrote."""
    _copy(load_file(path), model)


def _copy(kept: Mapping[str, Tensor], model: nn.Module) -> None:
    with torch.no_grad():
        for name, tensor in _weights(model).items():
            tensor.copy_(processes.part(kept[name], tensor))


def _read(folder: Path, model: nn.Module) -> _Kept | None:
    """All that a checkpoint holds; None where it is not one of this model, whatever its hashes say."""
    try:
        weights, state = load_file(folder / "model.safetensors"), load_file(folder / "optimizer.safetensors")
        progress = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        mark = Mark(**{**progress["mark"], "position": Position(**progress["mark"]["position"])})
        version, internal, gauss = progress["python_random"]
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None
    if any(name not in weights or weights[name].shape != own.shape for name, own in _weights(model).items()):
        return None
    return _Kept(mark, weights, state, progress["groups"], (version, tuple(internal), gauss))


def _restore(kept: _Kept, model: nn.Module, optimizers: list[Optimizer]) -> Mark:
    _copy(kept.weights, model)
    for i, optimizer in enumerate(optimizers):
        _load_optimizer(optimizer, i, kept.state, kept.groups[i])
    number = processes.number()
    if (state := kept.state.get(_numbered("torch_random", number))) is not None:
        torch.set_rng_state(state)
    if torch.cuda.is_available() and (state := kept.state.get(_numbered("cuda_random", number))) is not None:
        torch.cuda.set_rng_state(state)
    random.setstate(kept.python_random)
    return kept.mark


def _random_states() -> dict[str, Tensor]:
    states = {"torch_random": torch.get_rng_state()}
    return states | ({"cuda_random": torch.cuda.get_rng_state()} if torch.cuda.is_available() else {})


def _numbered(name: str, process: int) -> str:
    return f"{name}.{process}" if process else name


def _weights(model: nn.Module) -> dict[str, Tensor]:
    """Every parameter and saved buffer once, tied ones under their first name; of a model with an adapter that alone.

    What an adapter only reads stands where the model was opened from.
    """
    if adapter_of(model):
        return {name: own.detach() for name, own in model.named_parameters() if MARK in name}
    seen: set[int] = set()
    return {
        name: tensor.detach()
        for name, tensor in model.state_dict(keep_vars=True).items()
        if not (_place(tensor) in seen or seen.add(_place(tensor)))  # type: ignore[func-returns-value]
    }


def _place(tensor: Tensor) -> int:
    """Where it lies in memory; one in parts lies nowhere as a whole."""
    return id(tensor) if isinstance(tensor, DTensor) else tensor.data_ptr()


def _optimizer_state(optimizers: list[Optimizer]) -> tuple[dict[str, Tensor], list[Any]]:
    """State as flat tensors, `optimizer.parameter.name`; hyper-parameters as JSON."""
    tensors: dict[str, Tensor] = {}
    groups = []
    for i, optimizer in enumerate(optimizers):
        whole = optimizer.state_dict()
        groups.append(whole["param_groups"])
        for index, entries in whole["state"].items():
            tensors |= {f"{i}.{index}.{name}": processes.whole(value).contiguous() for name, value in entries.items()}
    return tensors, groups


def _load_optimizer(optimizer: Optimizer, number: int, tensors: dict[str, Tensor], groups: list[Any]) -> None:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        owner, _, rest = key.partition(".")
        if owner == str(number):
            index, _, name = rest.partition(".")
            own = processes.part(tensor, parameters[int(index)]) if tensor.ndim else tensor
            state.setdefault(int(index), {})[name] = own
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
