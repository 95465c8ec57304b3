"""Passages with questions, and questions that a passage does not answer: data for an extractive reader.

A reader that has only seen answerable questions always answers. Two kinds of unanswerable ones can be had from any
set: a question beside a passage of another document, which no word connects, and a question beside another passage
of its own document, which shares its names and subject. Both are taken where they look most alike.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm_core.training.collect import Record

ANSWERABLE = "answerable"
OWN = "own"
"""Written to be unanswerable by the people who made the set."""
SWAPPED = "swapped"
"""Put beside the passage by the people who prepared the set."""
OTHER_DOCUMENT, OTHER_PASSAGE = "other_document", "other_passage"
KINDS = (ANSWERABLE, OWN, SWAPPED, OTHER_DOCUMENT, OTHER_PASSAGE)

_CANDIDATES = 24
_TERM = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]")


@dataclass(frozen=True)
class Question:
    """A question beside a passage; each answer is its text and the character where it starts."""

    text: str
    answers: tuple[tuple[str, int], ...]
    kind: str


@dataclass(frozen=True)
class Passage:
    """A passage of a document with its questions."""

    context: str
    document: str
    source: str
    questions: tuple[Question, ...]

    def as_record(self) -> Record:
        """What stands in the run's data folder."""
        questions = [[q.text, q.answers, q.kind] for q in self.questions]
        return {"context": self.context, "document": self.document, "source": self.source, "questions": questions}

    @classmethod
    def of_record(cls, record: Record) -> Passage:
        """The other way round."""
        questions = tuple(
            Question(text, tuple((answer, start) for answer, start in answers), kind)
            for text, answers, kind in record["questions"]
        )
        return cls(record["context"], record["document"], record["source"], questions)


def passage_of(record: Record, source: str) -> Passage:
    """A row of a reading set: `context`, `qas` with `question`, `answers [{text, start}]` and `answerable`, and
    perhaps `swapped`, questions of other passages, and `title`, the document; else it is one by itself.

    An answer that does not stand at its place is left out, and an answerable question that has none left with it.
    """
    context = record["context"]
    questions = [_question(entry, context) for entry in record["qas"]]
    swapped = [Question(entry["question"], (), SWAPPED) for entry in record.get("swapped", ())]
    sound = [q for q in questions if q.answers or q.kind != ANSWERABLE]
    return Passage(context, record.get("title") or str(record.get("id") or context), source, (*sound, *swapped))


def _question(entry: dict[str, Any], context: str) -> Question:
    if not entry.get("answerable", True):
        return Question(entry["question"], (), OWN)
    answers = [(answer["text"], answer["start"]) for answer in entry["answers"]]
    right = tuple((text, start) for text, start in answers if text and context[start : start + len(text)] == text)
    return Question(entry["question"], right, ANSWERABLE)


def with_unanswerable(passages: Sequence[Passage], seed: int) -> list[Passage]:
    """The passages, each answerable question standing once more beside a passage of another document, and once
    beside another passage of its own where there is one that does not hold the answer."""
    draw = random.Random(seed)
    terms = [_terms(passage.context) for passage in passages]
    owners: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for i, passage in enumerate(passages):
        owners[passage.source, passage.document].append(i)
    by_source: defaultdict[str, list[int]] = defaultdict(list)
    for i, passage in enumerate(passages):
        by_source[passage.source].append(i)
    added: defaultdict[int, list[Question]] = defaultdict(list)
    for i, question in _answerable(passages):
        own = owners[passages[i].source, passages[i].document]
        others = by_source[passages[i].source]
        some = draw.sample(others, min(_CANDIDATES, len(others)))
        for kind, candidates in (
            (OTHER_DOCUMENT, [c for c in some if passages[c].document != passages[i].document]),
            (OTHER_PASSAGE, draw.sample(own, min(_CANDIDATES, len(own)))),
        ):
            place = _most_alike(question, [c for c in candidates if c != i], passages, terms)
            if place is not None:
                added[place].append(replace(question, answers=(), kind=kind))
    return [replace(p, questions=(*p.questions, *added[i])) for i, p in enumerate(passages)]


def _answerable(passages: Iterable[Passage]) -> Iterator[tuple[int, Question]]:
    for i, passage in enumerate(passages):
        yield from ((i, question) for question in passage.questions if question.kind == ANSWERABLE)


def _most_alike(
    question: Question, candidates: Iterable[int], passages: Sequence[Passage], terms: Sequence[frozenset[str]]
) -> int | None:
    """The candidate that shares most terms with the question, among those without the answer."""
    asked = _terms(question.text)
    best, most = None, -1
    for i in candidates:
        shared = len(asked & terms[i])
        if shared > most and not any(text.lower() in passages[i].context.lower() for text, _ in question.answers):
            best, most = i, shared
    return best


def _terms(text: str) -> frozenset[str]:
    """Words of English, pairs of neighbouring characters of Chinese."""
    found = _TERM.findall(text.lower())
    return frozenset(a if a.isascii() else a + b for a, b in zip(found, [*found[1:], ""], strict=True))


def count_kinds(passages: Iterable[Passage]) -> dict[str, dict[str, int]]:
    """Questions by source and kind, for the report."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for passage in passages:
        counts[passage.source].update(question.kind for question in passage.questions)
    return {source: dict(kinds) for source, kinds in counts.items()}
