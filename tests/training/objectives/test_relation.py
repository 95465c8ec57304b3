"""Two places of a text are marked, wherever they lie, and how they relate is learned."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from llm_core.models.relations import marked
from llm_core.training.run import Run

TEXT = "Ann lives in Rome now"
NAMES = ("Ann", "王明", "Bob", "小红")
PLACES = ("Rome", "北京", "Oslo", "杭州")


def place(text: str, within: str = TEXT) -> dict[str, Any]:
    return {"text": text, "start": within.index(text)}


@pytest.mark.parametrize(
    ("head", "tail", "shown"),
    [
        ("Ann", "Rome", "[ Ann ] lives in { Rome } now"),
        ("Rome", "Ann", "{ Ann } lives in [ Rome ] now"),
        ("in Rome", "Rome", "Ann lives [ in { Rome } ] now"),
        ("Rome", "Rome now", "Ann lives in { [ Rome ] now }"),
    ],
)
def test_both_places_are_marked(head: str, tail: str, shown: str) -> None:
    assert marked(TEXT, place(head), place(tail)) == (f"[ {head} ] {{ {tail} }}", shown)


def test_how_two_places_relate_is_learned(
    tuned: Callable[..., tuple[Run, Any]], rows: Callable[..., dict[str, Any]]
) -> None:
    state, examples = random.Random(2), []
    for _ in range(150):
        name, town = state.choice(NAMES), state.choice(PLACES)
        for verb, relation in (("住在", "lives_in"), ("讨厌", "no_relation")):
            text = f"{name}{verb}{town}, {state.randrange(1000)}"
            examples.append(
                {"text": text, "head": place(name, text), "tail": place(town, text), "relation": relation}
            )
    run, outcome = tuned("relation", [rows("relations", examples)], budget={"steps": 150, "evaluate_every": 150})
    assert outcome.extra["f1.relations"] > 60
    scores = json.loads((run.folder / "scores.json").read_text(encoding="utf-8"))
    assert scores["relations"]["f1"] > 60
