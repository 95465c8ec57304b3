"""Which lines are on a page only because they are on every page: titles above, page numbers below."""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence

from llm_core.documents.pdf_lines import Line

EDGE_LINES = 3  # from the top and from the bottom, in which running heads are looked for
REPEATS_LEAST = 3  # pages with the same line at the same height
SAME_HEIGHT = 3.0  # points
_DIGITS = re.compile(r"\d+|(?<![a-z])[ivxl]+(?![a-z])")
_PAGE_NUMBER = re.compile(r"[-–—·\s]*(?:(?:page|第)\s*)?#(?:\s*(?:页|/|of|共|,|，)\s*#?\s*页?){0,3}[-–—·\s]*")


def without_running_heads(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """The pages without the lines that stand at the same height on several: titles above, page numbers below."""
    edges = [_edges(lines) for lines in pages]
    seen = collections.Counter((_pattern(line.text), _height(line)) for page in edges for line in page)
    least = min(REPEATS_LEAST, max(2, len(pages)))
    running = [[line for line in page if _runs(line, number, seen, least)] for number, page in enumerate(edges, 1)]
    heights = collections.Counter(height for page in running for height in {_height(line) for line in page})
    most = max(REPEATS_LEAST, len(pages) / 2)
    kept = []
    for lines, page, known in zip(pages, edges, running, strict=True):
        others = [line for line in _outermost(page) if heights[_height(line)] >= most]  # of a chapter of one page
        dropped = {id(line) for line in [*known, *others]}
        kept.append([line for line in lines if id(line) not in dropped])
    return kept if any(kept) else list(pages)  # each page alike: that is what the document says


def _height(line: Line) -> int:
    return round(line.middle / SAME_HEIGHT)


def _outermost(edge: list[Line]) -> list[Line]:
    if not edge:
        return []
    return [max(edge, key=lambda line: line.middle), min(edge, key=lambda line: line.middle)]


def _edges(lines: list[Line]) -> list[Line]:
    heights = sorted({round(line.middle) for line in lines})
    edge = {*heights[:EDGE_LINES], *heights[-EDGE_LINES:]}
    return [line for line in lines if round(line.middle) in edge]


def _pattern(text: str) -> str:
    return _DIGITS.sub("#", text.lower().strip())


def _runs(line: Line, number: int, seen: collections.Counter[tuple[str, int]], least: int) -> bool:
    """Whether a line at the edge of page `number` is there on other pages too, or is the page's own number."""
    pattern, height = _pattern(line.text), _height(line)
    page_number = bool(_PAGE_NUMBER.fullmatch(pattern))
    if page_number and str(number) in re.findall(r"\d+", line.text):
        return True
    return sum(seen[pattern, height + step] for step in (-1, 0, 1)) >= (2 if page_number else least)
