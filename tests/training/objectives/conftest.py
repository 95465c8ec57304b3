"""A tiny encoder that has filled in words of the tiny corpus, and small sets of examples of our own."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_core.events import Done
from llm_core.training.config import TrainConfig
from llm_core.training.run import Outcome, Run

ENCODER: dict[str, Any] = {
    "name": "tiny-encoder",
    "family": "encoder",
    "objective": "masked",
    "size": "tiny",
    "shape": {"hidden": 32, "layers": 2, "heads": 2, "feed_forward": 64, "dropout": 0.0},
    "tokenizer": {"kind": "unigram", "vocabulary": 180},
    "validation_fraction": 0.1,
    "batch": {"context": 64, "micro_tokens": 512},
    "optimize": {"learning_rate": 0.005, "weight_decay": 0.01, "warmup_steps": 4},
    "budget": {"steps": 20, "evaluate_every": 10},
    "prompts": ["The red fox <mask> a key on day 7."],
    "seed": 3,
}
TUNE = {key: value for key, value in ENCODER.items() if key not in ("objective", "shape", "tokenizer", "prompts")}

GOOD = ("好吃", "满意", "喜欢", "漂亮", "a joy", "lovely", "delightful")
BAD = ("难吃", "失望", "讨厌", "破旧", "a bore", "dreadful", "broken")
THINGS = ("面条", "房间", "电影", "杯子", "the film", "the room", "this cup")


def sentence(state: random.Random, words: tuple[str, ...]) -> str:
    return f"{state.choice(THINGS)}, {state.choice(words)} {state.randrange(100)}"


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Path:
    """A folder of runs that holds `tiny-encoder`, trained for some updates."""
    torch.set_num_threads(1)
    runs = tmp_path_factory.mktemp("home") / "runs"
    source = {"path": corpus / "text.jsonl.xz", "origin": "our grammar", "licence": "own"}
    run = Run(TrainConfig.model_validate(ENCODER | {"sources": [source]}), runs / "tiny-encoder")
    run.prepare()
    list(run.train())
    return runs


@pytest.fixture
def rows(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Writes rows as JSON lines; the source that reads them."""

    def write(name: str, rows: list[dict[str, Any]], **source: Any) -> dict[str, Any]:
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return {"path": path, "origin": "our own", "licence": "own", **source}

    return write


@pytest.fixture
def tuned(runs: Path) -> Callable[..., tuple[Run, Outcome]]:
    """Fine-tunes `tiny-encoder` for an objective; keyword arguments replace parts of the configuration."""

    def tune(objective: str, sources: list[dict[str, Any]], **changes: Any) -> tuple[Run, Outcome]:
        given = TUNE | {"name": f"tiny-{objective}", "objective": objective, "start": "tiny-encoder"} | changes
        run = Run(TrainConfig.model_validate(given | {"sources": sources}), runs / given["name"])
        run.prepare()
        *_, done = run.train()
        assert isinstance(done, Done)
        return run, done.result

    return tune


@pytest.fixture
def opinions() -> list[dict[str, Any]]:
    """400 sentences, each with a word that says what is thought."""
    state = random.Random(5)
    return [
        {"text": sentence(state, words), "label": label}
        for _ in range(200)
        for label, words in (("positive", GOOD), ("negative", BAD))
    ]
