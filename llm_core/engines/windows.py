"""How a text longer than a model's context is scored: in windows that overlap by half."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens `start` to `end` are read together; those from `judged` on count, the others were counted before."""

    start: int
    judged: int
    end: int


def windows(tokens: int, context: int) -> Iterator[Window]:
    """Windows of at most `context` tokens in which each token but the very first is judged once.

    After the first window every token is judged with at least half a context before it.

    Args:
        tokens: how many there are, the mark of the beginning among them.
        context: at least 2.
    """
    end = min(tokens, context)
    if end > 1:
        yield Window(0, 1, end)
    step = context // 2
    while end < tokens:
        judged, end = end, min(tokens, end + step)
        yield Window(max(0, end - context), judged, end)
