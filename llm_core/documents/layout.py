"""Lines on pages to paragraphs in reading order: columns in turn, lines joined, headings by size.

Knows nothing of PDF: it works on words with their places. The rules are those that people set pages by.
"""

from __future__ import annotations

import collections
import itertools
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from llm_core.documents.columns import in_reading_order
from llm_core.documents.document import CELL_GAP, Kind
from llm_core.documents.pdf_lines import LEADERS, Line
from llm_core.documents.reading import Turn
from llm_core.text.normalize import join_two, wide

HEADING_RATIO = 1.12  # a heading's size over that of the running text
HEADING_CHARS_MAX = 150
CLOSE_SHARE = 0.3  # of the lines of a column stand closer than the usual distance: it is the one inside paragraphs
GAP_RATIO = 1.35  # of the usual distance of two lines, and they are two paragraphs
INDENT = 0.9  # letters that a first line is moved in
_ENDS = re.compile(r"[.!?:;。！？：；…][”’」』）)\]\"']*$")
_BULLET = re.compile(r"(?:[•·▪◦‣■□●○*–-]|\(?\d{1,2}[.)]|[a-z]\)|[（(][一二三四五六七八九十\d]{1,3}[）)])\s+(?=\S)")
_ZH_BULLET = re.compile(r"(?:[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[、．])(?=\S)")
_NUMBERED = re.compile(
    r"(?:(?P<dots>\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S|(?:chapter|part|appendix)\s+[\divxlc]+\b"
    r"|第[一二三四五六七八九十百\d]{1,4}[章节篇部]|[一二三四五六七八九十]{1,3}、)",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"(?:fig(?:ure|\.)|table|图|表)\s*[\d一二三四五六七八九十]", re.IGNORECASE)


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together, joined; `turns` say from which character on it stands on which page."""

    text: str
    kind: Kind
    level: int
    turns: list[Turn]
    size: float
    open: bool = False  # may go on in the next column or on the next page
    bold: bool = False
    bullet: str = ""  # taken off its beginning


@dataclass(slots=True)
class _Row:
    """Lines at the same height of one column."""

    lines: list[Line] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    @property
    def first(self) -> Line:
        return self.lines[0]

    @property
    def right(self) -> float:
        return self.lines[-1].right

    @property
    def size(self) -> float:
        return max(self.lines, key=lambda line: len(line.text)).size

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)


def paragraphs(pages: Sequence[list[Line]]) -> list[Paragraph]:
    """The paragraphs of all pages, in reading order, each with its kind.

    Args:
        pages: the lines of each page, without running heads.
    """
    body = body_size(pages)
    words = _words(pages)
    found: list[Paragraph] = []
    gutters: list[float] = []
    for number, lines in enumerate(pages, 1):
        for column in in_reading_order(lines, gutters):
            _append(found, list(_column(_rows(column), number, body, words)), words)
    _set_levels(found, body)
    return found


def body_size(pages: Sequence[list[Line]]) -> float:
    """The size of the running text: the one of most characters."""
    sizes: collections.Counter[float] = collections.Counter()
    for lines in pages:
        for line in lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _words(pages: Sequence[list[Line]]) -> set[str]:
    """How words are written inside lines: tells what a hyphen at the end of one is."""
    return {
        word.strip(".,;:()“”\"'").lower() for lines in pages for line in lines for word in line.text.split(" ")[:-1]
    }


def _rows(lines: list[Line]) -> list[_Row]:
    rows: list[_Row] = []
    for line in sorted(lines, key=lambda line: -line.middle):
        last = rows[-1].lines[-1] if rows else None
        if last and last.middle - line.middle < 0.45 * min(last.size, line.size):
            rows[-1].lines.append(line)
        else:
            rows.append(_Row([line]))
    for row in rows:
        row.lines.sort(key=lambda line: line.left)
    return rows


def _column(rows: list[_Row], page: int, body: float, words: set[str]) -> Iterator[Paragraph]:
    """The paragraphs of one column."""
    if not rows:
        return
    left = statistics.mode(round(row.first.left) for row in rows)
    right = max(row.right for row in rows)
    steps = sorted(above.first.middle - below.first.middle for above, below in itertools.pairwise(rows))
    step = steps[int(len(steps) * CLOSE_SHARE)] if steps else 0.0
    step = min(step, body * 2.2) if step > 0 else body * 1.2
    group: list[_Row] = []
    for row in rows:
        if group and _begins(group, row, left, right, step):
            yield _paragraph(group, page, right, words)
            group = []
        group.append(row)
    yield _paragraph(group, page, right, words)


def _begins(group: list[_Row], row: _Row, left: float, right: float, step: float) -> bool:
    """Whether a new paragraph begins with `row`, below the rows of `group`."""
    above = group[-1]
    if len(row.lines) > 1 or len(above.lines) > 1 or LEADERS in above.text:  # cells of a table; a table of contents
        return True
    size = max(above.size, row.size)
    if above.first.middle - row.first.middle > GAP_RATIO * max(step, size) or row.bold != above.bold:
        return True
    if abs(above.size - row.size) > 0.1 * size or _bullet(row.text):
        return True
    hanging = group[0].first.left < above.first.left - 1 or bool(_bullet(group[0].text))
    if row.first.left > above.first.left + INDENT * row.size and not (len(group) == 1 and hanging):
        return True
    if row.size > 0 and row.first.left < left - 3 * row.size:
        return True
    return _room(above, right) > _first_word(row) and (wide(row.text[0]) or bool(_ENDS.search(above.text)))


def _room(row: _Row, right: float) -> float:
    return right - row.right


def _first_word(row: _Row) -> float:
    """Points that the first word of a row would have taken at the end of the row above."""
    line = row.first
    word = 2.2 if wide(line.text[0]) else len(line.text.split(" ", 1)[0]) + 1
    em = line.size if wide(line.text[0]) else (line.right - line.left) / max(1, len(line.text))
    return word * em


def _bullet(text: str) -> re.Match[str] | None:
    return _BULLET.match(text) or _ZH_BULLET.match(text)


def _paragraph(rows: list[_Row], page: int, right: float, words: set[str]) -> Paragraph:
    if len(rows) == 1 and len(rows[0].lines) > 1:
        text = CELL_GAP.join(line.text.replace(CELL_GAP, " / ") for line in rows[0].lines)
        return Paragraph(text, "row", 0, [Turn(0, page)], rows[0].size, bold=rows[0].bold)
    text = rows[0].text
    for row in rows[1:]:
        text = join_two(text, row.text, words)
    kind: Kind = "paragraph"
    if bullet := _bullet(text):
        kind, text = "list_item", text[bullet.end() :]
    elif len(text) <= HEADING_CHARS_MAX and _CAPTION.match(text):
        kind = "caption"
    last = rows[-1]
    goes_on = not _ENDS.search(text) and _room(last, right) < 3 * last.size
    bold = all(row.bold for row in rows)
    return Paragraph(
        text,
        kind,
        int(kind == "list_item"),
        [Turn(0, page)],
        rows[0].size,
        goes_on,
        bold,
        bullet[0] if bullet else "",
    )


def _append(found: list[Paragraph], column: list[Paragraph], words: set[str]) -> None:
    """Put a column's paragraphs after those before; its first may go on with the last of them."""
    last = found[-1] if found else None
    if last and column and last.open and _continues(last, column[0]):
        first = column.pop(0)
        joined = join_two(last.text, first.text, words)
        last.turns += [Turn(len(joined) - len(first.text), turn.page) for turn in first.turns
                       if turn.page != last.turns[-1].page]  # fmt: skip
        last.text, last.open = joined, first.open
    found += column


