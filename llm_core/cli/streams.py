"""Text in and out of the command line: UTF-8 out whatever the console, and in whatever the other program writes."""

from __future__ import annotations

import codecs
import getpass
import io
import locale
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from llm_core.errors import UserError
from llm_core.messages import say, system_language
from llm_core.values import shown, shown_path

READ_BYTES = 65_536
STDIN = 0
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def use_utf8() -> None:
    """Write UTF-8 also where the console, or LANG=C, says otherwise; what has no UTF-8 is spelled, never a crash."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            errors = "surrogateescape" if stream is sys.stdin else "backslashreplace"
            stream.reconfigure(encoding="utf-8", errors=errors)


def is_terminal() -> bool:
    """Whether a person types at stdin."""
    return sys.stdin is not None and sys.stdin.isatty()


def read_all() -> str:
    """All of stdin.

    Raises:
        UserError: `text_encoding`.
    """
    return _whole(sys.stdin.buffer.read(), "stdin")


def read_secret(question: str) -> str:
    """A line of stdin that is not shown; a person is asked for it by `question`, a key of the messages."""
    if is_terminal():
        return getpass.getpass(f"{say(system_language(), question)} ")
    return sys.stdin.readline().rstrip("\r\n")


def read_file(path: str) -> str:
    """A text file; `-` is stdin.

    Raises:
        UserError: `file_missing`, `file_unreadable`, `text_encoding`.
    """
    if path == "-":
        return read_all()
    try:
        return _whole(Path(path).read_bytes(), path)
    except FileNotFoundError:
        raise UserError("file_missing", path=shown_path(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError("file_unreadable", path=shown_path(path), reason=reason) from None


def read_lines(path: str | None) -> Iterator[str]:
    """The lines of a file or, where there is none, of stdin, each as soon as it is there.

    Reads the bare descriptor: a thread that waits in Python's own buffer would hang the end of the program.
    """
    if path not in (None, "-"):
        yield from read_file(path).splitlines()
        return
    rest = b""
    while piece := os.read(STDIN, READ_BYTES):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield decoded(line, "stdin").rstrip("\r")
    if rest:
        yield decoded(rest, "stdin").rstrip("\r")


def _whole(content: bytes, source: str) -> str:
    """A whole text in whatever encoding; a line alone would be too little to tell.

    Raises:
        UserError: `text_encoding`.
    """
    from llm_core.text import encoding

    try:
        return encoding.decode(content).text
    except encoding.NotText:
        return decoded(content, source)


def decoded(content: bytes, source: str) -> str:
    """UTF-8, or UTF-16 where it says so, or what this system writes by itself.

    Raises:
        UserError: `text_encoding`.
    """
    own = locale.getencoding()
    marked = [encoding for mark, encoding in MARKS if content.startswith(mark)]
    for encoding in (*marked, "utf-8", own):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise UserError("text_encoding", source=shown(source))
