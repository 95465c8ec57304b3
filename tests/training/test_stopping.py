"""A run that gets no better ends, with the weights that were best."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from llm_core.events import Done
from llm_core.training.run import Run
from llm_core.training.stopping import Patience

Prepared = Callable[..., Run]


def test_it_counts_looks_since_the_best_also_of_earlier_sittings(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    patience = Patience(2, tmp_path, [3.0, 2.0])
    assert not patience.look(2.5, model)
    assert not patience.look(1.5, model)
    best = model.weight.detach().clone()
    nn.init.zeros_(model.weight)
    assert not patience.look(1.5, model)
    assert patience.look(1.6, model)
    patience.bring_back(model)
    assert torch.equal(model.weight, best)
    assert not Patience(None, tmp_path, [1.0, 9.0, 9.0, 9.0]).look(9.0, model)


def test_a_run_ends_early_and_keeps_its_best(prepared: Prepared, decoder_recipe: dict[str, Any]) -> None:
    hot = {"optimizer": "adamw", "learning_rate": 0.3, "warmup_steps": 3}  # learns, then breaks what it learned
    budget = {"steps": 400, "evaluate_every": 2, "patience": 3}
    run = prepared(decoder_recipe, budget=budget, optimize=hot, prompts=[])
    *_, done = run.train()
    assert isinstance(done, Done)
    assert done.result.steps < 400
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    looks = [line["valid_loss"] for line in lines if "valid_loss" in line]
    assert min(looks) not in looks[-3:]
    assert done.result.valid_loss == min(looks)
    kept, saved = (
        load_file(run.folder / path) for path in ("checkpoints/best.safetensors", "model/model.safetensors")
    )
    assert all(torch.equal(tensor, kept[name].to(torch.bfloat16)) for name, tensor in saved.items())
