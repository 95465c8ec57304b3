"""How well a language model does by prompt what a small model made here does: labels of texts, answers in a passage.

The rows are those that `understanding` measures the small models on, a number of them drawn always alike; the model
answers in JSON, held to the labels where its engine can.
"""

from __future__ import annotations

import functools
import json
import random
import re
import tomllib
from collections import deque
from collections.abc import Generator as Generating
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from llm_core.engines.base import Capability, Generator, Message, Sampling
from llm_core.evaluation.rows import read_rows
from llm_core.events import Done, Event, Events, Progress
from llm_core.tasks import chat
from llm_core.text.language import language
from llm_core.training import label_scores, reading_scores
from llm_core.training.reading import passage_of, with_unanswerable

ROWS: Final = 200
TEXT_CHARS_MAX: Final = 1200
REPLY_TOKENS: Final = 60
ANSWER_CHARS_MAX: Final = 200
_FILE: Final = Path(__file__).parent / "prompted.toml"
_OBJECT: Final = re.compile(r"\{[^{}]*\}")
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Prompted:
    """A language model on one set; figures in percent, named as those of the small models are."""

    data: str
    model: str
    rows: int
    figures: dict[str, float]


@functools.cache
def table() -> dict[str, dict[str, str]]:
    """The prompts."""
    return tomllib.loads(_FILE.read_text("utf-8"))


def evaluate(path: Path, generator: Generator, *, model: str, limit: int | None = None) -> Events:
    """Ask for each row of a set.

    Args:
        path: to rows with "text" and "label", or with "context" and "qas".
        generator: the language model.
        model: its name, for the result.
        limit: rows; 200 where nothing is said.

    Yields:
        Progress ("evaluating"), Done(Prompted).

    Raises:
        UserError: those of the engine.
    """
    rows = list(read_rows(path))
    name = path.name.split(".")[0]
    measure = _reading if "qas" in rows[0] else _labelling
    count, figures = yield from measure(rows, name, generator, limit or ROWS)
    yield Done(Prompted(name, model, count, figures))


def _labelling(
    rows: Sequence[dict[str, Any]], name: str, generator: Generator, limit: int
) -> Generating[Event, None, tuple[int, dict[str, float]]]:
    labels = sorted({str(row["label"]) for row in rows})
    schema = _object("label", {"enum": labels})
    some = _drawn(rows, limit)
    said: list[str] = []
    for done, row in enumerate(some):
        yield Progress("evaluating", done, len(some), name)
        text = str(row["text"])[:TEXT_CHARS_MAX]
        prompt = table()["label"][language(text) or "en"].format(labels=", ".join(labels), text=text)
        said.append(_asked(generator, prompt, schema, "label"))
    right = [str(row["label"]) for row in some]
    figures = {"accuracy": label_scores.accuracy(said, right), "macro_f1": label_scores.macro_f1(said, right)}
    return len(some), figures


def _reading(
    rows: Sequence[dict[str, Any]], name: str, generator: Generator, limit: int
) -> Generating[Event, None, tuple[int, dict[str, float]]]:
    passages = with_unanswerable([passage_of(row, name) for row in rows], seed=1)
    asked = _drawn([(passage, question) for passage in passages for question in passage.questions], limit)
    schema = _object("answer", {"type": "string", "maxLength": ANSWER_CHARS_MAX})
    answered: list[reading_scores.Answered] = []
    for done, (passage, question) in enumerate(asked):
        yield Progress("evaluating", done, len(asked), name)
        spoken = language(passage.context) or "en"
        context = passage.context[:TEXT_CHARS_MAX]
        prompt = table()["read"][spoken].format(context=context, question=question.text)
        answer = _asked(generator, prompt, schema, "answer")
        right = tuple(text for text, _ in question.answers)
        given = 1.0 if answer else -1.0
        answered.append(reading_scores.Answered(name, spoken, question.kind, answer, given, right))
    figures = reading_scores.figures(answered, {"zh": 0.0, "en": 0.0})
    return len(asked), {key.removesuffix(f".{name}"): value for key, value in figures.items()}


def _asked(generator: Generator, prompt: str, schema: dict[str, Any], key: str) -> str:
    """One answer; empty where the reply has none."""
    held = schema if Capability.JSON_SCHEMA in generator.capabilities else None
    sampling = Sampling(temperature=0, max_tokens=REPLY_TOKENS, repetition_penalty=1.0, json_schema=held)
    done = deque(chat.reply(generator, [Message("user", prompt)], sampling), maxlen=1).pop()
    assert isinstance(done, Done)
    found = _OBJECT.search(done.result.text)
    try:
        told = json.loads(found[0]) if found else {}
    except ValueError:
        return ""
    return str(told.get(key, "")).strip()


def _object(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": False}


def _drawn(rows: Sequence[_Row], limit: int) -> list[_Row]:
    """At most `limit` of them, always the same ones."""
    return random.Random(0).sample(list(rows), min(limit, len(rows)))
