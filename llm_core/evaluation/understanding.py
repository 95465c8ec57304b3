"""How good a bundled model of understanding is, on development sets: the product's own engines on every row.

A set is a file such as sentiment-zh-shopping.dev.jsonl.xz, one JSON object a line: `text` and `label`; `text` and
`entities`; `text`, `head`, `tail` and `relation`; `context` and `qas`; `zh` and `en`. The scores stand beside the
model afterwards, in scores.json, and the page shows them with every result.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from llm_core import atomic
from llm_core.catalog import understanding
from llm_core.catalog.understanding import SCORES_FILE
from llm_core.engines.base import Encoder
from llm_core.errors import UserError
from llm_core.evaluation.rows import read_rows
from llm_core.events import Done, Event, Events, Item, Progress
from llm_core.models.card import ModelCard, contents
from llm_core.models.relations import NONE, marked
from llm_core.models.tags import Entity
from llm_core.tasks.tools import Tools
from llm_core.text.language import language
from llm_core.training import label_scores, reading_scores, tag_scores
from llm_core.training.reading import passage_of, with_unanswerable

AT_ONCE: Final = 256
PAIRS_MAX: Final = 1000  # among which a sentence looks for its translation
TASKS: Final = {"sentiment": "sentiment", "topic": "topic", "intent": "intent", "ner": "entities",
                "relation": "relations", "qa": "read"}  # fmt: skip
_DEV: Final = ".dev.jsonl"
Row = TypeVar("Row")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Score:
    """One set; figures are percent."""

    data: str
    task: str
    label_set: str | None
    rows: int
    figures: dict[str, float]


def evaluate(folder: Path, data: Sequence[Path], caches: Path, threads: int, encoder: Encoder) -> Events:
    """Measure the model in `folder` and write what came of it beside it.

    Args:
        folder: of a bundled model; its card says what it is for.
        data: development sets, or folders of them; those of other tasks are passed over.
        caches: where converted copies stand.
        threads: for computing.
        encoder: the model itself, where it is one for search.

    Yields:
        Progress ("evaluating"), Item(Score) for each set, Done(list[Score]).

    Raises:
        UserError: `encoder_data`, those of the engines.
    """
    tasks = understanding.tasks_of(folder)
    tools = Tools(caches, threads, lambda task: folder)
    scores: list[Score] = []
    for path in _files(data):
        for task in _tasks_of(path, tasks):
            measured = yield from _measured(task, path, tools, encoder)
            scores.append(measured)
            yield Item(measured)
    if not scores:
        raise UserError("encoder_data", path=", ".join(map(str, data))[:200], name=folder.name)
    write(folder, scores)
    yield Done(scores)


def write(folder: Path, scores: Sequence[Score]) -> None:
    """Put the scores beside the model, in the place of earlier ones of the same sets, and into its card."""
    path = folder / SCORES_FILE
    told = json.loads(path.read_text("utf-8")) if path.exists() else {"sets": {}}
    for one in scores:
        entry = {"task": one.task, "label_set": one.label_set, "rows": one.rows, "figures": one.figures}
        told["sets"][one.data] = entry
    told["date"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    with atomic.writing(path, "w") as file:
        file.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    ModelCard.read(folder).model_copy(update=contents(folder)).write(folder)


def _files(data: Sequence[Path]) -> Iterator[Path]:
    for path in data:
        yield from sorted(each for each in path.iterdir() if _DEV in each.name) if path.is_dir() else [path]


def _tasks_of(path: Path, tasks: Sequence[str]) -> Iterator[str]:
    """The tasks that a file can measure, of those that the model has."""
    task = TASKS.get(path.name.split("-")[0], "embed")
    if task in tasks:
        yield task
    if task == "read" and "embed" in tasks:
        yield "embed"


def _measured(task: str, path: Path, tools: Tools, encoder: Encoder) -> Generator[Event, None, Score]:
    name, rows = path.name.split(".")[0], list(read_rows(path))
    if task == "embed":
        return (yield from _embedding(path, name, rows, encoder))
    if task == "read":
        return (yield from _reading(name, rows, tools))
    texts = [str(row["text"]) for row in rows]
    known = "".join(texts[:100])
    chosen = tools.label_set(task, _labels_of(name, task, tools), language(known))
    if task == "entities":
        tagger = tools.tagger()
        said = yield from _portioned(texts, lambda some: tagger.find(some, chosen), name)
        right = [[Entity(e["start"], e["end"], e["type"]) for e in row["entities"]] for row in rows]
        return Score(name, task, chosen, len(rows), tag_scores.entity_f1(said, right))
    pairs: list[Any] = texts
    if task == "relations":
        pairs = [marked(str(row["text"]), row["head"], row["tail"]) for row in rows]
    classifier = tools.classifier(task)
    found = yield from _portioned(pairs, lambda some: classifier.classify(some, chosen), name)
    labels = [one.label for one in found]
    right_labels = [str(row["relation" if task == "relations" else "label"]).strip() for row in rows]
    figures = {"accuracy": label_scores.accuracy(labels, right_labels),
               "macro_f1": label_scores.macro_f1(labels, right_labels)}  # fmt: skip
    if task == "relations":
        figures["f1"] = label_scores.micro_f1(labels, right_labels, NONE)
    return Score(name, task, chosen, len(rows), figures)


def _labels_of(name: str, task: str, tools: Tools) -> str | None:
    """The set of labels that a file's name ends in, where the model has one of that name."""
    asked = name.split("-", 2)[-1]
    try:
        return tools.label_set(task, asked, None)
    except UserError:
        return None


