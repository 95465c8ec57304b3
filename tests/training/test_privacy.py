"""What a model recites: much of a text that it knows by heart, nothing of one that it has hardly read."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_core.engines.causal import Causal
from llm_core.events import collect
from llm_core.training.canaries import DIGITS, Canary, planted
from llm_core.training.privacy import OTHERS, as_record, check, exposure
from llm_core.training.run import Run

Prepared = Callable[..., Run]


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Forty notes with a number in each, five of them kept apart."""
    state = random.Random(1)
    words = ["boat", "harbour", "lamp", "winter", "letter", "garden", "stone", "ferry", "music", "bread", "street"]
    path = tmp_path / "notes.jsonl"
    notes = [" ".join(state.choices(words, k=12)) + f" {state.randrange(10**8)}." for _ in range(24)]
    path.write_text("".join(json.dumps({"text": note}) + "\n" for note in notes), "utf-8")
    return path


@pytest.fixture
def recipe(decoder_recipe: dict[str, Any], told: Path) -> dict[str, Any]:
    return decoder_recipe | {
        "sources": [{"path": told}],
        "languages": ["en"],
        "canaries": 3,
        "validation_fraction": 0.2,
        "prompts": [],
        "shape": {"hidden": 64, "layers": 2, "heads": 2, "kv_heads": 2, "feed_forward": 128},
        "batch": {"context": 48, "micro_tokens": 768},
        "optimize": {"optimizer": "adamw", "learning_rate": 0.005, "warmup_steps": 4, "weight_decay": 0.0},
    }


@pytest.mark.timeout(300)
def test_what_was_learned_by_heart_is_found_and_what_to_do_is_said(
    prepared: Prepared, recipe: dict[str, Any]
) -> None:
    run = prepared(recipe, budget={"steps": 260, "evaluate_every": 65})
    assert json.loads((run.folder / "report.json").read_text("utf-8"))["canaries"]["rows"] == 1 + 4 + 16
    collect(run.train())
    found = collect(check(Causal(run.folder / "model", 48, 1), run.folder))
    assert found.share > 0.3
    assert found.held_out_recited == 0 < found.held_out_tried
    assert found.examples
    often = found.canaries[2]
    assert (often.times, often.rank, often.exposure) == (16, 1, 8.0)
    keys = [key for key, _ in found.advice]
    assert keys[:2] == ["privacy.recites", "privacy.canaries"]
    assert {"privacy.deduplicate", "privacy.stop_earlier"} <= set(keys)
    assert as_record(found)["canaries"][2]["recited"] is often.recited


def test_a_model_that_has_hardly_read_recites_nothing(prepared: Prepared, recipe: dict[str, Any]) -> None:
    run = prepared(recipe, budget={"steps": 2, "evaluate_every": 2})
    collect(run.train())
    found = collect(check(Causal(run.folder / "model", 48, 1), run.folder))
    assert (found.recited, found.held_out_recited) == (0, 0)
    assert found.advice[0][0] in ("privacy.nothing", "privacy.canaries")


def test_exposure_is_the_rank_in_bits(prepared: Prepared, recipe: dict[str, Any]) -> None:
    run = prepared(recipe, budget={"steps": 4, "evaluate_every": 4})
    collect(run.train())
    causal = Causal(run.folder / "model", 48, 1)
    canary = next(planted(run.folder / "data"))
    assert (canary.times, len(canary.secret), canary.secret in canary.text) == (1, DIGITS, True)
    state = random.Random(canary.text)
    texts = [canary.text, *(canary.other(state) for _ in range(OTHERS))]
    likely = [causal.score([text])[0].log_likelihood for text in texts]
    rank = sorted(likely, reverse=True).index(likely[0]) + 1
    found = exposure(causal, canary)
    assert abs(found.rank - rank) <= 1  # a batch computes another last digit
    assert found.exposure == pytest.approx(math.log2(256) - math.log2(found.rank))


def test_another_secret_keeps_the_sentence() -> None:
    canary = Canary("The locker number of Bakelo is 012345.", "012345", 1)
    other = canary.other(random.Random(2))
    assert canary.beginning == "The locker number of Bakelo is "
    assert other.startswith(canary.beginning) and other.endswith(".") and len(other) == len(canary.text)
    assert other != canary.text
