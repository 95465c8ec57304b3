"""Reading sets as pairs for embeddings: a question, the passage that answers it, and one that only looks like it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from llm_core.training.collect import Record
from llm_core.training.reading import ANSWERABLE, OTHER_PASSAGE, Passage, passage_of, with_unanswerable

COLUMNS = ("context", "qas")


def question_pairs(records: Iterable[Record], source: str, columns: int, seed: int) -> Iterator[tuple[str, ...]]:
    """(question, passage) of every question that has an answer, and, of three columns, a passage unlike it.

    The third one is that which shares most words with the question among passages without its answer, one of the same
    document where there is one; a question that has none gives a pair.

    Args:
        records: rows of `context` and `qas`, see `reading.passage_of`.
        source: what the set is called.
        columns: two or three.
        seed: decides which passages are looked at.
    """
    passages = with_unanswerable([passage_of(record, source) for record in records], seed)
    unlike = _unlike(passages) if columns > 2 else {}
    for passage in passages:
        for question in passage.questions:
            if question.kind == ANSWERABLE:
                third = unlike.get(question.text)
                yield (question.text, passage.context, *([third] if third else []))


def _unlike(passages: Iterable[Passage]) -> dict[str, str]:
    """For each question a passage that it was put beside, though it does not answer it."""
    found: dict[str, str] = {}
    for passage in passages:
        for question in passage.questions:
            if question.kind == OTHER_PASSAGE or (question.kind != ANSWERABLE and question.text not in found):
                found[question.text] = passage.context
    return found
