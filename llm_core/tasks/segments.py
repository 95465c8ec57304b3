"""The sentences of a text that are to be translated, and the text that their translations make.

Invariant: everything between the sentences stays as it is, but for blanks inside a line: line breaks, indentation,
list marks, the bars between cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from llm_core.documents.document import Block, Document
from llm_core.messages import Language
from llm_core.tasks.leftovers import VERBATIM, is_unit, staying
from llm_core.tasks.orders import is_order
from llm_core.tasks.translation import Pair
from llm_core.text.language import language
from llm_core.text.normalize import join_lines
from llm_core.text.sentences import pieces, split
from llm_core.text.spans import Span

PIECE_CHARS_MAX: Final[dict[Language, int]] = {"zh": 800, "en": 300}  # by target: of English, of Chinese
_MARK: Final = re.compile(
    r"(?:#{1,6}\s+|>\s+|[-*+•·‣▪●○◦■□◆–—]\s+|(?:\(?\d{1,3}[.)）、．]|[(（]?[一二三四五六七八九十]{1,3}[、)）]|[①-⑳])\s*(?=\D))+"
)
_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_LATIN: Final = re.compile(r"[A-Za-z]{2,}")
_FENCE: Final = re.compile(r"^ {0,3}(```|~~~)[^\n]*\n.*?^ {0,3}\1[^\n]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence, or a piece of a very long one."""

    number: int
    span: Span  # of the whole text
    text: str  # on one line
    kept: bool  # nothing in it to translate
    before: str = ""  # the sentence before it in its paragraph: it says who "she" is, and which "bank" is meant


def segments(source: str | Document, to: Language) -> list[Segment]:
    """All sentences in order. Code is left out: it stays as it is."""
    text = source if isinstance(source, str) else source.text
    found = _of_text(text, to) if isinstance(source, str) else _of_document(source, to)
    made: list[Segment] = []
    for number, span in enumerate(found):
        line = join_lines(span.of(text).splitlines())
        before = made[-1].text if made and _follows(text, made[-1].span, span) else ""
        made.append(Segment(number, span, line, not worth(line, to), "" if is_order(before) else before))
    return made


def _follows(text: str, first: Span, second: Span) -> bool:
    """Whether two sentences stand side by side in one paragraph: nothing but blanks and one line's end between."""
    gap = text[first.end : second.start]
    return not gap.strip() and gap.count("\n") < 2


def direction(source: str | Document) -> Language:
    """Into which language a text goes where nobody says: the other one than its own."""
    spoken = language(source) if isinstance(source, str) else source.language or language(source.text)
    return "en" if spoken == "zh" else "zh"


def worth(sentence: str, to: Language) -> bool:
    """Whether a sentence has anything to translate."""
    if to == "en":
        return bool(_HAN.search(sentence))
    if language(sentence) == "zh":
        return False
    allowed, bare = staying(sentence), VERBATIM.sub(" ", sentence)
    return any(
        match.group().lower() not in allowed and not is_unit(match.group(), bare[: match.start()])
        for match in _LATIN.finditer(bare)
    )


def _of_text(text: str, to: Language) -> Iterator[Span]:
    code = [Span(*match.span()) for match in _FENCE.finditer(text)]
    place = 0
    for block in [*code, Span(len(text), len(text))]:
        for span in split(text[place : block.start]):
            yield from _pieces(text, span.shifted(place), to)
        place = block.end


def _of_document(document: Document, to: Language) -> Iterator[Span]:
    for _, block in document.parts():
        if block.kind == "code":
            continue
        for start, end in document.cells(block):
            for span in split(document.text[start:end]):
                yield from _pieces(document.text, span.shifted(start), to)


def _pieces(text: str, span: Span, to: Language) -> Iterator[Span]:
    """Without its list mark; cut where it is too long to be translated as one."""
    mark = _MARK.match(span.of(text))
    if mark and mark.end() < span.end - span.start:
        span = Span(span.start + mark.end(), span.end)
    yield from pieces(text, span, PIECE_CHARS_MAX[to])


def joined(text: str, targets: Mapping[int, tuple[Span, str]], whole: Span, to: Language) -> str:
    """The stretch `whole` of a text with translations in the place of sentences.

    Args:
        text: the source.
        targets: where a sentence begins -> its span and its translation; sentences without one stay.
        whole: the stretch.
        to: the language of the translations.
    """
    found = [targets[start] for start in sorted(targets) if whole.start <= start < whole.end]
    parts: list[str] = []
    place, first = whole.start, True
    for span, target in found:
        gap = text[place : span.start]
        inside = not first and not gap.strip() and "\n" not in gap and "\r" not in gap
        parts += [(_joiner(parts[-1], target, to) if inside else gap), target]
        place, first = span.end, False
    return "".join([*parts, text[place : whole.end]])


def _joiner(before: str, after: str, to: Language) -> str:
    """Between two sentences of a line."""
    if to == "en":
        return " "
    return "" if _HAN.search(before[-2:] + after[:1]) or before[-1:] in "。！？；，：”）" else " "


def translated(source: str | Document, pairs: Iterable[Pair], to: Language) -> str:
    """The whole text; sentences that are not translated yet stand there as they are."""
    text = source if isinstance(source, str) else source.text
    return joined(text, _targets(pairs), Span(0, len(text)), to)


class Growing:
    """The same text as it grows: what each next sentence adds to it, for somebody who reads along.

    Args:
        source: what is translated.
        to: the language of the translation.
    """

    def __init__(self, source: str | Document, to: Language) -> None:
        self._text = source if isinstance(source, str) else source.text
        self._to = to
        self._pairs: list[Pair] = []
        self._given = 0

    def add(self, pair: Pair) -> str:
        """What is new now that this pair, the next in order, is there."""
        self._pairs.append(pair)
        return self._new(pair.source.end)

    def rest(self) -> str:
        """What follows the last pair."""
        return self._new(len(self._text))

    def _new(self, end: int) -> str:
        whole = joined(self._text, _targets(self._pairs), Span(0, end), self._to)
        new, self._given = whole[self._given :], len(whole)
        return new


def block_text(document: Document, block: Block, pairs: Iterable[Pair], to: Language) -> str:
    """The new words of one block."""
    return joined(document.text, _targets(pairs), Span(block.start, block.end), to)


def block_texts(document: Document, pairs: Iterable[Pair], to: Language) -> dict[int, str]:
    """The new words of each block that has any, for documents.guard.rewrite."""
    targets = _targets(pairs)
    starts = sorted(targets)
    texts: dict[int, str] = {}
    place = 0
    for index, block in document.parts():
        while place < len(starts) and starts[place] < block.start:
            place += 1
        end = place
        while end < len(starts) and starts[end] < block.end:
            end += 1
        if end > place:
            own = {start: targets[start] for start in starts[place:end]}
            texts[index] = joined(document.text, own, Span(block.start, block.end), to)
        place = end
    return texts


def _targets(pairs: Iterable[Pair]) -> dict[int, tuple[Span, str]]:
    return {pair.source.start: (pair.source, pair.target) for pair in pairs if not pair.kept and pair.target}
