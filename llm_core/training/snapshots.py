"""The weights of a run at a few moments of its life, so that a young model can be looked at beside a grown one.

Kept are looks at steps that double: 50, 100, 200, 400 ... They lie among the checkpoints and go with them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from llm_core.atomic import rename

PARAMETERS_MAX = 20_000_000  # 40 MB a snapshot, and ten of them in a thousandfold of steps


def keep(checkpoints: Path, step: int, model: nn.Module) -> None:
    """Write the weights in bfloat16, where the last kept step is at most half of `step`; a larger model's never."""
    weights = {name: weight.detach() for name, weight in model.named_parameters()}  # a tied one comes once
    kept = list(steps(checkpoints))
    too_soon = bool(kept) and step < 2 * kept[-1]
    if too_soon or not 0 < sum(weight.numel() for weight in weights.values()) <= PARAMETERS_MAX:
        return
    final = path(checkpoints, step)
    aside = final.with_suffix(".part")
    final.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: weight.to("cpu", torch.bfloat16).contiguous() for name, weight in weights.items()}, aside)
    rename(aside, final)


def steps(checkpoints: Path) -> list[int]:
    """Those that are kept, in order."""
    return sorted(int(file.stem.removeprefix("snapshot-")) for file in checkpoints.glob("snapshot-*.safetensors"))


def path(checkpoints: Path, step: int) -> Path:
    """Where the snapshot after `step` updates lies."""
    return checkpoints / f"snapshot-{step:08d}.safetensors"
