"""A run can be looked at as it was when it was young."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from llm_core.training import snapshots
from llm_core.training.run import Run


def test_kept_are_steps_that_double(tmp_path: Path) -> None:
    for step in (50, 60, 99, 100, 150, 200, 350, 500):
        snapshots.keep(tmp_path, step, nn.Linear(2, 2))
    assert snapshots.steps(tmp_path) == [50, 100, 200, 500]


def test_a_large_model_is_not_kept(tmp_path: Path) -> None:
    with torch.device("meta"):
        large = nn.Linear(5000, 5000)
    snapshots.keep(tmp_path, 10, large)
    snapshots.keep(tmp_path, 10, nn.Identity())
    assert snapshots.steps(tmp_path) == []


def test_the_last_one_is_the_model_that_was_saved(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe)
    for _ in run.train():
        pass
    kept = run.folder / "checkpoints"
    assert snapshots.steps(kept) == [6, 12]
    young, grown = (load_file(snapshots.path(kept, step)) for step in (6, 12))
    saved = load_file(run.folder / "model" / "model.safetensors")
    assert all(torch.equal(grown[name], weight) for name, weight in saved.items())
    assert not all(torch.equal(young[name], weight) for name, weight in saved.items())
