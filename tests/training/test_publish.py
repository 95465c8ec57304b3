"""A published model carries a card that is true of its files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from llm_core.models.card import ModelCard
from llm_core.training.publish import publish
from llm_core.training.run import Outcome, Run

WORDS = {
    "title": {"en": "Tiny", "zh": "小"},
    "tasks": ["continue"],
    "limits": {"en": "Nearly all.", "zh": "几乎什么都不会。"},
}


def finished(run: Run) -> Outcome:
    *_, done = run.train()
    (run.folder / "scores.json").write_text(json.dumps({"model": {"all": 2.5}}))
    return done.result


def test_the_card_gives_sources_scores_and_hashes(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any], tmp_path: Path
) -> None:
    run = prepared(decoder_recipe, card=WORDS, budget={"steps": 2})
    outcome = finished(run)
    destination = tmp_path / "models" / "tiny"
    publish(run.folder, destination, run.config, "recipes/tiny.yaml", "2026-11-24")
    card = ModelCard.read(destination)
    assert card.damaged(destination) == []
    assert card.parameters == outcome.parameters
    assert card.bytes == sum(path.stat().st_size for path in destination.iterdir() if path.name != "card.json")
    assert card.scores == {"model": {"all": 2.5}}
    assert card.trained["updates"] == 2
    assert [(source.origin, source.licence) for source in card.sources] == [("our grammar", "own")]
    (destination / "config.json").write_text("{}")
    assert card.damaged(destination) == ["config.json"]


def test_weights_in_several_files_are_published_and_counted_whole(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any], tmp_path: Path
) -> None:
    run = prepared(decoder_recipe, card=WORDS, budget={"steps": 2})
    outcome = finished(run)
    model = AutoModelForCausalLM.from_pretrained(run.folder / "model", dtype=torch.bfloat16)
    model.save_pretrained(run.folder / "model", max_shard_size="20KB")
    destination = tmp_path / "models" / "tiny"
    card = publish(run.folder, destination, run.config, "recipes/tiny.yaml", "2026-11-24")
    assert sum(name.endswith(".safetensors") for name in card.sha256) > 1
    assert card.parameters == outcome.parameters
    assert ModelCard.read(destination).damaged(destination) == []
    again = AutoModelForCausalLM.from_pretrained(destination, dtype=torch.bfloat16)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_a_recipe_without_words_for_a_card_is_not_published(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any], tmp_path: Path
) -> None:
    run = prepared(decoder_recipe)
    with pytest.raises(ValueError, match="card"):
        publish(run.folder, tmp_path / "x", run.config, "recipes/tiny.yaml", "2026-11-24")
