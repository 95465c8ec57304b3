"""Every label that a bundled model can give has a name in both languages."""

import json
import re
from pathlib import Path

import pytest

from llm_core.catalog import bundled, labels
from llm_core.catalog.understanding import LABEL_SETS
from llm_core.engines.classifier import label_sets
from llm_core.engines.classifier import labels as labels_of
from llm_core.messages import table
from llm_core.training.config import load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
SPOKEN = {"sentiment": ("positive", "negative"), "entities": ("person", "place", "organisation", "time", "other")}
SIZES = {
    "thucnews": 10, "tnews": 15, "csl": 13, "csldcp": 67, "20newsgroups": 20, "clinc150": 151, "banking77": 77,
    "snips": 7, "crosswoz": 23, "smp2019": 46, "cais": 13, "finre": 44, "sanwen": 10, "semeval2010": 10, "fewrel": 16,
}  # fmt: skip
CHINESE = re.compile(r"[\u3400-\u9fff]")


def test_every_set_of_a_recipe_has_its_table() -> None:
    named = {
        source.label_set
        for name in ("labels", "relations")
        for source in load_recipe(RECIPES / f"{name}-zh-en.yaml", {"data": ""}).sources
    }
    assert named == {*SIZES, "sentiment"} == labels.table().keys() | {"sentiment"}
    assert {name: len(entries) for name, entries in labels.table().items()} == SIZES


@pytest.mark.parametrize("name", sorted(SIZES))
def test_each_label_is_called_something_of_its_own_in_both_languages(name: str) -> None:
    entries = labels.table()[name]
    for language in ("en", "zh"):
        words = [both[language] for both in entries.values()]
        assert all(word and word == word.strip() and len(word) <= 60 for word in words)
        assert len(set(words)) == len(words)
    assert not [both for both in entries.values() if CHINESE.search(both["en"])]
    assert not [label for label, both in entries.items() if not CHINESE.search(both["zh"])]


@pytest.mark.parametrize("task", SPOKEN)
def test_opinions_and_kinds_of_names_stand_among_the_messages(task: str) -> None:
    begin = "analyze." if task == "sentiment" else "analyze.kind_"
    assert all(f"{begin}{label}" in table() for label in SPOKEN[task])


@pytest.mark.parametrize("folder", [m.path for m in bundled.models() if {*LABEL_SETS} & {*m.card.tasks}], ids=str)
def test_a_bundled_model_gives_no_label_without_a_name(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    for name in label_sets(config):
        given = {label.removesuffix("(e1,e2)").removesuffix("(e2,e1)") for label in labels_of(config, name)}
        if config["architectures"] == ["BertForTokenClassification"]:
            assert {label.partition("-")[2] for label in given - {"O"}} <= {*SPOKEN["entities"]}
        else:
            assert given <= {*labels.table().get(name, SPOKEN["sentiment"])}


def test_a_relation_is_called_without_its_direction_and_a_stranger_as_it_is() -> None:
    assert labels.called("relations", "Cause-Effect(e2,e1)", "zh") == "导致"
    assert labels.called("topic", "stock", "en", "tnews") == "shares"
    assert labels.called("topic", "my own", "zh") == "my own"
