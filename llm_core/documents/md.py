"""Markdown: headings, lists, quotes, tables and code as CommonMark has them, without their marks; no front matter.

Spans of the original are kept, so that a translation can be put where its source stood (see rewrite.py).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from llm_core.documents.document import CELL_GAP, Kind
from llm_core.documents.reading import Reading
from llm_core.documents.txt import broken_by_newline, decoded_within
from llm_core.text.normalize import clean, join_lines, one_line, squeeze

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(?:[^\n]*\n)*?\1[ \t]*(?:\n|\Z)")
_TAG = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
NESTING_MAX = 80  # of quotes and lists; what stands deeper is dropped, where the parser would exhaust the stack
_FRONT_LINES_MAX = 200
_ROW_START = re.compile(r"[>\s]*\|?")  # marks of the containers around a table, and its first bar
_BAR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of a Markdown text, and the characters of the original that hold it: several spans for a row."""

    text: str
    kind: Kind
    level: int = 0
    spans: tuple[tuple[int, int], ...] = ()  # empty: it stays as it is (code, HTML)
    tokens: Sequence[Token] = field(default=(), repr=False)  # of its inline marks, one list a span


def read(data: bytes, reading: Reading) -> None:
    """See formats.Reader."""
    for piece in pieces(broken_by_newline(decoded_within(data, reading.limits.chars_max).text)):
        reading.add(piece.text, piece.kind, piece.level)


def body_start(text: str) -> int:
    """Where the text begins after its front matter (YAML or TOML between two rules)."""
    match = _FRONT_MATTER.match(text)
    return match.end() if match and match[0].count("\n") <= _FRONT_LINES_MAX else 0


def pieces(text: str) -> Iterator[Piece]:
    """The blocks of a Markdown text whose line breaks are all `\\n`, in order; none without words."""
    begin = body_start(text)
    lines = _Lines(text, begin)
    context: list[Token] = []  # the open containers
    cells: list[Token] = []  # of the open row of a table
    for token in (
        MarkdownIt("commonmark", {"maxNesting": NESTING_MAX}).enable(["table", "strikethrough"]).parse(text[begin:])
    ):
        if token.nesting > 0:
            context.append(token)
        elif token.nesting < 0:
            context.pop()
            if token.type == "tr_close":
                yield from _row(cells, lines)
                cells = []
        elif token.type == "inline" and context[-1].type in ("th_open", "td_open"):
            cells.append(token)
        elif piece := _piece(token, context, lines):
            yield piece


def plain(token: Token) -> str:
    """The words of an inline token, without marks; its lines are joined."""
    lines = [""]
    for child in token.children or []:
        if child.type in ("text", "code_inline", "text_special"):
            lines[-1] += child.content
        elif child.type == "image":
            lines[-1] += plain(child)
        elif child.type in ("softbreak", "hardbreak"):
            lines.append("")
    return join_lines(one_line(line) for line in lines)


def _piece(token: Token, context: list[Token], lines: _Lines) -> Piece | None:
    if token.type in ("fence", "code_block"):
        code = squeeze(clean(token.content)).strip("\n")
        return Piece(code, "code") if code.strip() else None
    if token.type == "html_block":
        words = one_line(_TAG.sub(" ", token.content))
        return Piece(words, "paragraph") if words else None
    if token.type != "inline":
        return None
    words = plain(token)
    kind, level = _kind(context)
    return Piece(words, kind, level, (lines.span(token),), (token,)) if words else None


def _kind(context: list[Token]) -> tuple[Kind, int]:
    if context[-1].type == "heading_open":
        return "heading", int(context[-1].tag[1])
    depth = sum(token.type == "list_item_open" for token in context)
    if depth:
        return "list_item", depth
    return ("quote" if any(token.type == "blockquote_open" for token in context) else "paragraph"), 0


def _row(cells: list[Token], lines: _Lines) -> Iterator[Piece]:
    words = [plain(cell).replace(CELL_GAP, " / ") for cell in cells]
    if any(words):
        yield Piece(CELL_GAP.join(words), "row", 0, lines.cells(cells), cells)


class _Lines:
    """Where the lines of the original begin, to find inline tokens in them."""

    def __init__(self, text: str, begin: int) -> None:
        self._text = text
        self._starts = [begin]
        for line in text[begin:].split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def span(self, token: Token) -> tuple[int, int]:
        """The characters of an inline token, from its first word to its last; marks of containers inside it too."""
        assert token.map
        content = token.content.split("\n")
        start = self._find(content[0], self._starts[token.map[0]])
        at = start if len(content) == 1 else self._find(content[-1], self._starts[token.map[0] + len(content) - 1])
        return start, at + len(content[-1])

    def cells(self, cells: list[Token]) -> tuple[tuple[int, int], ...]:
        """The characters of the cells of one row, without the blanks around them."""
        assert cells[0].map
        start = self._starts[cells[0].map[0]]
        line = self._text[start : self._text.find("\n", start) % (len(self._text) + 1)]
        opening = _ROW_START.match(line)
        assert opening
        bars = [opening.end() - 1, *(bar.start() for bar in _BAR.finditer(line, opening.end())), len(line)]
        spans = []
        for left, right in itertools.pairwise(bars):
            words = line[left + 1 : right]
            first = start + left + 1 + len(words) - len(words.lstrip())
            spans.append((first, first + len(words.strip())))
        return tuple(spans[: len(cells)])

    def _find(self, words: str, start: int) -> int:
        found = self._text.find(words, start)
        return found if found >= 0 else start
