"""Two processes that train together learn what one alone does. Real ones, begun by torchrun, over gloo."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from llm_core.errors import UserError
from llm_core.training.config import TrainConfig
from llm_core.training.processes import shared
from llm_core.training.run import Run

ROOT = Path(__file__).parents[2]
TOGETHER = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
PLAIN = {"shape": {"hidden": 32, "layers": 2, "heads": 2, "kv_heads": 1, "feed_forward": 64}, "precision": "fp32"}

Begun = Callable[..., Path]


@pytest.fixture
def begun(tmp_path: Path, decoder_recipe: dict[str, Any]) -> Begun:
    """A folder with the configuration of a tiny run; keyword arguments replace parts of the recipe."""

    def begun(name: str, **changes: Any) -> Path:
        config = TrainConfig.model_validate(decoder_recipe | PLAIN | {"prompts": [], "name": name} | changes)
        folder = tmp_path / "中文 runs" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(config.model_dump_json(), "utf-8")
        return folder

    return begun


def train(folder: Path, module: str) -> str:
    """What two processes of torchrun said."""
    arguments = (
        [folder] if module.endswith("job") else [folder / "config.json", "--runs", folder.parent, "--continue"]
    )
    done = subprocess.run(
        [*TOGETHER, module, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def alone(folder: Path) -> list[dict[str, Any]]:
    """The metrics of the same run in this process."""
    run = Run(TrainConfig.model_validate_json((folder / "config.json").read_text("utf-8")), folder)
    run.prepare()
    for _ in run.train():
        pass
    return lines(folder)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]


def losses(entries: list[dict[str, Any]]) -> list[float]:
    return [entry.get("loss", entry.get("valid_loss")) for entry in entries]


def weights(folder: Path) -> dict[str, Tensor]:
    """Of the last checkpoint, which has all digits."""
    return load_file(max((folder / "checkpoints").glob("step-*")) / "model.safetensors")


def assert_same(one: Path, other: Path) -> None:
    assert losses(lines(one)) == pytest.approx(losses(lines(other)), rel=1e-5)
    ours, theirs = weights(one), weights(other)
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-3, atol=1e-4)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("parallel", "module", "optimizer"),
    [
        ("ddp", "llm_core.training.job", "muon"),
        ("fsdp", "llm_core.training", "adamw"),  # Muon multiplies in bfloat16, and the parts in another order
    ],
    ids=["ddp", "fsdp"],
)
def test_two_processes_learn_what_one_learns_and_go_on_from_a_checkpoint(
    begun: Begun, parallel: str, module: str, optimizer: str
) -> None:
    optimize = {"optimizer": optimizer, "learning_rate": 0.01, "warmup_steps": 4}
    whole = begun("alone", optimize=optimize)
    alone(whole)
    often = {"steps": 12, "evaluate_every": 6, "checkpoint_every_seconds": 0.001}
    two = begun("together", parallel=parallel, budget=often, optimize=optimize)
    train(two, module)
    assert_same(two, whole)
    assert sum("valid_loss" in entry for entry in lines(two)) == 2, "only the first one writes"
    assert (two / "model" / "model.safetensors").exists()

    shutil.rmtree(two / "checkpoints" / "step-00000012")
    train(two, module)
    assert_same(two, whole)


def recipe(decoder_recipe: dict[str, Any], **batch: int) -> TrainConfig:
    return TrainConfig.model_validate(decoder_recipe | {"batch": batch})


@pytest.mark.parametrize(
    ("accumulate", "processes", "passes"),
    [(1, 1, (512, 1)), (1, 4, (128, 4)), (4, 2, (512, 4)), (3, 2, (256, 6)), (6, 4, (256, 12))],
)
def test_the_passes_of_an_update_are_shared_out_evenly(
    decoder_recipe: dict[str, Any], accumulate: int, processes: int, passes: tuple[int, int]
) -> None:
    batch = shared(recipe(decoder_recipe, context=32, micro_tokens=512, accumulate=accumulate), processes).batch
    assert (batch.micro_tokens, batch.accumulate) == passes


def test_what_cannot_be_shared_is_said(decoder_recipe: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="processes_many"):
        shared(recipe(decoder_recipe, context=32, micro_tokens=64), 4)
    with pytest.raises(UserError, match="family_alone"):
        shared(TrainConfig.model_validate(decoder_recipe | {"family": "ngram", "shape": {}}), 2)
