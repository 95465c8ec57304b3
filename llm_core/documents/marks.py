"""Where emphasis, links and code of a sentence go in its translation: found again by what survives translation.

Names, numbers, code and URLs come out as they went in; a label before a colon stays one. What is not found is lost
rather than put in a wrong place, and the caller decides what may be lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Span = tuple[int, int]
LABEL_CHARS_MAX = 60
_COLON = re.compile(r"[:：]")
_MEANS = re.compile(r"\w")


def placed(spans: Sequence[Span], old: str, new: str) -> list[Span | None]:
    """The characters of `new` that correspond to each span of `old`, without overlap; None where there are none.

    Args:
        spans: marked characters of `old`, in order, not overlapping.
        old: the source.
        new: its translation.

    >>> placed([(0, 5), (10, 15)], "Note: see torch now", "注意：现在看torch")
    [(0, 3), (6, 11)]
    """
    taken: list[Span] = []
    found: list[Span | None] = []
    for start, end in spans:
        span = _label(start, end, old, new) or _same(old[start:end].strip(), new, taken)
        if span is None and old[start:end].strip() == old.strip():
            span = (0, len(new))
        if span and any(span[0] < other[1] and other[0] < span[1] for other in taken):
            span = None
        if span:
            taken.append(span)
        found.append(span)
    return found


def _label(start: int, end: int, old: str, new: str) -> Span | None:
    """`Note:` at the beginning."""
    words = old[start:end].rstrip()
    inside = words.endswith((":", "："))
    if (
        old[:start].strip()
        or len(words) > LABEL_CHARS_MAX
        or not (inside or old[end:].lstrip().startswith((":", "：")))
    ):
        return None
    colon = _COLON.search(new, 0, LABEL_CHARS_MAX * 2)
    return (0, colon.end() if inside else colon.start()) if colon else None


def _same(words: str, new: str, taken: list[Span]) -> Span | None:
    """The first place of the same words that is not taken."""
    if not _MEANS.search(words):
        return None
    after = taken[-1][1] if taken else 0
    # `\b` would not part Latin from Chinese: both are letters to it.
    pattern = re.compile(rf"(?<![A-Za-z0-9]){re.escape(words)}(?![A-Za-z0-9])", re.IGNORECASE)
    match = pattern.search(new, after) or pattern.search(new)
    return match.span() if match else None
