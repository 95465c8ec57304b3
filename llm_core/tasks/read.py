"""Read: the answer to a question word for word, from passages, or that none of them holds it.

Knows no file, no library and no language model. What is too much to read is cut down to the passages that share most
words with the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from llm_core.catalog.understanding import Quality
from llm_core.engines import reader
from llm_core.events import Done, Events, Item, Progress
from llm_core.tasks.retrieval import word_shares
from llm_core.tasks.tools import Tools
from llm_core.tasks.waiting import ticking

AT_ONCE: Final = 8  # passages between two chances to stop
PASSAGES_MAX: Final = 200  # read for one question: some ten seconds
ANSWERS: Final = 5  # that are given
DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Passage:
    """What is read, and where it is from."""

    text: str
    source: str = ""  # a document's name
    start: int = 0  # the character of the source where it begins


@dataclass(frozen=True, slots=True)
class Answer:
    """A span that may be the answer, characters [start, end) of its source."""

    text: str
    source: str
    start: int
    end: int
    score: float  # how sure, 0 to 1; below 0.5 the passage is taken not to answer
    abstained: bool
    passage: Passage

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"answer": self.text, "source": self.source, "start": self.start, "end": self.end,
                "score": round(self.score, DIGITS), "abstained": self.abstained}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a question."""

    answers: tuple[Answer, ...]  # the surest first; those that are not to be given among them
    passages: int  # that were read
    left_out: int  # for sharing too few words with the question
    quality: Quality

    @property
    def answer(self) -> Answer | None:
        """The one to give; None where the passages do not say."""
        return self.answers[0] if self.answers and not self.answers[0].abstained else None

    def to_json(self) -> dict[str, Any]:
        """The object that the command line and the API give."""
        best = self.answer
        empty = {"answer": "", "source": "", "start": None, "end": None, "abstained": True,
                 "score": round(self.answers[0].score, DIGITS) if self.answers else 0.0}  # fmt: skip
        told = best.to_json() if best else empty
        others = [one.to_json() for one in self.answers if one is not best]
        counts = {"passages": self.passages, "left_out": self.left_out}
        return told | {"others": others, **counts, "quality": self.quality.to_json()}


def read(question: str, passages: Sequence[Passage], tools: Tools) -> Events:
    """Look for the answer in every passage.

    Args:
        question: in the language of the passages.
        passages: of any length; a long one is read window by window.
        tools: the models.

    Yields:
        Progress ("reading_passages"), Item(Answer) whenever a better one is found, Done(Read).

    Raises:
        UserError: `understanding_missing`, those of the engine.
    """
    model, quality = tools.reader(), tools.quality("read")
    chosen = _chosen(question, passages)
    found: list[Answer] = []
    for start in range(0, len(chosen), AT_ONCE):
        yield Progress("reading_passages", start, len(chosen), "passages")
        some = chosen[start : start + AT_ONCE]
        pairs = [(question, passage.text) for passage in some]
        rows = yield from ticking(lambda pairs=pairs: model.read(pairs), "opening")  # type: ignore[misc]
        best = max((one.score for one in found), default=0.0)
        found += [_placed(row, passage) for row, passage in zip(rows, some, strict=True)]
        top = max(found, key=lambda one: one.score)
        if top.score > best:
            yield Item(top)
    yield Done(Read(tuple(_different(found)[:ANSWERS]), len(chosen), len(passages) - len(chosen), quality))


def _chosen(question: str, passages: Sequence[Passage]) -> list[Passage]:
    """The passages to read, in their order."""
    if len(passages) <= PASSAGES_MAX:
        return list(passages)
    shares = word_shares(question, [passage.text for passage in passages])
    order = sorted(range(len(passages)), key=lambda number: -shares[number])[:PASSAGES_MAX]
    return [passages[number] for number in sorted(order)]


def _placed(row: reader.Answer, passage: Passage) -> Answer:
    start, end = row.start + passage.start, row.end + passage.start
    return Answer(row.text, passage.source, start, end, row.score, row.abstained, passage)


def _different(found: Sequence[Answer]) -> list[Answer]:
    """The surest first, each place once: passages overlap."""
    kept: dict[tuple[str, int, int], Answer] = {}
    for one in sorted(found, key=lambda each: -each.score):
        if one.text:
            kept.setdefault((one.source, one.start, one.end), one)
    return list(kept.values())
