"""In which order a page is read: down one column, then down the next; what stands across both comes between.

A recursive cut: a page is parted at a gutter that few lines cross; those that do cross part it from top to bottom.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from llm_core.documents.pdf_lines import Line

COLUMN_LINES_LEAST = 4  # on both sides of a gutter
CROSSING_MOST = 0.4  # of a page's lines that may stand across its gutter: titles, figures, tables
GUTTER_LEAST = 0.7  # of the letters' size
TEXT_LEAST = 0.45  # of a column's width that a line of running text fills; cells of a table fill less
DEPTH_MAX = 4
KNOWN = 6  # gutters of the pages before that are looked at


def in_reading_order(lines: list[Line], known: list[float], depth: int = 0) -> Iterator[list[Line]]:
    """The lines of one page, column by column; inside a column as they come.

    Args:
        lines: of one page.
        known: where pages before had their gutters, in points; this page's are put to them. A last page with few
            lines is parted where the others were.
        depth: of the recursion.
    """
    gutter = _gutter(lines, known) if depth < DEPTH_MAX else None
    if gutter is None:
        if lines:
            yield lines
        return
    known.append(gutter)
    across = sorted((line for line in lines if line.left < gutter < line.right), key=lambda line: -line.middle)
    rest = [line for line in lines if not line.left < gutter < line.right]
    for band in _bands(across, rest):
        if band[0] in across:
            yield band
            continue
        for side in ([each for each in band if each.right <= gutter], [each for each in band if each.left >= gutter]):
            yield from in_reading_order(side, known, depth + 1)


def _bands(across: list[Line], rest: list[Line]) -> Iterator[list[Line]]:
    """From top to bottom: lines between two that stand across, then those that do, neighbours together."""
    together: list[Line] = []
    for line in across:
        above = [each for each in rest if each.middle > line.middle]
        if above:
            if together:
                yield together
                together = []
            yield above
            rest = [each for each in rest if each.middle <= line.middle]
        together.append(line)
    if together:
        yield together
    if rest:
        yield rest


def _gutter(lines: list[Line], known: list[float]) -> float | None:
    """Where the page is best parted into two columns of running text, in points; None for one column."""
    if not lines:
        return None
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    size = statistics.median(line.size for line in lines)
    edges = sorted({round(line.left) for line in lines if left + 0.2 * (right - left) < line.left < right})
    best: tuple[int, float] | None = None
    for edge in edges:
        gutter = edge - GUTTER_LEAST * size / 2
        least = 1 if any(abs(gutter - each) < size for each in known[-KNOWN:]) else COLUMN_LINES_LEAST
        crossing = sum(line.left < gutter < line.right for line in lines)
        fewer = crossing <= CROSSING_MOST * len(lines) and (best is None or crossing < best[0])
        if fewer and _parts(lines, gutter, size, least):
            best = (crossing, gutter)
    return best[1] if best else None


def _parts(lines: list[Line], gutter: float, size: float, least: int) -> bool:
    """Whether running text stands on both sides of the gutter, beside each other, with a white strip between."""
    before = [line for line in lines if line.right <= gutter]
    after = [line for line in lines if line.left >= gutter]
    if min(len(before), len(after)) < least:
        return False
    for side in (before, after):
        width = max(line.right for line in side) - min(line.left for line in side)
        if statistics.median(line.right - line.left for line in side) < TEXT_LEAST * width or width < 8 * size:
            return False
    low = max(min(line.bottom for line in before), min(line.bottom for line in after))
    high = min(max(line.top for line in before), max(line.top for line in after))
    return high - low > (3 * size if least > 1 else 0)
