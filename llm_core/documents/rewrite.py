"""A document with other words in it, for translation: txt, md and docx stay so, others become a bilingual docx.

Pure functions over bytes. They parse the original, so that they run in the guard (guard.rewrite). Blocks are told by
their index in `Document.blocks`, as the readers make them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from markdown_it.token import Token

from llm_core.documents import docx, md, txt
from llm_core.documents.bilingual import bilingual
from llm_core.documents.document import split_cells
from llm_core.documents.formats import FORMATS
from llm_core.documents.marks import placed
from llm_core.documents.reading import Reading
from llm_core.documents.rewrite_docx import rewrite_docx
from llm_core.text.normalize import one_line

Texts = Mapping[int, str]
# Encodings that can hold both languages; the rest becomes UTF-8.
_KEPT_ENCODINGS = frozenset(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
_ESCAPED = re.compile(r"[\\`*\[\]]|<(?=[A-Za-z/!?])|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|~~|#(?=#*$)")
_OPENS_BLOCK = re.compile(r"(?:[-+>#=]|\d{1,9}(?=[.)])|~{3}|:?-+:?\s*\|)")


def rewrite(data: bytes, format: str, name: str, texts: Texts, reading: Reading) -> tuple[str, bytes]:
    """The file `data` with `texts` in the place of its blocks.

    Args:
        data: the original.
        format: of formats.FORMATS.
        name: of the file; its ending is kept where the format is.
        texts: index of a block -> what stands there instead; the others stay.
        reading: with the limits; takes the progress of reading a PDF.

    Returns:
        The ending of its name, and its bytes.
    """
    if format in _KEPT:
        return PurePath(name).suffix or f".{format}", _KEPT[format](data, texts, reading)
    reader = next(each for each in FORMATS if each.name == format).reader()
    reader.read(data, reading)
    return ".docx", bilingual(reading.document(name, format), texts)


@dataclass(frozen=True, slots=True)
class _Change:
    start: int
    end: int
    text: str


def _rewrite_txt(data: bytes, texts: Texts, reading: Reading) -> bytes:
    decoded = txt.decoded(data)
    text = txt.broken_by_newline(decoded.text)
    changes = (
        _Change(piece.start, piece.end, one_line(texts[index]))
        for index, piece in enumerate(txt.pieces(text))
        if index in texts
    )
    return _encoded(_changed(text, changes), decoded.text, decoded.encoding)


def _rewrite_md(data: bytes, texts: Texts, reading: Reading) -> bytes:
    decoded = txt.decoded(data)
    text = txt.broken_by_newline(decoded.text)
    changes: list[_Change] = []
    for index, piece in enumerate(md.pieces(text)):
        if index in texts and piece.spans:
            cell = piece.kind == "row"
            parts = split_cells(texts[index], len(piece.spans)) if cell else [one_line(texts[index])]
            # A row may have more cells than the original wrote: those are empty, and stay so.
            for (start, end), token, words in zip(piece.spans, piece.tokens, parts, strict=False):
                changes.append(_Change(start, end, _marked(token, words, cell)))
    return _encoded(_changed(text, changes), decoded.text, decoded.encoding)


_KEPT: dict[str, Callable[[bytes, Texts, Reading], bytes]] = {
    "txt": _rewrite_txt,
    "md": _rewrite_md,
    "docx": lambda data, texts, reading: rewrite_docx(docx.Package(data, reading.limits.inflated_bytes_max), texts),
}


def _changed(text: str, changes: Iterable[_Change]) -> str:
    parts, at = [], 0
    for change in changes:
        parts += [text[at : change.start], change.text]
        at = change.end
    return "".join([*parts, text[at:]])


def _encoded(text: str, original: str, encoding: str) -> bytes:
    if "\r\n" in original:
        text = text.replace("\n", "\r\n")
    return text.encode(encoding if encoding in _KEPT_ENCODINGS else "utf-8", "replace")


@dataclass(slots=True)
class _Mark:
    """Marked words of a Markdown line: where they are in its plain text, and what stands around them."""

    start: int
    end: int
    before: str
    after: str
    kept: bool = False  # a link or a picture: put at the end rather than lost


def _marked(token: Token, words: str, cell: bool) -> str:
    """The new words of an inline token in its own marks."""
    marks = _marks(token)
    old = md.plain(token)
    text, at, lost = "", 0, ""
    spans = placed([(mark.start, mark.end) for mark in marks], old, words)
    for mark, span in sorted(zip(marks, spans, strict=True), key=lambda pair: pair[1] or (len(words), 0)):
        if span:
            start, end = _flanked(words, *span) if mark.before[0] in "*~" else span
            inner = words[start:end]
            text += _escape(words[at:start], cell) + mark.before
            text += (inner if mark.before.startswith(("`", "<")) else _escape(inner, cell)) + mark.after
            at = end
        elif mark.kept:
            lost += f" {mark.before}{_escape(old[mark.start : mark.end].strip(), cell)}{mark.after}"
    text += _escape(words[at:], cell) + lost
    return f"\\{text}" if _OPENS_BLOCK.match(text) and not text[0].isdigit() else _number_escaped(text)


def _flanked(words: str, start: int, end: int) -> tuple[int, int]:
    """The part of a span that emphasis can stand around: `**注意：**用` is none in CommonMark, `**注意**：用` is."""
    while start < end and _outside(words[start]) and start and not _outside(words[start - 1]):
        start += 1
    while start < end and _outside(words[end - 1]) and end < len(words) and not _outside(words[end]):
        end -= 1
    return start, end


def _outside(character: str) -> bool:
    return not character.isalnum()


def _number_escaped(text: str) -> str:
    return re.sub(r"^(\d{1,9})([.)])", r"\1\\\2", text)


def _escape(text: str, cell: bool) -> str:
    text = _ESCAPED.sub(lambda match: "".join(f"\\{character}" for character in match[0]), text)
    return text.replace("|", "\\|") if cell else text


def _marks(token: Token) -> list[_Mark]:
    """The outermost marks of an inline token."""
    marks: list[_Mark] = []
    depth, start = 0, 0
    at = _Offsets(token)
    for child in token.children or []:
        at.add(child)
        if child.nesting > 0:
            if depth == 0:
                start = at.chars
                before, after, kept = _around(child)
            depth += 1
        elif child.nesting < 0:
            depth -= 1
            if depth == 0:
                marks.append(_Mark(start, at.chars, before, after, kept))
        elif depth == 0 and child.type == "code_inline":
            marks.append(_Mark(at.chars - len(child.content), at.chars, child.markup, child.markup))
        elif depth == 0 and child.type == "image":
            target = _target(str(child.attrs.get("src", "")), child)
            marks.append(_Mark(at.chars - len(md.plain(child)), at.chars, "![", target, True))
    return marks


def _around(child: Token) -> tuple[str, str, bool]:
    if child.type == "link_open":
        href = str(child.attrs.get("href", ""))
        return ("<", ">", True) if child.markup == "autolink" else ("[", _target(href, child), True)
    markup = child.markup.replace("_", "*")  # `_` is none inside a word, and Chinese has no blanks around words
    return markup, markup, False


def _target(url: str, child: Token) -> str:
    title = str(child.attrs.get("title", "")).replace('"', '\\"')
    url = f"<{url}>" if re.search(r"[\s()]", url) or not url else url
    return f']({url} "{title}")' if title else f"]({url})"


class _Offsets:
    """How many characters of the plain text an inline token has given so far."""

    def __init__(self, token: Token) -> None:
        self._given = Token("inline", "", 0, children=[])
        self.chars = 0

    def add(self, child: Token) -> None:
        """One more child."""
        assert self._given.children is not None
        self._given.children.append(child)
        self.chars = len(md.plain(self._given))
