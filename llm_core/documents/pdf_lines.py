"""The lines of a PDF page: their words, where they stand and how large they are. PDFium reads, this measures."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

from llm_core.text.normalize import close_gaps, one_line

GAP_MOST = 1.6  # of its size, between two words of one line; wider, and they are two columns or cells
UNKNOWN_MOST = 0.5  # of a page's characters that have no meaning in Unicode: its font says no letters
_HYPHEN = 2  # PDFium's sign for one at the end of a line, which it joins to the next
_WORD = re.compile(r"\S+")
_LINE = re.compile("[^\r\n\x02]+\x02?")
_BOLD = re.compile(rb"bold|black|heavy|demi|[-,_ ]bd\b|simhei|hei(?:ti)?\b|cmbx|xiaobiaosong", re.IGNORECASE)
LEADERS = " … "  # the dots to the page number in a table of contents
_LEADERS = re.compile(r" ?(?:[.·] ?){5,}")
_GAPPED = re.compile(r"(?:[\u3400-\u9fff] ){4}")


@dataclass(slots=True)
class Line:
    """Words that stand beside each other, in points from the page's lower left corner."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float  # of its letters
    bold: bool = False

    @property
    def middle(self) -> float:
        """Half its height up."""
        return (self.bottom + self.top) / 2


def lines(textpage: Any, quarters: int = 0) -> list[Line]:
    """The lines of one page in the file's order; none where its letters mean nothing.

    Args:
        textpage: of pypdfium2.
        quarters: turns by 90° clockwise with which the page is shown.
    """
    count = textpage.count_chars()
    units = [pdfium.FPDFText_GetUnicode(textpage, index) for index in range(count)]
    unknown = sum(unit in (0, 0xFFFD) or 0xE000 <= unit < 0xF900 for unit in units)
    if unknown > UNKNOWN_MOST * count:
        return []
    text = "".join(map(chr, units))
    found: list[Line] = []
    for match in _LINE.finditer(text):
        found += _Measure(textpage, text, quarters).lines(match.start(), match.end())
    return found


class _Measure:
    def __init__(self, textpage: Any, text: str, quarters: int) -> None:
        self._quarters = quarters
        self._page = textpage
        self._text = text
        self._box = pdfium.FS_RECTF()

    def lines(self, start: int, end: int) -> Iterator[Line]:
        """The words from `start` to `end`, parted where a gap is too wide for a blank."""
        line: list[tuple[int, int]] = []
        reach = bottom = top = 0.0
        for word in _WORD.finditer(self._text, start, end):
            left, low, _, high = self._chars(word.start())
            *_, right, _ = self._chars(word.end() - 1)
            wide = left - reach > GAP_MOST * (high - low) or left < reach - 4 * (high - low)
            if line and (wide or not (low < (bottom + top) / 2 < high or bottom < (low + high) / 2 < top)):
                yield self._line(line)
                line = []
            line.append(word.span())
            reach, bottom, top = right, low, high
        if line:
            yield self._line(line)

    def _line(self, words: list[tuple[int, int]]) -> Line:
        start, end = words[0][0], words[-1][1]
        text = self._text[start:end]
        if text[-1] == chr(_HYPHEN):
            text = text[:-1] + "-"
        text = one_line(_LEADERS.sub(LEADERS, text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")))
        first, last = self._chars(start), self._chars(end - 1)
        size, bold = self._font(words[len(words) // 2][0])
        bold = bold and self._font(start)[1] and self._font(words[-1][0])[1]  # a bold word alone makes no heading
        bottom, top = min(first[1], last[1]), max(first[3], last[3])
        return Line(close_gaps(text) if _GAPPED.search(text) else text, first[0], bottom, last[2], top, size, bold)

    def _chars(self, index: int) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of a character with the room its font gives it."""
        pdfium.FPDFText_GetLooseCharBox(self._page, index, self._box)
        left, bottom, right, top = self._box.left, self._box.bottom, self._box.right, self._box.top
        match self._quarters:
            case 1:
                return bottom, -right, top, -left
            case 2:
                return -right, -top, -left, -bottom
            case 3:
                return -top, left, -bottom, right
        return left, bottom, right, top

    def _font(self, index: int) -> tuple[float, bool]:
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(self._page, index, matrix)
        size = pdfium.FPDFText_GetFontSize(self._page, index) * ((matrix.c**2 + matrix.d**2) ** 0.5 or 1.0)
        name = ctypes.create_string_buffer(64)
        pdfium.FPDFText_GetFontInfo(self._page, index, name, len(name), None)
        return size, bool(_BOLD.search(name.value))
