"""Plain text: paragraphs between blank lines, or one a line; lines that were broken to a width are joined.

Spans of the original are kept, so that a translation can be put where its source stood (see rewrite.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from llm_core.documents.document import Kind
from llm_core.documents.reading import Reading
from llm_core.errors import UserError
from llm_core.text.encoding import Decoded, NotText, decode
from llm_core.text.normalize import join_lines, one_line

WRAPPED_LEAST = 40  # columns of a line that was broken to a width; Chinese characters take two
WRAPPED_MOST = 200  # columns; longer lines are paragraphs
WRAPPED_SHARE = 0.6  # of a paragraph's lines but the last that must come near that width
HEADING_CHARS_MAX = 60
CHARACTER_BYTES_MAX = 4  # in any encoding that is read
_LINE = re.compile(r"[^\n]+")
_ENDS = re.compile(r"[.!?:;。！？：；…”’」』）)\]]\s*$")
_CHAPTER = re.compile(
    r"(?:第[一二三四五六七八九十百千零〇\d]{1,7}[章回节卷部篇集]|(?:chapter|part|book|section)\s+(?:\d+|[ivxlc]+)\b)",
    re.IGNORECASE,
)
_BULLET = re.compile(
    r"\s*(?:[-*•·▪◦]\s|\(?\d{1,3}(?:[.)]\s|[、．])|[（(][一二三四五六七八九十\d]{1,3}[）)])\s*(?=\S)"
)
_INDENT = re.compile(r"\s{2,}")
_LINE_BREAK = re.compile("\r\n?|[\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of a text file: its words, and which characters of the original they replace."""

    start: int
    end: int
    text: str
    kind: Kind = "paragraph"
    level: int = 0


def decoded(data: bytes, hint: str = "") -> Decoded:
    """The file's text.

    Raises:
        UserError: `document_not_text`.
    """
    try:
        return decode(data, hint)
    except NotText as error:
        raise UserError("document_not_text") from error


def decoded_within(data: bytes, chars_max: int) -> Decoded:
    """The file's text, where it is not longer than that.

    Raises:
        UserError: `document_too_long`, `document_not_text`.
    """
    if len(data) > CHARACTER_BYTES_MAX * chars_max:
        raise UserError("document_too_long", limit=chars_max)
    result = decoded(data)
    if len(result.text) > chars_max:
        raise UserError("document_too_long", limit=chars_max)
    return result


def read(data: bytes, reading: Reading) -> None:
    """See formats.Reader."""
    for piece in pieces(broken_by_newline(decoded_within(data, reading.limits.chars_max).text)):
        reading.add(piece.text, piece.kind, piece.level)


def broken_by_newline(text: str) -> str:
    """The text with `\\n` for every kind of line break."""
    return _LINE_BREAK.sub("\n", text)


def pieces(text: str) -> Iterator[Piece]:
    """The blocks of a plain text whose line breaks are all `\\n`, in order."""
    width = _width(text)
    for between in _between_blank_lines(text):
        for lines in _groups(between):
            for group in [lines] if _wrapped([line[0] for line in lines], width) else [[line] for line in lines]:
                piece = _piece(group)
                if piece.text:
                    yield piece


def _between_blank_lines(text: str) -> Iterator[list[re.Match[str]]]:
    lines: list[re.Match[str]] = []
    for line in _LINE.finditer(text):
        blank = line[0].isspace()
        if lines and (blank or line.start() > lines[-1].end() + 1):
            yield lines
            lines = []
        if not blank:
            lines.append(line)
    if lines:
        yield lines


def _groups(lines: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """The lines between two blank ones, parted where a line is indented and most are not, or begins with a bullet."""
    indented = [bool(_INDENT.match(line[0])) for line in lines]
    mostly = sum(indented) > len(lines) / 2
    group: list[re.Match[str]] = []
    for line, indent in zip(lines, indented, strict=True):
        begins = (indent and not mostly) or "\u3000\u3000" in line[0][:4] or _BULLET.match(line[0])
        if group and begins:
            yield group
            group = []
        group.append(line)
    yield group


def _piece(lines: list[re.Match[str]]) -> Piece:
    first, last = lines[0], lines[-1]
    start = first.start() + len(first[0]) - len(first[0].lstrip())
    end = last.start() + len(last[0].rstrip())
    text = join_lines(one_line(line[0]) for line in lines)
    if len(text) <= HEADING_CHARS_MAX and _CHAPTER.match(text) and not _ENDS.search(text):
        return Piece(start, end, text, "heading", 1)
    if bullet := _BULLET.match(first[0]):
        words = join_lines([one_line(first[0][bullet.end() :]), *(one_line(line[0]) for line in lines[1:])])
        return Piece(first.start() + bullet.end(), end, words, "list_item", 1)
    return Piece(start, end, text)


def columns(line: str) -> int:
    """How wide a line looks: a Chinese character takes two columns, as it takes two bytes in this encoding."""
    return len(line.encode("gb18030", "replace"))


def _width(text: str) -> int:
    """The columns to which the lines of this text were broken: its longest line but a few."""
    lengths = sorted(columns(line[0].rstrip()) for line in _LINE.finditer(text))
    return lengths[int(len(lengths) * 0.98)] if lengths else 0


def _wrapped(lines: list[str], width: int) -> bool:
    """Whether the lines are one paragraph broken to a width, rather than verses or paragraphs of their own."""
    if len(lines) == 1 or not WRAPPED_LEAST <= width <= WRAPPED_MOST:
        return len(lines) == 1
    inner = lines[:-1]
    near = sum(columns(line.rstrip()) >= width * 0.75 for line in inner)
    ended = sum(bool(_ENDS.search(line)) for line in inner)
    return near >= WRAPPED_SHARE * len(inner) and ended <= len(inner) / 2
