"""Each recipe of an encoder, made tiny, on rows of our own under the names of its files: it trains and is judged."""

import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_core.events import Done
from llm_core.training.config import Batching, Source, TrainConfig, load_recipe
from llm_core.training.run import Run
from tests.training.objectives.conftest import BAD, GOOD, sentence
from tests.training.objectives.test_span import passages

RECIPES = Path(__file__).parents[3] / "recipes"
NAMES = ("labels", "entities", "relations", "embeddings", "reader")
PEOPLE = ("Ann", "Bob", "王明", "小红")


def filler(state: random.Random) -> str:
    """Words of no language, so that no two texts are nearly the same."""
    return " ".join("".join(state.choices("abdefgiklmnoprstu", k=6)) for _ in range(9))


def opinion(state: random.Random) -> dict[str, Any]:
    label, words = state.choice((("positive", GOOD), ("negative", BAD)))
    return {"text": sentence(state, words), "label": label}


def named(state: random.Random) -> dict[str, Any]:
    person = state.choice(PEOPLE)
    text = f"{person} looks for the moon: {filler(state)}."
    start = text.index(person)
    return {"text": text, "entities": [{"start": start, "end": start + len(person), "type": "person"}]}


def related(state: random.Random) -> dict[str, Any]:
    first, second = state.sample(PEOPLE, 2)
    relation = state.choice(("friend", "no_relation"))
    text = f"{first} {'likes' if relation == 'friend' else 'and'} {second}: {filler(state)}."
    places = [{"text": each, "start": text.index(each)} for each in (first, second)]
    return {"text": text, "head": places[0], "tail": places[1], "relation": relation}


def translated(state: random.Random) -> dict[str, Any]:
    person, words = state.choice(PEOPLE), filler(state)
    return {"en": f"{person} sees the moon: {words}.", "zh": f"{person}看见月亮：{words}。"}


ROWS: dict[str, Callable[[random.Random], dict[str, Any]]] = {"label": opinion, "tags": named, "relation": related}


def rows_for(source: Source, config: TrainConfig) -> list[dict[str, Any]]:
    """Rows as the file of that name has them; training has one that validation also has."""
    state = random.Random(source.name)
    if source.name.startswith("qa-"):
        rows = passages(20, seed=state.randrange(1000))
        return [row | {"context": f"{row['context']} {filler(state)}"} for row in rows]
    row = translated if config.objective == "contrastive" else ROWS[config.objective]
    return [row(state) for _ in range(40)]


def written(config: TrainConfig) -> None:
    held_out: list[dict[str, Any]] = []
    for source in sorted(config.sources, key=lambda source: source.use, reverse=True):  # valid, then train
        rows = rows_for(source, config)
        if source.use == "valid":
            held_out.append(rows[0])
        source.path.parent.mkdir(parents=True, exist_ok=True)
        with lzma.open(source.path, "wt", encoding="utf-8") as out:
            for row in (held_out[:1] if source.use == "train" and fits(held_out[0], rows[0]) else []) + rows:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


def fits(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys()


@pytest.mark.parametrize("task", NAMES)
def test_a_recipe_trains_and_is_judged_and_counts_what_it_must_not_learn(
    task: str, runs: Path, tmp_path: Path
) -> None:
    given = load_recipe(RECIPES / f"{task}-zh-en.yaml", {"data": str(tmp_path)})
    assert given.start == "e5-zh-en"
    written(given)
    tiny = {"start": "tiny-encoder", "batch": Batching(context=64, micro_tokens=512)}
    run = Run(given.smoke().model_copy(update=tiny), runs / given.name)
    run.prepare()
    *_, done = run.train()
    assert isinstance(done, Done)
    assert done.result.steps == 4
    report = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))
    assert report["dropped"]["in an evaluation set"] >= 1
    assert all(source["licence"] and source["origin"] for source in report["sources"])
    assert json.loads((run.folder / "scores.json").read_text(encoding="utf-8"))
    card = json.loads((run.folder / "model" / "card.json").read_text(encoding="utf-8"))
    assert card["limits"]["zh"]
    assert not any("non-commercial" in source.licence.lower() or "NC" in source.licence for source in given.sources)
