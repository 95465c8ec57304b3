"""What a reader of one format is given: limits, a place to say how far it is, and a place to put its blocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from llm_core.documents.document import Block, Document, Kind
from llm_core.documents.languages import document_language
from llm_core.errors import UserError

PROGRESS_S = 0.1  # between two reports of how far reading is
HEADING_CHARS_MAX = 200  # of a heading in the path of what stands under it
_CLOSE: set[Kind] = {"list_item", "row", "code"}  # neighbours of one of these kinds stand on the next line


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost; the fields of settings.py with the same names after `document_`."""

    bytes_max: int = 100_000_000
    inflated_bytes_max: int = 400_000_000
    chars_max: int = 5_000_000
    pages_max: int = 3_000
    seconds_max: float = 120
    memory_mib_max: int = 1_024

    def to_json(self) -> dict[str, Any]:
        """What the worker is told."""
        return asdict(self)


class Turn(NamedTuple):
    """From character `offset` of a block on, it stands on page `page`."""

    offset: int
    page: int


@dataclass
class Reading:
    """A document that is being read. A reader calls `add` for each block in order, and `say` as it gets on."""

    limits: Limits = field(default_factory=Limits)
    report: Callable[[int, int], None] | None = None  # (pages done, pages in all)
    _parts: list[str] = field(default_factory=list)
    _blocks: list[Block] = field(default_factory=list)
    _turns: list[Turn] = field(default_factory=list)  # offsets in the whole text
    _headings: list[tuple[int, str]] = field(default_factory=list)
    _chars: int = 0
    _said: float = 0.0
    pages: int | None = None
    pages_without_text: list[int] = field(default_factory=list)

    def say(self, done: int, total: int) -> None:
        """How many of the pages have been read; not more often than anyone can see."""
        now = time.monotonic()
        if self.report and (now - self._said >= PROGRESS_S or done == total):
            self._said = now
            self.report(done, total)

    def add(self, text: str, kind: Kind = "paragraph", level: int = 0, pages: tuple[Turn, ...] = ()) -> int:
        """Put the next block at the end of the document.

        Args:
            text: its characters, cleaned (llm_core.text.normalize); a block of blanks alone is none.
            kind: what it is.
            level: of a heading 1 to 6, of a list item its depth.
            pages: where its pages begin, the first at offset 0; empty where the format has no pages.

        Returns:
            Its index, -1 for none.

        Raises:
            UserError: `document_too_long`.
        """
        if not text.strip():
            return -1
        if self._blocks:
            close = kind in _CLOSE and self._blocks[-1].kind == kind
            self._put("\n" if close else "\n\n")
        start = self._chars
        self._put(text)
        self._turns += [Turn(start + turn.offset, turn.page) for turn in pages]
        if kind == "heading":
            self._headings = [(above, name) for above, name in self._headings if above < level]
        path = tuple(name for _, name in self._headings)
        self._blocks.append(Block(start, self._chars, kind, pages[0].page if pages else None, path, level))
        if kind == "heading":
            self._headings.append((level, text[:HEADING_CHARS_MAX]))
        return len(self._blocks) - 1

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._chars += len(text)
        if self._chars > self.limits.chars_max:
            raise UserError("document_too_long", limit=self.limits.chars_max)

    def document(self, name: str, format: str) -> Document:
        """What has been read.

        Raises:
            UserError: `document_scanned`, `document_empty`.
        """
        text = "".join(self._parts)
        if not self._blocks:
            if self.pages:
                raise UserError("document_scanned", pages=self.pages)
            raise UserError("document_empty")
        return Document(
            name=name,
            format=format,
            text=text,
            blocks=tuple(self._blocks),
            language=document_language(text),
            pages=self.pages,
            pages_without_text=tuple(self.pages_without_text),
            page_starts=self._page_starts(),
        )

    def _page_starts(self) -> tuple[int, ...]:
        """The first character of each page; a page without text begins where the next one does."""
        starts: list[int] = [self._chars] * (self.pages or 0)
        for turn in reversed(self._turns):
            starts[turn.page - 1] = turn.offset
        for index in range(len(starts) - 2, -1, -1):
            starts[index] = min(starts[index], starts[index + 1])
        if starts:
            starts[0] = 0
        return tuple(starts)
