"""Training runs through the workbench: real processes, tiny models."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.training.config import TrainConfig
from llm_core.workbench.runs import Runs

WAIT_S = 240
WORDS = ["the", "red", "fox", "sees", "a", "river", "and", "white", "horse", "finds", "an", "old", "book"]
TINY = {
    "shape": {"hidden": 16, "layers": 1, "heads": 2, "kv_heads": 1, "feed_forward": 32},
    "batch": {"context": 16, "micro_tokens": 64},
    "tokenizer": {"kind": "byte-bpe", "vocabulary": 300},
    "prompts": [],
}


def wait_until(true: Callable[[], object], s: float = WAIT_S) -> None:
    moment, waited = threading.Event(), 0.0
    while not true():
        assert waited < s, "it never came"
        moment.wait(0.05)
        waited += 0.05


@pytest.fixture
def text(tmp_path: Path) -> Path:
    state = random.Random(1)
    rows = [{"text": " ".join(state.choice(WORDS) for _ in range(60))} for _ in range(60)]
    path = tmp_path / "text.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def runs(settings: Settings) -> Iterator[Runs]:
    """Whatever a test leaves running is ended."""
    runs = Runs(settings)
    yield runs
    for run in runs.list(""):
        runs.delete("", run.name)


@pytest.fixture
def planned(runs: Runs, text: Path) -> Callable[..., TrainConfig]:
    def planned(name: str, steps: int, **more: Any) -> TrainConfig:
        return runs.plan("", name=name, texts=[text], steps=steps, size="tiny", more=TINY | more)

    return planned


@pytest.mark.timeout(600)
def test_one_trains_while_the_next_waits_and_a_pause_gives_way(runs, planned):
    long = runs.start("", planned("long", 100_000))
    assert (long.state, long.place) == ("queued", 0)
    short = runs.start("", planned("short", 3))
    assert (short.state, short.place) == ("queued", 1)
    with pytest.raises(UserError, match="run_exists"):
        runs.start("", planned("short", 3))

    wait_until(lambda: runs.get("", "long").step > 2)
    lines, end = runs.metrics("", "long")
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    assert runs.get("", "short").place == 1
    runs.pause("", "long")
    wait_until(lambda: runs.get("", "long").state == "paused")
    paused_at = runs.get("", "long").step
    assert runs.metrics("", "long", end)[0][-1]["step"] == paused_at

    wait_until(lambda: runs.get("", "short").state == "done")
    done = runs.get("", "short")
    assert done.step == done.steps == 3
    assert done.perplexity > 1
    assert done.error is None
    with pytest.raises(UserError, match="run_finished"):
        runs.resume("", "short")

    runs.resume("", "long")
    wait_until(lambda: runs.get("", "long").step > paused_at)
    runs.stop("", "long")
    wait_until(lambda: runs.get("", "long").state == "done")
    assert (runs._settings.paths.run("long") / "model" / "model.safetensors").exists()
