"""What the commands share: an open workbench, a model that is here, and a reply that is printed as it grows."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Delta, Done, Events, Item, Notice
from llm_core.messages import say, system_language
from llm_core.settings import Settings
from llm_core.terminal import ProgressLine

if TYPE_CHECKING:
    from llm_core.catalog.listing import Entry
    from llm_core.documents.document import Document
    from llm_core.tasks.chat import Reply
    from llm_core.workbench import Workbench
    from llm_core.workbench.libraries import Shelf


PLAIN = (".txt", ".text", "")  # read as they are, so that places are those of the file's own text
Stopped = Callable[[], bool]


def never() -> bool:
    """Nobody stops it."""
    return False


@contextlib.contextmanager
def opened(**given: Any) -> Iterator[Workbench]:
    """A workbench with what was `given` on the command line in the place of settings; closed in the end."""
    from llm_core.workbench import Workbench

    with Workbench(Settings.read(**given)) as workbench:
        yield workbench


def progress_line() -> ProgressLine:
    """Progress on stderr, in the terminal's language."""
    return ProgressLine(system_language())


def note(key: str, **facts: Any) -> None:
    """One sentence beside the result, on stderr."""
    print(say(system_language(), f"cli.{key}", **facts), file=sys.stderr, flush=True)


def result(events: Events, line: ProgressLine) -> Any:
    """The result of a task whose text is printed once it is whole; progress and notices go to stderr."""
    try:
        for event in events:
            match event:
                case Done():
                    return event.result
                case Item() | Delta():
                    pass
                case _:
                    line.show(event)
    finally:
        events.close()
        line.clear()
    raise AssertionError("a task without an end")


def ready_model(workbench: Workbench, line: ProgressLine, task: str = "chat") -> Entry:
    """The model that serves `task`, fetched first where it is not here.

    Raises:
        UserError: `model_missing_offline`, or what the catalog or the fetch say.
    """
    entry = workbench.models.choice(task).entry
    if entry.path is None:
        if workbench.settings.offline:
            raise UserError("model_missing_offline", name=entry.id)
        fetched(workbench, entry.id if workbench.settings.model else "recommended", line)
        entry = workbench.models.choice(task).entry
    return entry


def fetched(workbench: Workbench, name: str, line: ProgressLine) -> Path:
    """Fetch a model here and now, or mend it, and return its file; Ctrl-C keeps what has come."""
    events = workbench.models.fetch(name)
    path = Path()
    try:
        for event in events:
            line.show(event)
            if isinstance(event, Done):
                path = event.result
    finally:
        events.close()
        line.clear()
    return path


@contextlib.contextmanager
def shelf_of(workbench: Workbench, files: Sequence[str], line: ProgressLine) -> Iterator[Shelf | None]:
    """The files, read and indexed until the end of the block; None where there are none.

    Raises:
        UserError: of the first file that cannot be read: a reply from half of them would mislead.
    """
    if not files:
        yield None
        return
    with workbench.libraries.shelf() as shelf:
        for file in files:
            result(shelf.add(Path(file), Path(file).name), line)
        yield shelf


def source(workbench: Workbench, file: str | None, line: ProgressLine) -> str | Document:
    """The text of stdin (no file, or `-`) or of a plain file as it is; a file of another kind with its headings.

    Raises:
        UserError: whatever is wrong with the file.
    """
    from llm_core.cli import streams

    if file is None or file == "-":
        return streams.read_all()
    path = Path(file)
    if path.suffix.lower() in PLAIN:
        return streams.read_file(file)
    from llm_core.documents import guard

    document: Document = result(guard.read(path, path.name, workbench.settings), line)
    return document


@dataclass
class Printed:
    """A reply as far as it has come. `reply` is None where it was stopped."""

    text: str = ""
    model: str = ""
    reply: Reply | None = None
    consulted: Sequence[Mapping[str, Any]] | None = None  # the places in documents that were read for it

    def record(self) -> Mapping[str, Any]:
        """For --json."""
        facts = self.reply.facts() if self.reply else {}
        read = [{key: place[key] for key in ("document", "page", "start", "end")} for place in self.consulted or ()]
        return {"model": self.model, "text": self.text, **facts} | (
            {} if self.consulted is None else {"consulted": read}
        )


def follow(
    events: Events,
    printed: Printed,
    line: ProgressLine | None = None,
    *,
    aloud: bool = True,
    stopped: Stopped = never,
) -> None:
    """Drive a reply to its end, or until it is `stopped`, which ends the computing.

    Args:
        events: of the reply.
        printed: what has come, also where an error ends it.
        line: for progress, where it is shown.
        aloud: print the text to stdout as it grows.
        stopped: asked after each event, at least every 0.1 s.
    """
    try:
        for event in events:
            match event:
                case Delta():
                    printed.text += event.text
                    if aloud:
                        _clear(line)
                        sys.stdout.write(event.text)
                        sys.stdout.flush()
                case Notice("model"):
                    printed.model = event.facts["id"]
                case Done():
                    printed.reply = event.result
                case Notice("consulted" | "consulted_none"):
                    printed.consulted = event.facts.get("places", ())
                    if line and aloud:
                        line.show(event)
                case _ if line:
                    line.show(event)
            if stopped():
                break
    finally:
        events.close()
        _clear(line)
        if aloud and printed.text and not printed.text.endswith("\n"):
            print(flush=True)


def _clear(line: ProgressLine | None) -> None:
    if line:
        line.clear()
