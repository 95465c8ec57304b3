"""Reading a file in a process of its own, within limits: a hostile file costs one clear message and nothing else."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any

import psutil

from llm_core.documents import worker
from llm_core.documents.document import Document
from llm_core.documents.formats import plain_name
from llm_core.documents.reading import Limits
from llm_core.errors import UserError
from llm_core.events import Done, Events, Notice, Progress, Tick
from llm_core.settings import Settings

WAIT_S = 0.1  # the longest without an event
COMPLAINT_BYTES = 2_000
_SIGKILL, _SIGXCPU = 9, 24  # by the system, which is short of memory; by the limit of seconds of computing
ROOT = Path(worker.__file__).parents[2]
# No console window, and no Ctrl-C of the parent's console; nothing on other systems, where the flags do not exist.
WINDOWS_FLAGS: int = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A translated file."""

    name: str
    data: bytes


def limits(settings: Settings) -> Limits:
    """What the settings allow one file to cost."""
    return Limits(**{name: getattr(settings, f"document_{name}") for name in Limits.__slots__})


def read(path: Path, name: str, settings: Settings) -> Events:
    """Read a file: `Progress` ("reading_file", pages), `Tick` each 0.1 s, a `Notice` or two, `Done(Document)`.

    Closing the generator ends the process that reads.

    Args:
        path: where the file is; it is only read.
        name: as the person knows it; folders in it are dropped.
        settings: with the limits.

    Raises:
        UserError: `document_...`, with `name` among its facts.
    """
    for answer in _answers("read", path, plain_name(name), limits(settings), {}):
        if answer is None:
            yield Tick()
        elif "progress" in answer:
            yield _progress(answer)
        else:
            document = Document.from_json(answer["result"])
            if document.language is None:
                yield Notice("document_language", {"name": document.name})
            if document.pages_without_text:
                facts = {"name": document.name, "n": len(document.pages_without_text), "pages": document.pages}
                yield Notice("document_scans", facts)
            yield Done(document)


def rewrite(path: Path, name: str, texts: Mapping[int, str], settings: Settings) -> Events:
    """Put other words in the place of a file's blocks: ticks, then `Done(Rewritten)`.

    The same kind of file comes out of txt, md and docx; of the others a Word document with both texts.

    Args:
        path: where the file is, unchanged since it was read.
        name: as the person knows it.
        texts: index of a block in `Document.blocks` -> what stands there instead; the others stay.
        settings: with the limits.

    Raises:
        UserError: `document_...`, with `name` among its facts.
    """
    name = plain_name(name)
    for answer in _answers("rewrite", path, name, limits(settings), texts):
        if answer is None:
            yield Tick()
        elif "progress" in answer:
            yield _progress(answer)
        else:
            yield Done(Rewritten(PurePath(name).stem + answer["suffix"], answer["data"]))


def _progress(answer: dict[str, Any]) -> Progress:
    done, total = answer["progress"]
    return Progress("reading_file", done, total, "pages")


def _answers(
    work: str, path: Path, name: str, limits: Limits, texts: Mapping[int, str]
) -> Iterator[dict[str, Any] | None]:
    """What the worker says, None where it says nothing for a moment; ends after the result.

    Raises:
        UserError: what the worker raised, or how it ended.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError("document_missing", name=name) from error
    if size > limits.bytes_max:
        raise UserError("document_big", name=name, size=size, limit=limits.bytes_max)
    order = {"root": str(ROOT), "work": work, "path": str(path.absolute()), "name": name}
    child = _Worker({**order, "limits": limits.to_json(), "texts": dict(texts)})
    try:
        while True:
            answer = child.answer(WAIT_S)
            if answer and "error" in answer:
                raise UserError(answer["error"]["code"], **{"name": name, **answer["error"]["facts"]})
            if answer is None:
                child.check(name, limits)
            yield answer
            if answer and "progress" not in answer:
                return
    finally:
        child.end()


class _Worker:
    """One child process, from its order to its end."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._started = time.monotonic()
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._complaint = b""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", worker.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=WINDOWS_FLAGS,
        )
        for each in (self._listen, self._keep_complaint):
            threading.Thread(target=each, daemon=True).start()
        # Its own thread: what a worker that died does not read would block.
        threading.Thread(target=self._send, args=(order,), daemon=True).start()

    def answer(self, timeout_s: float) -> dict[str, Any] | None:
        """What it says next; None where that takes longer."""
        try:
            return self._answers.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def check(self, name: str, limits: Limits) -> None:
        """Whether it still runs within its limits.

        Raises:
            UserError: `document_slow`, `document_heavy`, `document_died`.
        """
        if time.monotonic() - self._started > limits.seconds_max:
            raise UserError("document_slow", name=name, seconds=limits.seconds_max)
        if self._ended.is_set() and self._answers.empty():
            raise UserError(self._death(), name=name, seconds=limits.seconds_max)
        with contextlib.suppress(psutil.Error):
            if psutil.Process(self._process.pid).memory_info().rss > limits.memory_mib_max << 20:
                raise UserError("document_heavy", name=name)

    def end(self) -> None:
        """Kill it; there is nothing to save."""
        self._process.kill()

    def _death(self) -> str:
        """Why it ended without a word; PDFium ends the same way for lack of memory and over what it cannot parse."""
        code = self._process.wait()
        if code == -_SIGKILL or any(word in self._complaint for word in (b"MemoryError", b"bad_alloc")):
            return "document_heavy"
        return "document_slow" if code == -_SIGXCPU else "document_died"

    def _send(self, order: dict[str, Any]) -> None:
        stdin = _pipe(self._process.stdin)
        with contextlib.suppress(OSError, ValueError):  # it is dead already, which `check` notices
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()

    def _listen(self) -> None:
        with _pipe(self._process.stdout) as answers, contextlib.suppress(ValueError):
            while line := answers.readline():
                answer = json.loads(line)
                if "bytes" in answer:
                    answer["data"] = answers.read(answer["bytes"])
                self._answers.put(answer)
        self._process.wait()
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        self._ended.set()

    def _keep_complaint(self) -> None:
        with _pipe(self._process.stderr) as lines:
            while line := lines.readline(COMPLAINT_BYTES):
                self._complaint = (self._complaint + line)[-COMPLAINT_BYTES:]


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
