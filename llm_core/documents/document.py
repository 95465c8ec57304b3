"""A document: one text, and which characters of it are which page, heading and paragraph.

Everything that works on a document speaks in character spans of `Document.text`, so that every claim can be shown at
its place. Knows nothing of file formats.
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from llm_core.messages import Language

Kind = Literal["heading", "paragraph", "list_item", "quote", "code", "row", "caption", "footnote"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CELL_GAP = " | "  # between the cells of a row; never inside one


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item or row of a table: the characters `start` to `end` of the document's text."""

    start: int
    end: int
    kind: Kind = "paragraph"
    page: int | None = None  # where it begins, counted from 1; None where the format has no pages
    heading: tuple[str, ...] = ()  # the headings that it stands under, outermost first, without itself
    level: int = 0  # of a heading 1 to 6; of a list item its depth, from 1; of the rest 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a character stands, as a person would look it up."""

    page: int | None  # counted from 1
    heading: tuple[str, ...]  # outermost first; of a heading, with itself
    paragraph: int  # counted from 1 through the whole document, headings left out; a heading has its next one's


@dataclass(frozen=True)
class Document:
    """One text and its blocks, in order and without overlap; between two blocks stand only line breaks."""

    name: str  # as the person knows it, without folders
    format: str  # "txt", "md", "html", "pdf", "docx", ...
    text: str
    blocks: tuple[Block, ...]
    language: Language | None = None  # None: neither Chinese nor English
    pages: int | None = None  # of the file, also those without text; None where the format has no pages
    pages_without_text: tuple[int, ...] = ()  # counted from 1: pictures of text, or blank
    page_starts: tuple[int, ...] = ()  # the first character of each page; equal neighbours are pages without text

    def text_of(self, block: Block) -> str:
        """The block's own characters."""
        return self.text[block.start : block.end]

    def cells(self, block: Block) -> list[tuple[int, int]]:
        """The characters of each cell of a row, empty ones too; of any other block, those of the block."""
        if block.kind != "row":
            return [(block.start, block.end)]
        spans, at = [], block.start
        for cell in self.text_of(block).split(CELL_GAP):
            spans.append((at, at + len(cell)))
            at += len(cell) + len(CELL_GAP)
        return spans

    def block_at(self, start: int) -> int:
        """The index of the block that holds character `start`, or of the last one before it.

        Raises:
            IndexError: no such character, or a document without blocks.
        """
        if not 0 <= start <= len(self.text) or not self.blocks:
            raise IndexError(f"no character {start} in a text of {len(self.text)}")
        return max(0, bisect.bisect_right(self._starts, start) - 1)

    def place(self, start: int) -> Place:
        """Where character `start` stands.

        Raises:
            IndexError: no such character.
        """
        index = self.block_at(start)
        block = self.blocks[index]
        page = bisect.bisect_right(self.page_starts, start) if self.page_starts else block.page
        heading = (*block.heading, self.text_of(block)) if block.kind == "heading" else block.heading
        return Place(page, heading, self._numbers[index])

    def parts(self, kinds: tuple[Kind, ...] = KINDS) -> Iterator[tuple[int, Block]]:
        """The blocks of these kinds with their index, in order."""
        return ((index, block) for index, block in enumerate(self.blocks) if block.kind in kinds)

    def to_json(self) -> dict[str, Any]:
        """What json.dumps can write; a heading path that many blocks share is written once."""
        paths = list(dict.fromkeys(block.heading for block in self.blocks))
        number = {path: index for index, path in enumerate(paths)}
        rows = [[b.start, b.end, b.kind, b.page, number[b.heading], b.level] for b in self.blocks]
        own = {name: getattr(self, name) for name in ("name", "format", "text", "language", "pages")}
        lists = {name: list(getattr(self, name)) for name in ("pages_without_text", "page_starts")}
        return own | lists | {"headings": [list(path) for path in paths], "blocks": rows}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The document that `to_json` wrote."""
        paths = [tuple(path) for path in value["headings"]]
        blocks = tuple(
            Block(start, end, kind, page, paths[path], level)
            for start, end, kind, page, path, level in value["blocks"]
        )
        own: dict[str, Any] = {name: value[name] for name in ("name", "format", "text", "language", "pages")}
        lists: dict[str, Any] = {name: tuple(value[name]) for name in ("pages_without_text", "page_starts")}
        return cls(blocks=blocks, **own, **lists)

    @functools.cached_property
    def _starts(self) -> list[int]:
        return [block.start for block in self.blocks]

    @functools.cached_property
    def _numbers(self) -> list[int]:
        """The paragraph number of each block."""
        numbers, paragraph = [], 0
        for block in self.blocks:
            paragraph += block.kind != "heading"
            numbers.append(paragraph + (block.kind == "heading"))
        return numbers


def split_cells(text: str, count: int) -> list[str]:
    """The cells of a row that was written as one line, exactly `count`: what is too much stands in the last."""
    cells = [cell.strip() for cell in text.split(CELL_GAP.strip())]
    cells[count - 1 :] = [" ".join(cells[count - 1 :]).strip()]
    return cells + [""] * (count - len(cells))
