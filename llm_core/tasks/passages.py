"""Cut a document into passages: stretches of a few sentences under one heading, each with its place in the text.

Short paragraphs under the same heading share a passage, long ones are cut between sentences, and the last sentence
of a passage begins the next one where a paragraph goes on, so that what it refers to is not lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llm_core.documents.document import Document
from llm_core.store.passages import Passage
from llm_core.text import sentences
from llm_core.text.paragraphs import WIDE
from llm_core.text.spans import Span

# A passage in characters as wide as a Chinese one; a Latin letter takes 0.4 of that, as it does in the encoder's
# tokens. Measured on four sets of questions: evaluation/retrieval.py.
SIZE = 240.0
NARROW = 0.4
OVERLAP = 80.0  # a longer last sentence is not repeated
SENTENCE_SIZE_MAX = 480.0  # what has no stop for so long is cut where it stands: tables, verses, noise


def cut(document: Document) -> list[Passage]:
    """The passages of `document` in order. Every sentence outside of headings lies whole in at least one of them."""
    return [passage for group in _groups(document) for passage in _cut_group(document, group)]


def size(text: str) -> float:
    """How long a text is, in characters as wide as a Chinese one."""
    wide = len(WIDE.findall(text))
    return wide + NARROW * (len(text) - wide)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence and the block that it is of."""

    span: Span
    size: float
    block: int


def _groups(document: Document) -> Iterator[list[int]]:
    """Runs of blocks, by index, that stand under the same heading; a heading with nothing below it stands alone."""
    group: list[int] = []
    for index, block in enumerate(document.blocks):
        if block.kind == "heading":
            if group:
                yield group
            group = []
            following = document.blocks[index + 1] if index + 1 < len(document.blocks) else None
            if following is None or following.kind == "heading":
                yield [index]
        elif group and document.blocks[group[-1]].heading != block.heading:
            yield group
            group = [index]
        else:
            group.append(index)
    if group:
        yield group


def _cut_group(document: Document, group: list[int]) -> Iterator[Passage]:
    held: list[_Piece] = []
    for piece in _pieces(document, group):
        if held and sum(each.size for each in held) + piece.size > SIZE:
            yield _passage(document, held)
            goes_on = held[-1].block == piece.block and held[-1].size <= OVERLAP
            held = held[-1:] if goes_on and len(held) > 1 else []
        held.append(piece)
    if held:
        yield _passage(document, held)


def _passage(document: Document, held: list[_Piece]) -> Passage:
    """What is searched is the passage after its nearest heading, which often holds the subject of it."""
    start, end = held[0].span.start, held[-1].span.end
    heading = document.blocks[held[0].block].heading
    text = "\n".join([*heading[-1:], document.text[start:end]])
    return Passage(text, start, end, heading, document.place(start).page)


def _pieces(document: Document, group: list[int]) -> Iterator[_Piece]:
    for index in group:
        block = document.blocks[index]
        for sentence in sentences.split(document.text_of(block)):
            for span in _bounded(document.text, sentence.shifted(block.start)):
                yield _Piece(span, size(span.of(document.text)), index)


def _bounded(text: str, sentence: Span) -> Iterator[Span]:
    """The sentence itself, or parts of it where it is longer than a passage may be."""
    if size(sentence.of(text)) <= SENTENCE_SIZE_MAX:
        yield sentence
        return
    start = sentence.start
    while start < sentence.end:
        end = min(sentence.end, start + int(SIZE))
        blank = text.rfind(" ", start + int(SIZE / 2), end)
        if end < sentence.end and blank > start:
            end = blank + 1
        yield Span(start, end)
        start = end
