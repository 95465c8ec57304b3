"""The parts of a text that a summary must not pass over: by headings, else by paragraphs, else by length."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from llm_core.documents.document import Document
from llm_core.text.paragraphs import paragraphs
from llm_core.text.sentences import pieces, split
from llm_core.text.spans import Span

SECTIONS_MAX: Final = 24  # more of them would say nothing to a reader; neighbours are joined
SECTION_CHARS_MIN: Final = 40  # a shorter paragraph belongs to the next one: a speech, a line of an address
BLOCK_CHARS_MAX: Final = 3000  # a longer stretch without headings or breaks is parted
SENTENCE_CHARS_MAX: Final = 400  # a longer "sentence" has no stops: it is cut at its commas
HEADING_CHARS_MAX: Final = 60
ASIDE_KINDS: Final = frozenset({"code", "row", "caption", "footnote"})  # read, but never a key sentence

_MARKED: Final = re.compile(r"(#{1,6})\s+\S")
_CHAPTER: Final = re.compile(
    r"第[一二三四五六七八九十百千零〇\d]{1,7}[章回节卷部篇]|[一二三四五六七八九十]{1,3}、"
    r"|(?:chapter|part|section)\s+(?:\d+|[ivxlc]+)\b",
    re.IGNORECASE,
)
_STOPPED: Final = re.compile(r"[。！？!?.…:：;；，,、][”’」』）)\"']*$")
_BULLET: Final = re.compile(r"[-*+•·▪>|]\s")


@dataclass(frozen=True, slots=True)
class Part:
    """A block of the text: a heading of some level (1 outermost), or text (level 0), perhaps an aside."""

    span: Span
    level: int = 0
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the text, and whether it may stand for its section."""

    span: Span
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the text with its sentences. Sections tile the text from its first sentence to its last."""

    span: Span
    heading: str
    sentences: tuple[Sentence, ...]


def sections(source: str | Document) -> list[Section]:
    """The sections of a text, at most SECTIONS_MAX, each with one sentence at least; none for an empty text."""
    text = source if isinstance(source, str) else source.text
    parts = list(_parts_of_text(source) if isinstance(source, str) else _parts_of_document(source))
    level = _heading_level(parts)
    groups = _by_headings(parts, level) if level else _by_paragraphs(parts)
    found: list[tuple[str, list[Sentence]]] = []
    for group in groups:
        heading = next((part.span.of(text) for part in group if part.level), "")
        sentences = [s for part in group if not part.level for s in _sentences(text, part)]
        if sentences:
            found.extend(_parted(heading, sentences))
    if not found:  # nothing but headings: then they are the text
        found = [("", [Sentence(part.span) for part in parts])] if parts else []
    return _tiled(text, _joined(found))


def title_of(source: str | Document) -> str:
    """The heading that the text begins with, or nothing."""
    text = source if isinstance(source, str) else source.text
    first = next(_parts_of_text(source) if isinstance(source, str) else _parts_of_document(source), None)
    return first.span.of(text).lstrip("# ").strip() if first and first.level else ""


def _parts_of_document(document: Document) -> Iterator[Part]:
    for block in document.blocks:
        level = max(1, block.level) if block.kind == "heading" else 0
        yield Part(Span(block.start, block.end), level, block.kind in ASIDE_KINDS)


def _parts_of_text(text: str) -> Iterator[Part]:
    spans = paragraphs(text)
    for span, following in zip(spans, [*spans[1:], None], strict=False):
        line = span.of(text) if span.end - span.start <= HEADING_CHARS_MAX else ""
        yield Part(span, _level(line, span, following, first=span is spans[0]))


def _level(line: str, span: Span, following: Span | None, *, first: bool) -> int:
    """The level of a heading, 0 where the line is none. A text's first line is its title where it has no stop."""
    if marked := _MARKED.match(line):
        return len(marked.group(1))
    if not line or following is None or _STOPPED.search(line) or _BULLET.match(line):
        return 0
    length, next_length = span.end - span.start, following.end - following.start
    if first or _CHAPTER.match(line) or next_length > max(2 * length, SECTION_CHARS_MIN):
        return 1
    return 0


def _heading_level(parts: Sequence[Part]) -> int:
    """The deepest level of headings that makes no more than SECTIONS_MAX sections; 0 where there are too few."""
    levels = sorted(part.level for part in parts if part.level)
    if len(levels) < 2:
        return 0
    fitting = [level for level in set(levels) if sum(other <= level for other in levels) <= SECTIONS_MAX]
    level = max(fitting, default=levels[0])
    if sum(other <= level for other in levels) < 2:  # a title alone divides nothing
        level = min(other for other in levels if other > level)
    return level


def _by_headings(parts: Sequence[Part], level: int) -> Iterator[list[Part]]:
    group: list[Part] = []
    for part in parts:
        if 0 < part.level <= level and any(not other.level for other in group):
            yield group
            group = []
        group.append(part)
    yield group


def _by_paragraphs(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Paragraphs, a very short one together with the next."""
    group: list[Part] = []
    for part in parts:
        group.append(part)
        if sum(p.span.end - p.span.start for p in group if not p.level) >= SECTION_CHARS_MIN:
            yield group
            group = []
    if group:
        yield group


def _sentences(text: str, part: Part) -> Iterator[Sentence]:
    for span in split(part.span.of(text)):
        for piece in pieces(text, span.shifted(part.span.start), SENTENCE_CHARS_MAX):
            yield Sentence(piece, part.aside)


def _parted(heading: str, sentences: list[Sentence]) -> Iterator[tuple[str, list[Sentence]]]:
    """One section, or, where it has no heading and is very long, several."""
    group: list[Sentence] = []
    for sentence in sentences:
        group.append(sentence)
        if not heading and sentence.span.end - group[0].span.start >= BLOCK_CHARS_MAX:
            yield heading, group
            group = []
    if group:
        yield heading, group


def _joined(found: list[tuple[str, list[Sentence]]]) -> list[tuple[str, list[Sentence]]]:
    """Neighbours put together, to about equal lengths, until there are SECTIONS_MAX."""
    if len(found) <= SECTIONS_MAX:
        return found
    total = sum(_chars(sentences) for _, sentences in found)
    joined: list[tuple[str, list[Sentence]]] = []
    done = 0
    for heading, sentences in found:
        if not joined or done >= total * len(joined) / SECTIONS_MAX:
            joined.append((heading, []))
        joined[-1][1].extend(sentences)
        done += _chars(sentences)
    return joined


def _chars(sentences: Sequence[Sentence]) -> int:
    return sum(sentence.span.end - sentence.span.start for sentence in sentences)


def _tiled(text: str, found: list[tuple[str, list[Sentence]]]) -> list[Section]:
    if not found:
        return []
    starts = [sentences[0].span.start for _, sentences in found]
    ends = [*starts[1:], len(text)]
    return [
        Section(Span(start, end), heading, tuple(sentences))
        for (heading, sentences), start, end in zip(found, starts, ends, strict=True)
    ]
