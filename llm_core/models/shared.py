"""Weights that a model has in common with another one: kept once, and put back where it is to stand alone.

An encoder that was tuned with frozen embeddings holds, bit for bit, those of the one it began with: 35 of 78 MB.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from huggingface_hub import save_torch_state_dict
from safetensors.torch import load_file, save_file
from torch import Tensor

SHARED_FILE = "shared.json"
SHARD_SIZE = "48MB"
"""Of a file of weights: what is bundled must stay below 50 MB a file."""
_TRUNK = "bert."
"""What stands before a trunk's names in a model with a head."""


def share(folder: Path, base: Path) -> int:
    """Take out of `folder` what also stands in `base`, and write into shared.json what it was.

    Returns:
        The bytes that were saved; 0 leaves the folder as it is.
    """
    own, theirs = _weights(folder), _weights(base)
    named = {name: name.removeprefix(_TRUNK) for name in own}
    same = {
        name: other
        for name, other in named.items()
        if other in theirs and own[name].dtype == theirs[other].dtype and torch.equal(own[name], theirs[other])
    }
    if not same:
        return 0
    saved = sum(own[name].nbytes for name in same)
    _remove_weights(folder)
    save_file({n: t for n, t in own.items() if n not in same}, folder / "model.safetensors", {"format": "pt"})
    (folder / SHARED_FILE).write_text(json.dumps({"model": base.name, "tensors": same}, indent=1), encoding="utf-8")
    return saved


def put_together(folder: Path, base: Path, out: Path) -> None:
    """Write to `out` the model in `folder` with what it shares with `base`: transformers loads it by itself.

    Raises:
        KeyError: `base` is another model than the one that it was shared with.
    """
    shared = json.loads((folder / SHARED_FILE).read_text(encoding="utf-8"))["tensors"]
    theirs = _weights(base)
    weights = _weights(folder) | {name: theirs[other] for name, other in shared.items()}
    out.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.suffix != ".safetensors" and path.name != SHARED_FILE:
            shutil.copyfile(path, out / path.name)
    save_torch_state_dict(weights, out, max_shard_size=SHARD_SIZE)


def _weights(folder: Path) -> dict[str, Tensor]:
    return {name: tensor for path in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(path).items()}


def _remove_weights(folder: Path) -> None:
    for path in (*folder.glob("*.safetensors"), *folder.glob("*.safetensors.index.json")):
        path.unlink()
