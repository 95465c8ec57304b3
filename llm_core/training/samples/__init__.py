"""Corpora that ship with the project, so that Start works at once: written by us, as generators, made when needed.

A new corpus is one row of SAMPLES, and its title and description in messages/samples.toml.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from llm_core.training.samples import grammar, sentences

LICENCE = "Apache-2.0"
ORIGIN = "LLM Workbench"
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    """One corpus. What it is called stands in messages: `samples.NAME_title` and `samples.NAME_about`, - as _."""

    name: str
    languages: tuple[str, ...]
    characters: int
    """About how many it has."""
    rows: Callable[[], Iterator[tuple[str, ...]]]
    """Its documents, or pairs; the same at every call."""
    fields: tuple[str, ...] = ("text",)
    """What each column of a row is."""
    labels: tuple[str, ...] = ()
    """Further columns, which say something of the text."""
    licence: str = LICENCE

    @property
    def message(self) -> str:
        """The beginning of its keys in messages."""
        return f"samples.{self.name.replace('-', '_')}"


def _texts(file: str, characters: int, seed: int) -> Iterator[tuple[str, ...]]:
    for text in grammar.documents(_HERE / file, characters, seed):
        yield (text,)


def _sentences(language: sentences.Language, characters: int) -> Sample:
    rows = functools.partial(sentences.rows, language, characters, 1)
    return Sample(f"sentences-{language}", (language,), characters, rows, labels=sentences.NAMES)


SAMPLES = {
    each.name: each
    for each in (
        Sample("stories-en", ("en",), 600_000, functools.partial(_texts, "stories_en.toml", 600_000, 1)),
        Sample("stories-zh", ("zh",), 300_000, functools.partial(_texts, "stories_zh.toml", 300_000, 1)),
        _sentences("en", 400_000),
        _sentences("zh", 200_000),
        Sample(
            "sentences-zh-en", ("zh", "en"), 600_000, functools.partial(sentences.pairs, 600_000, 1), ("zh", "en")
        ),
    )
}
"""By name; the first is what a new run begins with."""
