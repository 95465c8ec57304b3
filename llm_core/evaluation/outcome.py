"""What a case of a prompt's test set is, what came of it, and the words that an answer must and must not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


class Case(Protocol):
    """One thing to try."""

    @property
    def name(self) -> str:
        """What tells it from its neighbours."""

    @property
    def languages(self) -> str:
        """Of what it reads and of what it should write, as "zh-en"."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was written."""

    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written for a case."""

    written: str
    faults: tuple[Fault, ...]  # that it still has
    rejected: tuple[str, ...] = ()  # kinds of faults for which the task took an answer back and asked again

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with it as far as code can see."""
        return not self.faults


def missing(text: str, holds: Sequence[Sequence[str]]) -> Iterator[Fault]:
    """A fault for each group of words of which `text` has none, capitals or not."""
    said = text.lower()
    for group in holds:
        if not any(words.lower() in said for words in group):
            yield Fault("missing", group[0])
