"""Word documents: headings by style, lists, tables, footnotes and text boxes, in order; no hidden text.

Read with zipfile and lxml, never loading what a document refers to. `Package` and `pieces` serve rewrite.py too.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree
from lxml.etree import _Element

from llm_core.documents.document import CELL_GAP, Kind
from llm_core.documents.reading import Reading
from llm_core.errors import UserError
from llm_core.text.normalize import one_line

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"  # the same under another name: ISO 29500 Strict
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_HEADING = re.compile(r"(?:heading|标题)\s*([1-9])", re.IGNORECASE)
_TITLE = re.compile(r"title|标题", re.IGNORECASE)
_CAPTION = re.compile(r"caption|题注", re.IGNORECASE)
_QUOTE = re.compile(r"(?:intense )?quote|引用|明显引用", re.IGNORECASE)
CELL_PARAGRAPHS_MAX = 3  # a table with a cell of more is there for the layout: its paragraphs are blocks
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of the document and the paragraphs that hold it: one, or for a row the list of each cell's."""

    text: str
    kind: Kind
    level: int
    cells: tuple[tuple[_Element, ...], ...]
    part: str  # the member of the archive that it stands in


@dataclass
class Style:
    """What the style of a paragraph says, with what it is based on."""

    kind: Kind = "paragraph"
    level: int = 0


def read(data: bytes, reading: Reading) -> None:
    """See formats.Reader."""
    for piece in pieces(Package(data, reading.limits.inflated_bytes_max)):
        reading.add(piece.text, piece.kind, piece.level)


class Package:
    """The archive that a Word document is, opened within limits."""

    def __init__(self, data: bytes, inflated_bytes_max: int) -> None:
        self.archive = zipfile.ZipFile(io.BytesIO(data))
        self._left = inflated_bytes_max
        self._limit = inflated_bytes_max
        self._trees: dict[str, _Element] = {}
        self.main = next(
            (target for kind, target in self._relations("") if kind.endswith("/officeDocument")), "word/document.xml"
        )
        self.related = {kind.rpartition("/")[2]: target for kind, target in self._relations(self.main)}

    def member(self, name: str) -> bytes:
        """The bytes of a member, inflated in pieces: what its header says of its size is not believed.

        Raises:
            UserError: `document_bomb`.
            KeyError: there is none.
        """
        parts = []
        with self.archive.open(name) as file:
            while chunk := file.read(CHUNK_BYTES):
                self._left -= len(chunk)
                if self._left < 0:
                    raise UserError("document_bomb", limit=self._limit)
                parts.append(chunk)
        return b"".join(parts)

    def tree(self, name: str) -> _Element | None:
        """The XML of a member, parsed once; None where there is no such member.

        Raises:
            UserError: `document_entities`.
        """
        if name not in self._trees:
            try:
                data = self.member(name)
            except KeyError:
                return None
            if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data[:65536]:
                raise UserError("document_entities")
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
            self._trees[name] = etree.fromstring(data.replace(_STRICT, W[1:-1].encode()), parser)
        return self._trees[name]

    def _relations(self, part: str) -> Iterator[tuple[str, str]]:
        """What a part refers to inside the archive: (type, member)."""
        folder, name = posixpath.split(part)
        tree = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        for relation in tree.iter(_RELATION) if tree is not None else ():
            if relation.get("TargetMode") != "External":
                target = posixpath.join("/", folder, relation.get("Target", ""))
                yield relation.get("Type", ""), posixpath.normpath(target).lstrip("/")


def pieces(package: Package) -> Iterator[Piece]:
    """The blocks of the document, footnotes and endnotes last; none without words.

    Raises:
        UserError: `document_broken`, `document_bomb`, `document_entities`.
    """
    root = package.tree(package.main)
    body = root.find(f"{W}body") if root is not None else None
    if root is None or body is None:
        raise UserError("document_broken")
    styles = _styles(package)
    yield from _Walk(package.main, styles).blocks(body)
    for kind in ("footnotes", "endnotes"):
        part = package.related.get(kind, "")
        notes = package.tree(part) if part else None
        for note in notes if notes is not None else ():
            if note.get(f"{W}type") is None:  # the others draw the line above the notes
                for paragraph in note.iter(f"{W}p"):
                    if words := words_of(paragraph):
                        yield Piece(words, "footnote", 0, ((paragraph,),), part)


def _styles(package: Package) -> dict[str, Style]:
    """What each style of paragraphs makes of them."""
    tree = package.tree(package.related.get("styles", ""))
    if tree is None:
        return {}
    elements = {style.get(f"{W}styleId", ""): style for style in tree.iter(f"{W}style")}
    return {name: _style(name, elements) for name in elements}


