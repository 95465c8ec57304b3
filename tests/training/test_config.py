"""A recipe says all that a run does, and a faulty one says where the fault is."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from llm_core.errors import UserError
from llm_core.training.config import TrainConfig, load_recipe
from llm_core.training.families import FAMILIES, shape_of

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_of_the_repository_can_be_read(path: Path) -> None:
    config = load_recipe(path, {"data": "/somewhere"})
    assert config.name == path.stem
    assert all(source.sample or str(source.path).startswith("/somewhere/") for source in config.sources)
    assert shape_of(FAMILIES[config.family], config)


def test_a_recipe_with_a_variable_that_nobody_gave_names_it(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: ${who}")
    with pytest.raises(KeyError, match="who"):
        load_recipe(recipe, {"data": "/x"})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"budget": {}}, "budget"),
        ({"budget": {"steps": 1, "seconds": 1.0}}, "budget"),
        ({"validation_fraction": 0.9}, "validation_fraction"),
        ({"tokenizer": {"kind": "byte-bpe", "vocabulary": 200}}, "tokenizer"),
        ({"surprise": 1}, "surprise"),
        ({"sources": []}, "sources"),
    ],
)
def test_a_fault_is_named(decoder_recipe: dict[str, Any], change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        TrainConfig.model_validate(decoder_recipe | change)


@pytest.mark.parametrize("name", ["../../x", "; touch x"])
def test_a_name_that_could_leave_its_folder_is_refused(decoder_recipe: dict[str, Any], name: str) -> None:
    with pytest.raises(UserError, match="name_unusable"):
        TrainConfig.model_validate(decoder_recipe | {"name": name})


def test_a_knob_that_the_family_lacks_is_named(decoder_recipe: dict[str, Any]) -> None:
    config = TrainConfig.model_validate(decoder_recipe | {"shape": {"decoder_layers": 2}})
    with pytest.raises(UserError, match="knob_unknown") as refused:
        shape_of(FAMILIES["decoder"], config)
    assert refused.value.facts["name"] == "decoder_layers"


def test_the_budget_can_be_changed_alone(decoder_recipe: dict[str, Any]) -> None:
    config = TrainConfig.model_validate(decoder_recipe)
    shorter = config.with_budget(steps=None, seconds=5)
    assert (shorter.budget.seconds, shorter.budget.evaluate_every) == (5, 6)
    assert shorter.model_copy(update={"budget": config.budget}) == config
