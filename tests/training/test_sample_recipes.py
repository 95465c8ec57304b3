"""The samples of the families: each recipe trains, made tiny, and all of them differ in nothing but the family."""

from pathlib import Path

import pytest

from llm_core.events import Done
from llm_core.training.config import TrainConfig, load_recipe
from llm_core.training.run import Run

RECIPES = Path(__file__).parents[2] / "recipes"
FAMILIES = ("rnn", "lstm", "vae", "decoder")


def recipe(family: str) -> TrainConfig:
    return load_recipe(RECIPES / f"stories-{family}.yaml", {"data": ""})


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sample_of_a_family_can_be_made_again(family: str, tmp_path: Path) -> None:
    run = Run(recipe(family).smoke(), tmp_path / family)
    run.prepare()
    *_, done = run.train()
    assert isinstance(done, Done)
    assert done.result.steps == 4
    assert done.result.bits_per_char > 0
    assert (run.folder / "model" / "config.json").exists()


def test_samples_are_of_one_size_and_learn_the_same_text() -> None:
    alike = [
        recipe(family).model_dump(
            include={"parameters", "sources", "tokenizer", "batch", "budget", "prompts", "seed"}
        )
        for family in FAMILIES
    ]
    assert all(one == alike[0] for one in alike)
