"""What the reader finds in the passages of a question: words of the documents, each with the sentence around them.

The reader has learned from questions in the language of their passage. A passage in the other language is not given
to it, and where the nearest passage is in the other one, its finding nothing in the rest tells nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from llm_core.catalog.understanding import Quality
from llm_core.engines.reader import Answer, Reader
from llm_core.tasks.retrieval import READ_PASSAGES, Evidence, Found
from llm_core.tasks.tools import Tools
from llm_core.text import sentences
from llm_core.text.numbers import numbers
from llm_core.text.search_words import STOP_TERMS, terms
from llm_core.text.spans import Span

RANK_WEIGHT: Final = 4.0  # of a passage's own score, beside the reader's logit
AGREES_FROM: Final = 0.5  # of the words that are compared, those of the shorter side
SCORE_MIN: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Exact:
    """Words of a document that may be the answer."""

    found: Found  # the passage
    span: Span  # in the document
    text: str
    sentence: Span  # around it, in the document
    score: float  # the reader's, 0 to 1; from 0.5 they are to be given
    abstained: bool

    @property
    def logit(self) -> float:
        """The score; 0 where the words are just to be given."""
        sure = min(max(self.score, SCORE_MIN), 1 - SCORE_MIN)
        return math.log(sure / (1 - sure))

    @property
    def rank(self) -> float:
        """What exact answers are ranked by."""
        return self.logit + RANK_WEIGHT * self.found.score


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader says to a question."""

    best: Exact | None  # the words to give; None where it would give none
    logit: float  # how sure it is of its best words, given or not
    quality: Quality


def read(question: str, found: Sequence[Found], text_of: Callable[[str], str], tools: Tools | None) -> Reading | None:
    """What the reader says; None where there is none, or where it cannot tell.

    Args:
        question: as it was asked.
        found: passages, the best first.
        text_of: the whole text of a document by its id.
        tools: the models.

    Raises:
        UserError: those of the reader.
    """
    if tools is None or not tools.has("read"):
        return None
    answers = exact(question, found, text_of, tools.reader())
    if not answers or (answers[0].abstained and found[0].across):
        return None
    best = answers[0]
    return Reading(None if best.abstained else best, best.logit, tools.quality("read"))


def exact(question: str, found: Sequence[Found], text_of: Callable[[str], str], reader: Reader) -> list[Exact]:
    """The best words of each of the best passages in the question's language, the best first.

    Args:
        question: as it was asked.
        found: passages, the best first.
        text_of: the whole text of a document by its id.
        reader: finds answers.
    """
    own = [one for one in found if not one.across][:READ_PASSAGES]
    rows = reader.read([(question, one.passage.text) for one in own])
    placed = [_placed(one, row, text_of(one.document)) for one, row in zip(own, rows, strict=True)]
    return sorted((one for one in placed if one), key=lambda one: -one.rank)


def _placed(found: Found, row: Answer, text: str) -> Exact | None:
    """The answer at its place in the document; None where it is in the heading, which is read before the passage."""
    passage = found.passage
    before = len(passage.text) - (passage.end - passage.start)
    if row.end <= before:
        return None
    span = Span(max(row.start, before), row.end).shifted(passage.start - before)
    inside = (one.shifted(passage.start) for one in sentences.split(text[passage.start : passage.end]))
    touched = [one for one in inside if one.start < span.end and one.end > span.start] or [span]
    sentence = Span(touched[0].start, touched[-1].end)
    return Exact(found, span, span.of(text), sentence, row.score, row.abstained)


def first(best: Exact, evidence: Sequence[Evidence], text: str) -> list[Evidence]:
    """The evidence with the sentence of `best` in front, in the place of the last one where it was not there.

    Args:
        best: the words to give.
        evidence: the best first, not empty.
        text: of the document that `best` is in.
    """
    kept = [
        one for one in evidence if one.found.document != best.found.document or not _meet(one.span, best.sentence)
    ]  # fmt: skip
    # A sentence that was not among the best was not compared with the question itself: its passage was.
    own = next((one for one in evidence if one.span == best.sentence and one not in kept), None)
    front = own or Evidence(best.found, best.sentence, best.sentence.of(text), best.found.words, best.found.cosine)
    return [front, *kept][: len(evidence)]


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def agrees(written: str, question: str, best: Exact) -> bool:
    """Whether what a model wrote says what the reader found: by a number that is new in both, else by words."""
    theirs, ours = (numbers(text) - numbers(question) for text in (best.text, written))
    if theirs and ours:
        return bool(theirs & ours)
    asked = set(terms(question)) | STOP_TERMS
    told, said = set(terms(best.text)) - STOP_TERMS, set(terms(written)) - STOP_TERMS
    told, said = told - asked or told, said - asked or said
    return len(told & said) >= AGREES_FROM * min(len(told), len(said))
