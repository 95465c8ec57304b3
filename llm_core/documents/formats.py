"""Which formats can be read, and which one a file is: decided by its content, its name being a hint.

A new format is one module with `read(data, reading)` and one line in FORMATS.
"""

from __future__ import annotations

import importlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Protocol, cast

from llm_core.documents.reading import Reading
from llm_core.errors import UserError
from llm_core.text.encoding import SAMPLE_BYTES, NotText, decode

HEAD_BYTES = 4096
NAME_CHARS_MAX = 120


class Reader(Protocol):
    """The module of one format."""

    def read(self, data: bytes, reading: Reading) -> None:
        """Put the blocks of the file `data` into `reading`.

        Raises:
            UserError: it cannot be read, for a reason that the person can do something about.
            Exception: it is damaged; whatever a parser raises is told as `document_broken`.
        """


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file."""

    name: str  # of its module
    suffixes: tuple[str, ...]
    looks: Callable[[Sample], bool] | None = None  # None: a text that only its name tells

    def reader(self) -> Reader:
        """Its module, loaded when it is needed."""
        return cast(Reader, importlib.import_module(f"llm_core.documents.{self.name}"))


@dataclass(frozen=True, slots=True)
class Sample:
    """What is looked at to tell a file's format."""

    head: bytes
    members: frozenset[str]  # of a zip archive


def _html(sample: Sample) -> bool:
    start = sample.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1024].lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or (
        start.startswith((b"<?xml", b"<!--")) and b"<html" in start
    )


def _docx(sample: Sample) -> bool:
    return any(name.startswith("word/document") for name in sample.members)


FORMATS = (
    Format("pdf", (".pdf",), lambda sample: b"%PDF-" in sample.head[:1024]),
    Format("docx", (".docx", ".docm", ".dotx"), _docx),
    Format("html", (".html", ".htm", ".xhtml"), _html),
    Format("md", (".md", ".markdown", ".mdown")),
    Format("txt", (".txt", ".text", ".log")),
)
SUFFIXES = tuple(suffix for each in FORMATS for suffix in each.suffixes)  # for a face that lets people choose files

# What people send that is none of these, by its first bytes.
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Word before 2007; also a new one with a password
_BINARY = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!",
           b"\x7fELF", b"MZ", b"ID3",
           b"RIFF", b"OggS", b"SQLite format 3", b"\x00asm", b"II*\x00", b"MM\x00*", b"{\\rtf")  # fmt: skip


def plain_name(name: str) -> str:
    """The name alone: no folder of any system, no control characters, not too long to show.

    >>> plain_name("C:\\\\Users\\\\me\\\\..\\\\a.txt"), plain_name("../../etc/passwd"), plain_name("/")
    ('a.txt', 'passwd', '?')
    """
    last = PureWindowsPath(PurePosixPath(name).name).name
    last = "".join(character for character in last if character.isprintable()).strip()
    if len(last) > NAME_CHARS_MAX:
        suffix = PurePosixPath(last).suffix[:10]
        last = last[: NAME_CHARS_MAX - len(suffix) - 1] + "…" + suffix
    return last if last.strip(".") else "?"


def format_of(data: bytes, name: str) -> Format:
    """The format of the file `data`.

    Raises:
        UserError: `document_unknown`, `document_mismatch`, `document_old_word`, `document_locked`,
            `document_empty`.
    """
    suffix = PurePosixPath(name.lower()).suffix
    named = next((each for each in FORMATS if suffix in each.suffixes), None)
    sample = Sample(data[:HEAD_BYTES], _members(data))
    if not data.strip():
        raise UserError("document_empty")
    for each in FORMATS:
        if each.looks and each.looks(sample):
            text_alone = named is not None and named.looks is None and each.name == "html"
            return named if named and text_alone else each  # a page saved as .txt or .md is read as what it is called
    if data.startswith(_OLE):
        raise UserError("document_locked" if b"E\0n\0c\0r\0y\0p\0t\0e\0d" in data else "document_old_word")
    if named and named.looks and data.startswith(_ZIP) and not sample.members:  # cut off, or overwritten
        raise UserError("document_broken")
    if data.startswith(_BINARY):
        raise UserError("document_mismatch") if named else _unknown(suffix)
    if named is None and suffix and not _is_text(data):
        raise _unknown(suffix)
    if named and named.looks and named.name != "html":
        raise UserError("document_broken")
    return named or FORMATS[-1]


def _is_text(data: bytes) -> bool:
    """Whether a file of an unknown name can be read as plain text: notes.v2, a program, a log."""
    try:
        decode(data[:SAMPLE_BYTES])
    except NotText:
        return False
    return True


def _unknown(suffix: str) -> UserError:
    return UserError("document_unknown", suffix=suffix or "?", known=", ".join(each.name for each in FORMATS))


def _members(data: bytes) -> frozenset[str]:
    if not data.startswith(_ZIP):
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return frozenset()
