"""What a running task says, on a terminal: one line of progress on stderr that rewrites itself, notices below it."""

from __future__ import annotations

import shutil
import sys
import time
import unicodedata
from typing import TextIO

from llm_core.events import Event, Notice, Progress
from llm_core.messages import Language, say, write_bytes

REWRITE_EVERY_S = 0.2
INTERNAL = ("model", "file")  # notices that are said to faces, not to people
LINE_EVERY_S = 10.0  # where stderr is a file, a line now and then is enough


class ProgressLine:
    """Shows progress and notices of one task.

    Args:
        language: of the sentences.
        stream: stderr by default.
    """

    def __init__(self, language: Language, stream: TextIO | None = None) -> None:
        self._language = language
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._last = (
            -REWRITE_EVERY_S if self._live else time.monotonic()
        )  # in a file, short waits are not worth a line
        self._said = self._live
        self._written = 0  # columns of the line that stands there
        self._line = ""  # what it says

    def show(self, event: Event) -> None:
        """Write what the event says, where it says anything on a terminal."""
        match event:
            case Progress():
                self._progress(event)
            case Notice() if event.code not in INTERNAL:
                self.clear()
                print(say(self._language, f"notices.{event.code}", **event.facts), file=self._stream, flush=True)

    def passing(self, event: Event) -> Event:
        """Show an event on its way to somebody else."""
        self.show(event)
        return event

    def clear(self) -> None:
        """Take the line away, so that other text can follow."""
        if self._written:
            print("\r" + " " * self._written + "\r", end="", file=self._stream, flush=True)
            self._written = 0

    def _progress(self, event: Progress) -> None:
        every = REWRITE_EVERY_S if self._live else LINE_EVERY_S
        whole = event.total is not None and event.done >= event.total
        if time.monotonic() - self._last < every and not (whole and self._said):
            return
        line = f"{say(self._language, f'stages.{event.stage}')} {figures(event)}{self._left(event)}".rstrip()
        if line == self._line and not self._live:
            return
        self._said, self._line = True, line
        self._last = time.monotonic()
        if self._live:
            line = cut(line, shutil.get_terminal_size().columns - 1)  # a line that wraps cannot be rewritten
            over = " " * (self._written - width(line))
            print(f"\r{line}{over}", end="", file=self._stream, flush=True)
            self._written = width(line)
        else:
            print(line, file=self._stream, flush=True)

    def _left(self, event: Progress) -> str:
        """How long it will still take, where the task can tell."""
        left = round(event.seconds_left or 0)
        return "  " + say(self._language, "terminal.left", t=left) if left else ""


def figures(event: Progress) -> str:
    """The two figures of a progress, in its unit: "305 MB / 1.1 GB  27%"; none where nothing is counted."""
    if not event.done and not event.total:
        return ""
    match event.unit:
        case "bytes":
            done, total = write_bytes(event.done), write_bytes(event.total or 0)
        case "seconds":
            done, total = f"{event.done:.0f} s", ""
        case _:
            done, total = f"{event.done:,.0f}", f"{event.total or 0:,.0f}"
    if not event.total:
        return done
    return f"{done} / {total}  {event.done / event.total:.0%}"


def width(text: str) -> int:
    """Columns that the text takes: a Chinese character is as wide as two Latin ones."""
    return sum(_width(character) for character in text)


def cut(text: str, columns: int) -> str:
    """As much of the text's beginning as fits."""
    while width(text) > columns:
        text = text[:-1]
    return text


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
