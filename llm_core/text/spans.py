"""A stretch of a text, by its characters. Everything that points into a document speaks in these."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text, counted in code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """What stands there."""
        return text[self.start : self.end]

    def shifted(self, by: int) -> Span:
        """The same stretch of a text that has `by` more characters before it."""
        return Span(self.start + by, self.end + by)
