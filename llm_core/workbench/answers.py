"""An answer as a record that JSON can hold: what programs get, what is kept, and what the page shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NotRequired, TypedDict

from llm_core.documents.document import Document
from llm_core.tasks.answer import Answer
from llm_core.tasks.answer_spans import Exact
from llm_core.tasks.retrieval import Evidence

DIGITS = 4


class Piece(TypedDict):
    """A piece of evidence; places are characters of the document's text as it was read."""

    document: str  # its name
    page: int | None
    start: int
    end: int
    sentence: str
    passage: str
    # What follows is for the page alone.
    id: str
    passage_start: int
    heading: list[str]


class Words(TypedDict):
    """Words of a document that answer the question, as the reader found them; places as in `Piece`."""

    text: str
    document: str
    page: int | None
    start: int
    end: int
    score: float
    # What follows is for the page alone.
    id: str


class Record(TypedDict):
    """An answer with its evidence, the best or first cited one first."""

    question: str
    answer: str
    abstained: bool
    score: float
    unsure: NotRequired[bool]  # to be looked at before it is believed
    exact: NotRequired[Words | None]  # what the reader finds, word for word
    agrees: NotRequired[bool | None]  # whether the answer that was written says the same
    quality: NotRequired[dict[str, Any] | None]  # the reader, and what was measured of it; None where none was heard
    evidence: list[Piece]
    # What follows is for the page alone.
    method: str
    claims: list[tuple[int, int, list[int], bool]]  # start, end, numbers of evidence, doubtful


OF_PAGE = {"question", "method", "claims", "id", "passage_start", "heading"}


def piece(evidence: Evidence, document: Document) -> Piece:
    """One piece of evidence in its document."""
    passage, place = evidence.found.passage, document.place(evidence.span.start)
    return Piece(
        document=document.name,
        page=place.page,
        start=evidence.span.start,
        end=evidence.span.end,
        sentence=evidence.sentence,
        passage=document.text[passage.start : passage.end],
        id=evidence.found.document,
        passage_start=passage.start,
        heading=list(passage.heading),
    )


def words(exact: Exact, document: Document) -> Words:
    """What the reader found, in its document."""
    return Words(
        text=exact.text,
        document=document.name,
        page=document.place(exact.span.start).page,
        start=exact.span.start,
        end=exact.span.end,
        score=round(exact.score, DIGITS),
        id=exact.found.document,
    )


def record(question: str, answer: Answer, document_of: Callable[[str], Document]) -> Record:
    """The whole answer.

    Args:
        question: as it was asked.
        answer: to it.
        document_of: a document by its id.
    """
    return Record(
        question=question,
        answer=answer.text,
        abstained=answer.abstained,
        score=round(answer.score, DIGITS),
        unsure=answer.unsure,
        exact=words(answer.exact, document_of(answer.exact.found.document)) if answer.exact else None,
        agrees=answer.agrees,
        quality=answer.quality.to_json() if answer.quality else None,
        evidence=[piece(one, document_of(one.found.document)) for one in answer.evidence],
        method=answer.method,
        claims=[(claim.start, claim.end, list(claim.sources), claim.doubtful) for claim in answer.claims],
    )


def for_programs(full: Record) -> dict[str, Any]:
    """The record without what only the page needs."""
    kept = {key: value for key, value in full.items() if key not in OF_PAGE}
    exact = full.get("exact")
    told = {key: value for key, value in exact.items() if key not in OF_PAGE} if exact else None
    return kept | {"exact": told, "evidence": pieces_for_programs(full["evidence"])}


def pieces_for_programs(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """Evidence without what only the page needs."""
    return [{key: value for key, value in one.items() if key not in OF_PAGE} for one in pieces]
