"""A tiny bilingual corpus from a grammar of our own, and tiny runs over it."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_core.training.config import TrainConfig
from llm_core.training.run import Run

ANIMALS = {"fox": "狐狸", "dog": "狗", "horse": "马", "bird": "鸟", "cat": "猫", "bear": "熊"}
VERBS = {"sees": "看见", "likes": "喜欢", "finds": "找到", "follows": "跟着"}
THINGS = {
    "a river": "一条河",
    "the moon": "月亮",
    "an old book": "一本旧书",
    "the garden": "花园",
    "a key": "一把钥匙",
}
COLOURS = {"red": "红色的", "white": "白色的", "small": "小", "tired": "疲倦的"}


def pair(random_state: random.Random) -> dict[str, str]:
    colour, animal, verb, thing = (
        random_state.choice(list(words.items())) for words in (COLOURS, ANIMALS, VERBS, THINGS)
    )
    number = random_state.randrange(100)
    return {
        "zh": f"{colour[1]}{animal[1]}在第{number}天{verb[1]}{thing[1]}。",
        "en": f"The {colour[0]} {animal[0]} {verb[0]} {thing[0]} on day {number}.",
    }


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """text.jsonl.xz: 120 documents of both languages; pairs.jsonl.xz: 600 sentence pairs."""
    folder = tmp_path_factory.mktemp("corpus")
    state = random.Random(7)
    pairs = [pair(state) for _ in range(600)]
    documents = [
        {"text": " ".join(p[language] for p in pairs[i : i + 10]), "source": f"{language}/{i}"}
        for i in range(0, 600, 10)
        for language in ("zh", "en")
    ]
    for name, rows in (("text", documents), ("pairs", pairs)):
        with lzma.open(folder / f"{name}.jsonl.xz", "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return folder


@pytest.fixture
def decoder_recipe(corpus: Path) -> dict[str, Any]:
    return {
        "name": "tiny-decoder",
        "family": "decoder",
        "size": "tiny",
        "shape": {"hidden": 32, "layers": 2, "heads": 2, "kv_heads": 1, "feed_forward": 64},
        "sources": [{"path": corpus / "text.jsonl.xz", "origin": "our grammar", "licence": "own"}],
        "tokenizer": {"kind": "byte-bpe", "vocabulary": 400},
        "validation_fraction": 0.1,
        "batch": {"context": 32, "micro_tokens": 256, "accumulate": 2},
        "optimize": {"optimizer": "muon", "learning_rate": 0.01, "warmup_steps": 4},
        "budget": {"steps": 12, "evaluate_every": 6},
        "prompts": ["The red"],
        "seed": 3,
    }


@pytest.fixture
def translator_recipe(corpus: Path) -> dict[str, Any]:
    return {
        "name": "tiny-translator",
        "family": "seq2seq",
        "size": "tiny",
        "shape": {"hidden": 32, "layers": 1, "heads": 2, "feed_forward": 64, "dropout": 0.1},
        "sources": [
            {"path": corpus / "pairs.jsonl.xz", "fields": ["zh", "en"], "origin": "our grammar", "licence": "own"}
        ],
        "tokenizer": {"kind": "unigram", "vocabulary": 180},
        "validation_fraction": 0.1,
        "batch": {"context": 48, "micro_tokens": 400},
        "optimize": {"learning_rate": 0.005, "warmup_steps": 4, "label_smoothing": 0.1},
        "budget": {"steps": 8, "evaluate_every": 4},
        "prompts": ["The red fox sees a key.", "小猫看见月亮。"],
        "seed": 3,
    }


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[..., Run]:
    """A run of a recipe, its text ready; keyword arguments replace parts of the recipe."""

    def prepare(recipe: dict[str, Any], **changes: Any) -> Run:
        run = Run(TrainConfig.model_validate(recipe | changes), tmp_path / recipe["name"])
        run.prepare()
        return run

    return prepare
