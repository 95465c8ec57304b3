"""A Word document with other words in it: styles, runs, links, pictures, notes and tables stay.

The words of a paragraph are put into copies of its own runs. What is no text (pictures, notes, bookmarks) keeps its
place in the paragraph; how it is found again is in marks.py.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree
from lxml.etree import _Element

from llm_core.documents import docx
from llm_core.documents.document import split_cells
from llm_core.documents.docx import W
from llm_core.documents.marks import placed
from llm_core.text.normalize import clean, one_line

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FORMULAS = (f"{_MATH}oMath", f"{_MATH}oMathPara")
_WRAPPERS = frozenset(
    f"{W}{name}" for name in ("ins", "moveTo", "smartTag", "sdt", "sdtContent", "fldSimple", "customXml")
)
_GONE = frozenset(
    f"{W}{name}" for name in ("del", "moveFrom", "proofErr", "lastRenderedPageBreak", "sdtPr", "sdtEndPr")
)
_FIELD = frozenset([f"{W}fldChar", f"{W}instrText"])
_WORDS = frozenset(f"{W}{name}" for name in ("t", "tab", "br", "cr", "noBreakHyphen"))
SNAP_CHARS = 12  # within which something is moved on to the end of a word
_STOP = re.compile(r"[\s，。、；：！？,.;:!?)）”]|$")


@dataclass(slots=True)
class _Part:
    """Words of one format, or something that is no text and stands among them."""

    element: _Element  # a run without words, or what stays as it is
    text: str = ""
    link: _Element | None = None
    fixed: bool = False  # a formula: words that stay as they are

    @property
    def format(self) -> tuple[bytes, int]:
        """What makes two runs look the same."""
        properties = self.element.find(f"{W}rPr")
        return (
            b"" if properties is None else etree.tostring(properties),
            id(self.link) if self.link is not None else 0,
        )


@dataclass(slots=True)
class _Line:
    """A paragraph taken apart."""

    parts: list[_Part] = field(default_factory=list)
    things: list[tuple[int, _Element]] = field(default_factory=list)  # at which character each stood

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


def rewrite_docx(package: docx.Package, texts: Mapping[int, str]) -> bytes:
    """The package with `texts` in the place of the blocks that docx.pieces gives.

    Raises:
        UserError: as docx.pieces.
    """
    changed = set()
    for index, piece in enumerate(list(docx.pieces(package))):
        if index in texts:
            changed.add(piece.part)
            words = split_cells(texts[index], len(piece.cells)) if piece.kind == "row" else [texts[index]]
            for paragraphs, new in zip(piece.cells, words, strict=True):
                for number, paragraph in enumerate(paragraphs):
                    _replace(paragraph, one_line(new) if number == 0 else "")
    return _packed(package, changed)


def _packed(package: docx.Package, changed: set[str]) -> bytes:
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in package.archive.infolist():
            tree = package.tree(member.filename) if member.filename in changed else None
            if tree is None:
                archive.writestr(member.filename, package.member(member.filename), member.compress_type)
            else:
                text = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
                archive.writestr(member.filename, text)
    return result.getvalue()


def _replace(paragraph: _Element, new: str) -> None:
    """Put the words `new` into the paragraph, in its own formats."""
    line = _taken_apart(paragraph)
    if not line.parts:
        return
    old = line.text
    pieces = _pieces(line, new)
    things = [(_moved(at, old, new), element) for at, element in _without_closed_fields(line.things)]
    for child in [child for child in paragraph if child.tag != f"{W}pPr"]:
        paragraph.remove(child)
    at = 0
    for part, words in pieces:
        end = at + len(words)
        while things and things[0][0] < end:
            place, element = things.pop(0)
            _put(paragraph, part, words[: place - at])
            paragraph.append(element)
            words, at = words[place - at :], place
        _put(paragraph, part, words)
        at = end
    for _, element in things:
        paragraph.append(element)


def _taken_apart(paragraph: _Element) -> _Line:
    line = _Line()
    for element, link in _children(paragraph, None):
        if element.tag == f"{W}r":
            _take_run(line, element, link)
        elif element.tag in _FORMULAS:
            words = "".join(str(text) for text in element.itertext())
            line.parts.append(_Part(element, words, None, True))
        else:
            line.things.append((len(line.text), element))
    return line


def _children(element: _Element, link: _Element | None) -> Iterator[tuple[_Element, _Element | None]]:
    """What stands in a paragraph, out of what only wraps it, each with the link around it."""
    for child in list(element):
        if child.tag in _WRAPPERS:
            yield from _children(child, link)
        elif child.tag == f"{W}hyperlink":
            yield from _children(child, child)
        elif child.tag not in _GONE and child.tag != f"{W}pPr":
            yield child, link


def _take_run(line: _Line, run: _Element, link: _Element | None) -> None:
    """The words of a run as a part, and the rest of it as a thing after them."""
    vanish = run.find(f"{W}rPr/{W}vanish")
    if vanish is not None and vanish.get(f"{W}val") not in ("0", "false"):
        line.things.append((len(line.text), run))
        return
    words = "".join(text for element, text in docx.leaves(run) if element.getparent() is run)
    page_break = run.find(f"{W}br[@{W}type='page']") is not None
    for child in list(run):
        if child.tag in _WORDS and not (page_break and child.tag == f"{W}br"):
            run.remove(child)
    for fallback in list(run.iter(docx.FALLBACK)):
        above = fallback.getparent()
        if above is not None and fallback.find(f".//{W}txbxContent") is not None:
            above.remove(fallback)  # the same words once more, for old programs: they would stay untranslated
    rest = [child for child in run if child.tag not in (f"{W}rPr", f"{W}lastRenderedPageBreak")]
    if words:
        template = copy.deepcopy(run)
        for child in [child for child in template if child.tag != f"{W}rPr"]:
            template.remove(child)
        line.parts.append(_Part(template, clean(words), link))
    if rest:
        line.things.append((len(line.text), run))


def _without_closed_fields(things: list[tuple[int, _Element]]) -> list[tuple[int, _Element]]:
    """Things without the marks of fields that begin and end here: what such a field showed is plain text now."""
    marks = [mark.get(f"{W}fldCharType") for _, element in things for mark in element.iter(f"{W}fldChar")]
    if marks.count("begin") != marks.count("end") or (marks and marks[0] != "begin"):
        return things
    return [(at, element) for at, element in things if not any(child.tag in _FIELD for child in element)]


def _pieces(line: _Line, new: str) -> list[tuple[_Part, str]]:
    """The new words in runs: most in the format that most of the old ones had, marked ones in their own."""
    spans: list[tuple[int, int, _Part]] = []
    at = 0
    for part in line.parts:
        last = spans[-1] if spans else None
        if last and last[2].format == part.format and not part.fixed and not last[2].fixed:
            spans[-1] = (last[0], at + len(part.text), last[2])
        else:
            spans.append((at, at + len(part.text), part))
        at += len(part.text)
    main = max(spans, key=lambda span: (not span[2].fixed, span[2].link is None, span[1] - span[0]))[2]
    marked = [span for span in spans if span[2].fixed or span[2].format != main.format]
    places = placed([(start, end) for start, end, _ in marked], line.text, new)
    pieces: list[tuple[_Part, str]] = []
    at = 0
    found = [(place, part) for place, (_, _, part) in zip(places, marked, strict=True) if place]
    for (start, end), part in sorted(found, key=lambda pair: pair[0]):
        pieces += [(main, new[at:start]), (part, new[start:end])]
        at = end
    pieces.append((main, new[at:]))
    for (start, end, part), place in zip(marked, places, strict=True):
        if place is None and (part.fixed or part.link is not None):  # rather at the end than lost
            pieces += [(main, " "), (part, line.text[start:end])]
    return pieces


def _moved(at: int, old: str, new: str) -> int:
    """Where in the new words something stands that stood at character `at` of the old ones: after a whole word."""
    if at <= len(old) - len(old.lstrip()):
        return 0
    if at >= len(old.rstrip()):
        return len(new)
    guess = round(at / len(old) * len(new))
    stop = _STOP.search(new, guess)
    return stop.start() if stop and stop.start() - guess <= SNAP_CHARS else guess


def _put(paragraph: _Element, part: _Part, words: str) -> None:
    """A run of these words at the end of the paragraph, in a copy of its link."""
    if part.fixed:
        if words:
            paragraph.append(part.element)
        return
    if not words:
        return
    run = copy.deepcopy(part.element)
    text = etree.SubElement(run, f"{W}t")
    text.text = words
    text.set(_SPACE, "preserve")
    if part.link is None:
        paragraph.append(run)
        return
    link = etree.SubElement(paragraph, f"{W}hyperlink")
    for name, value in part.link.items():
        link.set(name, value)
    link.append(run)