def _style(name: str, elements: dict[str, _Element]) -> Style:
    seen: set[str] = set()
    while name in elements and name not in seen:
        seen.add(name)
        element = elements[name]
        title = _value(element.find(f"{W}name"))
        outline = _value(element.find(f"{W}pPr/{W}outlineLvl"))
        if outline.isdigit() and int(outline) < 9:
            return Style("heading", min(6, int(outline) + 1))
        if match := _HEADING.fullmatch(title):
            return Style("heading", min(6, int(match[1])))
        for pattern, found in ((_TITLE, Style("heading", 1)), (_CAPTION, Style("caption")), (_QUOTE, Style("quote"))):
            if pattern.fullmatch(title):
                return found
        if element.find(f"{W}pPr/{W}numPr") is not None:
            level = _value(element.find(f"{W}pPr/{W}numPr/{W}ilvl"))
            return Style("list_item", 1 + int(level) if level.isdigit() else 1)
        name = _value(element.find(f"{W}basedOn"))
    return Style()


def _value(element: _Element | None) -> str:
    return "" if element is None else element.get(f"{W}val", "")


@dataclass
class _Walk:
    part: str
    styles: dict[str, Style]
    boxes: list[_Element] = field(default_factory=list)

    def blocks(self, container: _Element) -> Iterator[Piece]:
        """Paragraphs and rows in order; what a text box holds follows the paragraph that it hangs on."""
        for element in container:
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{W}tbl":
                yield from self._table(element)
            elif element.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins", f"{W}moveTo"):
                yield from self.blocks(element)

    def _paragraph(self, paragraph: _Element) -> Iterator[Piece]:
        if words := words_of(paragraph):
            kind, level = self._kind(paragraph)
            yield Piece(words, kind, level, ((paragraph,),), self.part)
        for box in paragraph.iter(f"{W}txbxContent"):
            # Each is there twice, for new and for old programs; one inside another comes with the outer one.
            if not any(above.tag in (FALLBACK, f"{W}txbxContent") for above in _up_to(box, paragraph)):
                yield from self.blocks(box)

    def _kind(self, paragraph: _Element) -> tuple[Kind, int]:
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return "paragraph", 0
        style = self.styles.get(_value(properties.find(f"{W}pStyle")), Style())
        outline = _value(properties.find(f"{W}outlineLvl"))
        if outline.isdigit() and int(outline) < 9:
            return "heading", min(6, int(outline) + 1)
        number = properties.find(f"{W}numPr")
        if style.kind != "heading" and number is not None and _value(number.find(f"{W}numId")) != "0":
            level = _value(number.find(f"{W}ilvl"))
            return "list_item", 1 + int(level) if level.isdigit() else 1
        return style.kind, style.level

    def _table(self, table: _Element) -> Iterator[Piece]:
        rows = [[cell for cell in row.iter(f"{W}tc") if _row_of(cell) is row] for row in table.iter(f"{W}tr")
                if _table_of(row) is table]  # fmt: skip
        filled = [[tuple(p for p in cell.iter(f"{W}p") if words_of(p)) for cell in row] for row in rows]
        if any(len(cell) > CELL_PARAGRAPHS_MAX for row in filled for cell in row):
            for row in rows:
                for cell in row:
                    yield from self.blocks(cell)
            return
        for cells in filled:
            words = [" ".join(words_of(p) for p in cell).replace(CELL_GAP, " / ") for cell in cells]
            if any(words):
                yield Piece(CELL_GAP.join(words), "row", 0, tuple(cells), self.part)


def _up_to(element: _Element, top: _Element) -> Iterator[_Element]:
    for above in element.iterancestors():
        if above is top:
            return
        yield above


def _row_of(cell: _Element) -> _Element | None:
    return next(cell.iterancestors(f"{W}tr"), None)


def _table_of(row: _Element) -> _Element | None:
    return next(row.iterancestors(f"{W}tbl"), None)


def words_of(paragraph: _Element) -> str:
    """What a reader sees of a paragraph, on one line, without the text boxes that hang on it."""
    return one_line("".join(text for _, text in leaves(paragraph)))


def leaves(paragraph: _Element) -> Iterator[tuple[_Element, str]]:
    """The elements of a paragraph that show characters, with these: text, tabs, breaks, formulas."""
    for element in paragraph.iter(f"{W}t", f"{W}tab", f"{W}br", f"{W}cr", f"{W}noBreakHyphen", _MATH_TEXT):
        shown = _SHOWN.get(str(element.tag)) or element.text or ""
        if shown and _visible(element, paragraph):
            yield element, shown


_SHOWN = {f"{W}tab": " ", f"{W}br": " ", f"{W}cr": " ", f"{W}noBreakHyphen": "-"}
_UNSEEN = frozenset([FALLBACK, f"{W}txbxContent", f"{W}del", f"{W}moveFrom", f"{W}tabs"])


def _visible(element: _Element, paragraph: _Element) -> bool:
    for above in _up_to(element, paragraph):
        if above.tag in _UNSEEN:
            return False
        if above.tag == f"{W}r":
            hidden = above.find(f"{W}rPr/{W}vanish")
            if hidden is not None and _value(hidden) not in ("0", "false"):
                return False
    return True


BROKEN = (zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, EOFError)
