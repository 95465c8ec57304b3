"""A web page that was saved: its main text, without scripts, styles, navigation and what it does not show.

Nothing that the page refers to is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import lxml.html
from lxml.etree import ParserError, _Element

from llm_core.documents.document import CELL_GAP, Kind
from llm_core.documents.reading import Reading
from llm_core.documents.txt import decoded
from llm_core.errors import UserError
from llm_core.text.normalize import clean, one_line, squeeze

MAIN_LEAST = 0.25  # of the page's text that a <main> must hold to be believed
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DROPPED = re.compile(
    "script|style|noscript|template|svg|head|iframe|object|embed|canvas|audio|video|button|select|textarea|input|nav|"
    "aside|dialog|map|rt|rp|annotation|annotation-xml"
)
_DROPPED_ROLES = frozenset(["navigation", "search", "banner", "contentinfo", "complementary", "dialog", "menu"])
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?<![\w-])(?:opacity|font-size)\s*:\s*0(?![.\d])", re.IGNORECASE
)
_BLOCKS: dict[str, Kind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("li", "dt", "dd"), "list_item"),
    **dict.fromkeys(("figcaption", "caption"), "caption"),
    "blockquote": "quote",
    "pre": "code",
}
_PLAIN_BLOCKS = re.compile(
    "html|body|p|div|section|article|main|header|footer|address|center|details|summary|fieldset|figure|hr|ul|ol|dl|"
    "menu|table|thead|tbody|tfoot|tr|td|th|colgroup|legend|form"
)
_LISTS = frozenset(["ul", "ol", "dl", "menu"])
_SPACES = re.compile(r"[ \t\n\r\f]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # what lxml gives, but does not take
_BREAK = "\x1e"  # stands for <br> until a block is put together


def read(data: bytes, reading: Reading) -> None:
    """See formats.Reader."""
    hint = _CHARSET.search(data[:4096])
    text = _DECLARATION.sub("", decoded(data, hint[1].decode() if hint else "").text)
    try:
        root = lxml.html.document_fromstring(_CONTROL.sub("", text))
    except ParserError as error:  # no element at all
        raise UserError("document_empty") from error
    for element in list(root.iter()):
        if _dropped(element):
            _remove(element)
    _Walk(reading).element(_main(root))


def _dropped(element: _Element) -> bool:
    if callable(element.tag):  # a comment or an instruction
        return True
    if _DROPPED.fullmatch(element.tag) or element.get("role") in _DROPPED_ROLES:
        return True
    if element.tag in ("header", "footer"):  # of the page, not of an article
        parent = element.getparent()
        return parent is not None and parent.tag == "body" and not (element.tag == "header" and _has_title(element))
    hidden = element.get("hidden") is not None or element.get("aria-hidden") == "true"
    return hidden or bool(_HIDDEN.search(element.get("style") or ""))


def _has_title(element: _Element) -> bool:
    return element.find(".//h1") is not None


def _remove(element: _Element) -> None:
    """Take it out of its parent; the text after it belongs to the parent and stays."""
    parent = element.getparent()
    if parent is None:
        return
    tail = _CONTROL.sub("", element.tail or "")
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def _main(root: _Element) -> _Element:
    """The element that holds the page's own text."""
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = root.findall(path)
        if len(found) == 1 and _length(found[0]) >= MAIN_LEAST * _length(root):
            return found[0]
    return root


def _length(element: _Element) -> int:
    return sum(len(text.strip()) for text in _texts(element))


def _texts(element: _Element) -> Iterator[str]:
    return (str(text) for text in element.itertext())


class _Walk:
    """Through the elements in order, not by recursion: a hostile page nests thousands."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._words: list[str] = []
        self._kinds: list[tuple[Kind, int]] = [("paragraph", 0)]

    def element(self, root: _Element) -> None:
        """All blocks of this element."""
        stack: list[tuple[_Element, bool]] = [(root, False)]
        while stack:
            element, leaving = stack.pop()
            if leaving:
                self._leave(element, element is root)
                continue
            stack.append((element, True))
            if self._enter(element):
                stack += [(child, False) for child in reversed(element)]

    def _enter(self, element: _Element) -> bool:
        """Take in its start; whether its children are still to be walked."""
        tag = str(element.tag)
        if tag == "br":
            self._words.append(_BREAK)
        if tag == "pre":
            self._flush()
            self._reading.add(squeeze(clean("".join(_texts(element)))).strip("\n"), "code")
            return False
        if tag == "tr" and _flat(element):
            self._flush()
            cells = [one_line(" ".join(_texts(cell))).replace(CELL_GAP, " / ") for cell in element]
            if any(cells):
                self._reading.add(CELL_GAP.join(cells), "row")
            return False
        if tag in _BLOCKS or _PLAIN_BLOCKS.fullmatch(tag):
            self._flush()
            if tag in _BLOCKS:
                self._kinds.append((_BLOCKS[tag], _level(element)))
        self._words.append(element.text or "")
        return True

    def _leave(self, element: _Element, last: bool) -> None:
        if last or str(element.tag) in _BLOCKS or _PLAIN_BLOCKS.fullmatch(str(element.tag)):
            self._flush()
            if element.tag in _BLOCKS and element.tag != "pre":
                self._kinds.pop()
        if not last:
            self._words.append(element.tail or "")

    def _flush(self) -> None:
        """What has been gathered is a block; two line breaks in a row part it into two."""
        lines = _SPACES.sub(" ", "".join(self._words)).split(_BREAK)
        self._words.clear()
        kind, level = self._kinds[-1]
        group: list[str] = []
        for line in [*map(one_line, lines), ""]:
            if line:
                group.append(line)
            elif group:
                self._reading.add(" ".join(group) if kind == "heading" else "\n".join(group), kind, level)
                group = []


def _level(element: _Element) -> int:
    tag = str(element.tag)
    if _BLOCKS[tag] == "heading":
        return int(tag[1])
    if _BLOCKS[tag] != "list_item":
        return 0
    return max(1, sum(above.tag in _LISTS for above in element.iterancestors()))


def _flat(row: _Element) -> bool:
    """Whether a row is one of data: its cells hold words, not paragraphs or tables."""
    inner = sum(1 for _ in row.iterdescendants("table", "p", "ul", "ol", "div", "h1", "h2", "h3"))
    return inner <= len(row) and row.find(".//table") is None and len(row) > 1