def _reading(name: str, rows: Sequence[dict[str, Any]], tools: Tools) -> Generator[Event, None, Score]:
    """Answers to all questions, and what is said to those that belong elsewhere, as in training's own measure."""
    passages = with_unanswerable([passage_of(row, name) for row in rows], seed=1)
    asked = [(passage, question) for passage in passages for question in passage.questions]
    reader = tools.reader()
    pairs = [(question.text, passage.context) for passage, question in asked]
    answers = yield from _portioned(pairs, reader.read, name)
    answered = [
        reading_scores.Answered(
            name, language(passage.context) or "en", question.kind, answer.text, answer.score - 0.5,
            tuple(text for text, _ in question.answers),
        )
        for (passage, question), answer in zip(asked, answers, strict=True)
    ]  # fmt: skip
    figures = reading_scores.figures(answered, {"zh": 0.0, "en": 0.0})
    return Score(name, "read", None, len(asked), {key.removesuffix(f".{name}"): v for key, v in figures.items()})


def _embedding(
    path: Path, name: str, rows: Sequence[dict[str, Any]], encoder: Encoder
) -> Generator[Event, None, Score]:
    """Recall of the right passage by words and meaning together, or of a sentence's translation among others."""
    from llm_core.evaluation import retrieval

    if rows and "qas" in rows[0]:
        folder, data = path.parent, name.removeprefix("qa-")
        for event in retrieval.evaluate(folder, encoder, (data,)):
            if isinstance(event, Done):
                both = next(one for one in event.result if one.leg == "both")
                figures = {"recall_at_1": round(100 * both.at_1, 2), "recall_at_5": round(100 * both.at_5, 2)}
                return Score(name, "embed", None, both.questions, figures)
            if not isinstance(event, Item):
                yield event
        raise AssertionError("retrieval without an end")
    some = rows[:PAIRS_MAX]
    vectors = {}
    for side in ("zh", "en"):
        texts = [str(row[side]) for row in some]
        parts = yield from _portioned(texts, lambda part: list(encoder.encode(part, "query")), name)
        vectors[side] = np.stack(parts)
    cosines = vectors["zh"] @ vectors["en"].T
    hits = [float((axis.argmax(1) == np.arange(len(some))).mean()) for axis in (cosines, cosines.T)]
    figures = {"recall_at_1": round(50 * sum(hits), 2), "zh_en": round(100 * hits[0], 2),
               "en_zh": round(100 * hits[1], 2)}  # fmt: skip
    return Score(name, "embed", None, len(some), figures)


def _portioned(
    rows: Sequence[Row], work: Callable[[Sequence[Row]], Sequence[Found]], name: str
) -> Generator[Event, None, list[Found]]:
    found: list[Found] = []
    for start in range(0, len(rows), AT_ONCE):
        yield Progress("evaluating", start, len(rows), name)
        found += work(rows[start : start + AT_ONCE])
    return found
