"""A run that is killed again and again ends as one that never was: the same losses, the same weights, bit for bit."""

import hashlib
import json
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from llm_core.training import launch
from llm_core.training.config import TrainConfig
from llm_core.training.state import State

KILLS = 8
STEPS = 320
WAIT_S = 200.0


def wait_until(true: Callable[[], object]) -> None:
    moment, waited = threading.Event(), 0.0
    while not true():
        assert waited < WAIT_S, "it never came"
        moment.wait(0.01)
        waited += 0.01


@pytest.fixture
def begun(tmp_path: Path, decoder_recipe: dict[str, Any]) -> Callable[[str], Path]:
    def begun(name: str) -> Path:
        changes = {
            "name": name,
            "shape": decoder_recipe["shape"] | {"dropout": 0.1, "hidden": 16, "feed_forward": 32, "layers": 1},
            "batch": {"context": 16, "micro_tokens": 64, "accumulate": 2},
            "budget": {"steps": STEPS, "evaluate_every": 40, "checkpoint_every_seconds": 0.03},
        }
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        config = TrainConfig.model_validate(decoder_recipe | changes)
        (folder / "config.json").write_text(config.model_dump_json(), "utf-8")
        return folder

    return begun


def lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / "metrics.jsonl"
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    return [json.loads(line) for line in whole.splitlines()]


def what_came(folder: Path) -> tuple[dict[int, float], dict[int, tuple[float, list[str]]], str]:
    """Losses by update, looks by update, and the weights."""
    losses = {line["step"]: line["loss"] for line in lines(folder) if "loss" in line}
    looks = {line["step"]: (line["valid_loss"], line["samples"]) for line in lines(folder) if "valid_loss" in line}
    weights = (folder / "model" / "model.safetensors").read_bytes()
    return losses, looks, hashlib.sha256(weights).hexdigest()


def sit(folder: Path, until: Callable[[State], bool]) -> State:
    """Let the run work, from wherever it stands, until something is true."""
    launch.launch(folder, State.read(folder) or State("queued"), threads=1)
    found: list[State] = []

    def come() -> bool:
        now = State.read(folder)
        assert now is not None
        assert now.alive or not now.under_way, (folder / launch.LOG_FILE).read_text("utf-8")
        found[:] = [now]
        return until(now)

    wait_until(come)
    return found[0]


@pytest.mark.timeout(900)
def test_killed_at_many_moments_it_ends_as_if_it_had_never_been(begun: Callable[[str], Path]) -> None:
    whole = begun("whole")
    assert sit(whole, lambda state: not state.under_way).state == "done"

    moments = random.Random(11)
    killed = begun("killed")
    died_at = []
    for number in range(KILLS):
        before = lines(killed)[-1]["step"] if lines(killed) else 0
        # The first dies while it reads its text, the others some updates further, in or between two checkpoints
        further = moments.randrange(1, 36)

        def there(state: State, at: int = before + further, first: bool = number == 0) -> bool:
            return state.state == "preparing" if first else bool(lines(killed) and lines(killed)[-1]["step"] >= at)

        state = sit(killed, there)
        threading.Event().wait(moments.random() * 0.05)
        psutil.Process(state.pid).kill()
        wait_until(lambda pid=state.pid: not psutil.pid_exists(pid))
        left = State.read(killed)
        assert left is not None and left.under_way and not left.alive
        died_at.append(lines(killed)[-1]["step"] if lines(killed) else 0)
    assert 0 < died_at[-1] < STEPS
    assert sit(killed, lambda state: not state.under_way).state == "done"
    assert what_came(killed) == what_came(whole)
    assert len(what_came(killed)[0]) == STEPS
