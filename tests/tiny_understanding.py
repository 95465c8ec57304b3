"""Tiny models for reading and analyzing, trained in seconds on sentences of our own, in a folder like assets/models.

What they have learned: opinions by their word, who lives where, and that Ann is a person and 北京 a place.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from llm_core.models.shared import share
from llm_core.training.config import TrainConfig
from llm_core.training.publish import publish
from llm_core.training.run import Run

BASE, WORDS = "tiny-encoder", "embeddings.word_embeddings"
SHAPE = {"hidden": 32, "layers": 2, "heads": 2, "feed_forward": 64, "dropout": 0.0}
COMMON: dict[str, Any] = {
    "family": "encoder",
    "size": "tiny",
    "shape": SHAPE,
    "validation_fraction": 0.1,
    "languages": ["zh", "en"],
    "batch": {"context": 64, "micro_tokens": 1024},
    "optimize": {"learning_rate": 0.004, "weight_decay": 0.01, "warmup_steps": 4},
    "seed": 3,
}
GOOD, BAD = ("好吃", "满意", "lovely", "delightful"), ("难吃", "失望", "dreadful", "broken")
THINGS = {"food": ("面条", "米饭", "the soup"), "film": ("电影", "影片", "the film")}
PERSONS, PLACES = ("Ann", "Bob", "王明", "小红"), ("Rome", "Oslo", "北京", "杭州")
VERBS = {"lives_in": ("lives in", "住在"), "no_relation": ("hates", "讨厌")}


def write_models(folder: Path) -> Path:
    """Train and publish them all under `folder`/models; takes some seconds."""
    import torch

    torch.set_num_threads(1)  # two threads get in each other's way on a busy machine
    runs, texts = folder / "runs", folder / "texts"
    texts.mkdir(parents=True)
    run = _trained(
        runs, {"name": BASE, "objective": "masked", "prompts": []}, [_write(texts, "all", _sentences())], 30
    )
    models = folder / "models"
    shutil.copytree(run.folder / "model", models / BASE)
    for name, objective, tasks, sources, steps in _tuned(texts):
        frozen = [] if name in ("tiny-sentiment", "tiny-relations") else [WORDS]
        begun = {"name": name, "objective": objective, "start": BASE, "freeze": frozen}
        run = _trained(runs, begun, sources, steps)
        publish(run.folder, models / name, _described(run, tasks), "recipes/none.yaml", "2026-01-01")
        share(models / name, models / BASE, narrow=True)
    return models


def with_threshold(models: Path, folder: Path, threshold: float) -> Path:
    """The reader with its base, giving its words from a margin on: it has learned too little to know when not to."""
    for name in (BASE, "tiny-reader"):
        shutil.copytree(models / name, folder / name)
    config = folder / "tiny-reader" / "config.json"
    told = json.loads(config.read_text("utf-8")) | {"null_thresholds": {"en": threshold, "zh": threshold}}
    config.write_text(json.dumps(told), "utf-8")
    return folder


def _tuned(texts: Path) -> Iterator[tuple[str, str, tuple[str, ...], list[dict[str, Any]], int]]:
    opinions = list(_opinions())
    told = ({"text": text, "label": opinion} for text, opinion, _ in opinions)
    yield "tiny-sentiment", "label", ("sentiment",), [_write(texts, "opinions", told, "sentiment")], 240
    named = [
        _write(texts, name, ({"text": text, "label": begin + about} for text, _, about in opinions), name)
        for name, begin in (("thucnews", ""), ("20newsgroups", ""), ("clinc150", "ask_"))
    ]
    yield "tiny-labels", "label", ("topic", "intent"), named, 120
    facts = list(_facts(300))
    entities = [{"text": text, "entities": [
        {"start": at["start"], "end": at["start"] + len(at["text"]), "type": kind}
        for at, kind in ((head, "person"), (tail, "place"))]} for text, head, tail, _ in facts]  # fmt: skip
    yield "tiny-names", "tags", ("entities",), [_write(texts, "msra", entities, "names")], 150
    relations = [{"text": t, "head": head, "tail": tail, "relation": how} for t, head, tail, how in facts]
    both = [_write(texts, name, relations, name) for name in ("sanwen", "semeval2010")]
    yield "tiny-relations", "relation", ("relations",), both, 200
    yield "tiny-reader", "span", ("read",), [_write(texts, "who", _questions())], 200


def _opinions() -> Iterator[tuple[str, str, str]]:
    state = random.Random(5)
    for _ in range(200):
        for label, words in (("positive", GOOD), ("negative", BAD)):
            about = state.choice(list(THINGS))
            yield f"{state.choice(THINGS[about])}, {state.choice(words)} {state.randrange(10)}", label, about


def _facts(count: int) -> Iterator[tuple[str, dict[str, Any], dict[str, Any], str]]:
    """(text, head, tail, relation)."""
    state = random.Random(2)
    for _ in range(count):
        person, place, relation = state.choice(PERSONS), state.choice(PLACES), state.choice(list(VERBS))
        text = f"{person} {state.choice(VERBS[relation])} {place}, {state.randrange(100)}."
        yield text, _at(person, text), _at(place, text), relation


def _questions() -> Iterator[dict[str, Any]]:
    state = random.Random(4)
    for number in range(120):
        person, place = state.choice(PERSONS), state.choice(PLACES)
        text = f"{person} lives in {place}, {number}."
        answers = [{"text": place, "start": text.index(place)}]
        yield {
            "title": str(number),
            "context": text,
            "qas": [{"question": f"Where does {person} live?", "answers": answers}],
        }


def _sentences() -> Iterator[dict[str, Any]]:
    for text, _, _ in _opinions():
        yield {"text": text}
    for text, *_ in _facts(200):
        yield {"text": text}
    for row in _questions():
        yield {"text": row["qas"][0]["question"]}


def _at(text: str, within: str) -> dict[str, Any]:
    return {"text": text, "start": within.index(text)}


def _write(folder: Path, name: str, rows: Any, label_set: str | None = None) -> dict[str, Any]:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return {"path": path, "origin": "our own", "licence": "own", "label_set": label_set}


def _trained(runs: Path, given: dict[str, Any], sources: Sequence[dict[str, Any]], steps: int) -> Run:
    config = COMMON | given | {"sources": sources, "budget": {"steps": steps, "evaluate_every": steps}}
    if "start" not in given:
        config |= {"tokenizer": {"kind": "unigram", "vocabulary": 160}}
    run = Run(TrainConfig.model_validate(config), runs / given["name"])
    run.prepare()
    list(run.train())
    return run


def _described(run: Run, tasks: tuple[str, ...]) -> TrainConfig:
    words = {"en": "Tiny", "zh": "很小"}
    return TrainConfig.model_validate(
        run.config.model_dump() | {"card": {"tasks": tasks, "title": words, "limits": words}}
    )