def _continues(last: Paragraph, first: Paragraph) -> bool:
    alike = first.kind == "paragraph" and abs(first.size - last.size) < 0.5 and first.bold == last.bold
    return alike and not _NUMBERED.match(first.text) and last.kind in ("paragraph", "list_item")


def _set_levels(found: list[Paragraph], body: float) -> None:
    """Make headings of what is larger or bolder than the text; a larger one is higher, a number has its own depth."""
    headings = [each for each in found if _heading(each, body)]
    sizes = sorted({round(each.size) for each in headings}, reverse=True)
    for each in headings:
        if each.bullet[:1].isalnum():  # `1. Origins` is no item
            each.text = each.bullet + each.text
        numbered = _NUMBERED.match(each.text)
        each.kind, each.open = "heading", False
        each.level = min(6, 1 + sizes.index(round(each.size)))
        if numbered and numbered["dots"] and each.size <= body * HEADING_RATIO:
            each.level = min(6, max(each.level, 1 + numbered["dots"].count(".")))


def _heading(paragraph: Paragraph, body: float) -> bool:
    text = paragraph.text
    if len(text) > HEADING_CHARS_MAX or not _has_letter(text) or LEADERS in text:
        return False
    if paragraph.kind != "paragraph" and not (paragraph.bullet and (paragraph.bold or paragraph.bullet[0].isalnum())):
        return False
    if paragraph.size >= body * HEADING_RATIO:
        return not text.endswith((",", "，", "。"))
    return paragraph.bold and paragraph.size >= body and text[-1] not in ".。;；,，、"


def _has_letter(text: str) -> bool:
    return any(character.isalpha() for character in text)
