"""Corpora that ship with the project, so that Start works at once: written by us, as generators, made when needed.

A new corpus is one row of SAMPLES, and its title and description in messages/samples.toml.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_core.training.samples import examples, grammar, sentences

LICENCE = "Apache-2.0"
ORIGIN = "LLM Workbench"
LANGUAGE = "language"
INTENTS = ("weather", "alarm", "music", "reminder", "call", "translate", "navigate", "complain")
MOODS = ("positive", "negative", "neutral")
RELATIONS = ("works_for", "born_in", "founded", "studied_at", "located_in", "married_to", "no_relation")
SUBJECTS = ("bridge", "life", "feast")
_HERE = Path(__file__).parent
_BOTH = ("zh", "en")


@dataclass(frozen=True)
class Sample:
    """One corpus. What it is called stands in messages: `samples.NAME_title` and `samples.NAME_about`, - as _."""

    name: str
    languages: tuple[str, ...]
    characters: int
    """About how many it has."""
    rows: Callable[[], Iterator[tuple[Any, ...]]]
    """Its documents, pairs or examples; the same at every call."""
    fields: tuple[str, ...] = ("text",)
    """What each column of a row is."""
    labels: tuple[str, ...] = ()
    """Further columns, which say something of the text."""
    objectives: tuple[str, ...] = (LANGUAGE,)
    """What can be learned from it."""
    licence: str = LICENCE

    @property
    def message(self) -> str:
        """The beginning of its keys in messages."""
        return f"samples.{self.name.replace('-', '_')}"

    def texts(self, row: tuple[Any, ...]) -> tuple[str, ...]:
        """What is written in a row: its texts, or what is said in a talk."""
        return tuple(map(_written, row[: len(self.fields)]))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else "\n".join(message["content"] for message in value)


def _texts(file: str, characters: int, seed: int) -> Iterator[tuple[str, ...]]:
    for text in grammar.documents(_HERE / file, characters, seed):
        yield (text,)


def _sentences(language: sentences.Language, characters: int) -> Sample:
    rows = functools.partial(sentences.rows, language, characters, 1)
    return Sample(f"sentences-{language}", (language,), characters, rows, labels=sentences.NAMES)


def _files(name: str) -> list[Path]:
    return [_HERE / f"{name}_{language}.toml" for language in ("en", "zh")]


def _labelled(name: str, characters: int, labels: tuple[str, ...], count: int) -> Sample:
    rows = functools.partial(examples.labelled, _files(name), labels, count, 1)
    return Sample(f"{name}-zh-en", _BOTH, characters, rows, labels=("label",), objectives=("label",))


SAMPLES = {
    each.name: each
    for each in (
        Sample("stories-en", ("en",), 600_000, functools.partial(_texts, "stories_en.toml", 600_000, 1)),
        Sample("stories-zh", ("zh",), 300_000, functools.partial(_texts, "stories_zh.toml", 300_000, 1)),
        _sentences("en", 400_000),
        _sentences("zh", 200_000),
        Sample(
            "sentences-zh-en", _BOTH, 600_000, functools.partial(sentences.pairs, 600_000, 1), _BOTH,
            objectives=(LANGUAGE, "contrastive"),
        ),
        Sample(
            "talks-zh-en", _BOTH, 218_000, functools.partial(examples.talks, _files("talks"), 3000, 1), ("messages",),
            objectives=("chat", "preference"),
        ),
        _labelled("sentiment", 94_000, MOODS, 1500),
        _labelled("intent", 21_000, INTENTS, 1600),
        Sample(
            "names-zh-en", _BOTH, 80_000, functools.partial(examples.tagged, _files("names"), 1200, 1),
            labels=("entities",), objectives=("tags",),
        ),
        Sample(
            "relations-zh-en", _BOTH, 65_000,
            functools.partial(examples.related, _files("relations"), RELATIONS, 1800, 1),
            labels=("head", "tail", "relation"), objectives=("relation",),
        ),
        Sample(
            "reading-zh-en", _BOTH, 105_000, functools.partial(examples.read, _files("reading"), SUBJECTS, 700, 1),
            ("context",), ("qas",), objectives=("span", "contrastive"),
        ),
    )
}  # fmt: skip
"""By name; the first is what a new run begins with."""
