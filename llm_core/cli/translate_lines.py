"""`translate --lines`: each line by itself, those that have come together, one line out for each in order."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from llm_core.cli import session
from llm_core.cli.lines import BREAKS
from llm_core.errors import UserError
from llm_core.events import Done, Item
from llm_core.messages import Language, explain, system_language
from llm_core.workbench.replies import check_text

if TYPE_CHECKING:
    from llm_core.tasks.translation import Pair
    from llm_core.terminal import ProgressLine
    from llm_core.workbench import Workbench

AT_ONCE = 64  # lines, where so many have come
WAIT_S = 0.1
SOME_FAILED = 2


def translate_lines(
    workbench: Workbench, lines: Iterator[str], options: dict[str, Any], line: ProgressLine, *, as_json: bool
) -> None:
    """Translate every line. An empty line stays empty; a damaged one gives an empty line, and says so on stderr.

    Where nobody says into which language, the first lines do.

    Raises:
        typer.Exit: with code 2, at the end, where some lines could not be translated.
    """
    number, failed = 0, False
    for texts in _together(lines):
        sound = [_sound(workbench, text, number + place) for place, text in enumerate(texts, 1)]
        failed = failed or None in sound
        printed = _Lines([text or "" for text in sound], as_json=as_json)
        options = options | {"to": options["to"] or printed.direction()}
        printed.translate(workbench, options, line)
        number += len(texts)
    if failed:
        raise typer.Exit(SOME_FAILED)


def _together(lines: Iterator[str]) -> Iterator[list[str]]:
    """The lines that have come, at least one, at most AT_ONCE. Waits in short steps, so that Ctrl-C is heard."""
    came: queue.Queue[str | Exception | None] = queue.Queue(2 * AT_ONCE)

    def read() -> None:
        try:
            for text in lines:
                came.put(text)
            came.put(None)
        except Exception as error:
            came.put(error)

    threading.Thread(target=read, name="lines", daemon=True).start()
    batch: list[str] = []
    while True:
        try:
            one = came.get(timeout=WAIT_S)
        except queue.Empty:
            if batch:
                yield batch
                batch = []
            continue
        if isinstance(one, str):
            batch.append(one)
        if batch and (len(batch) == AT_ONCE or not isinstance(one, str) or came.empty()):
            yield batch
            batch = []
        if isinstance(one, Exception):
            raise one
        if one is None:
            return


def _sound(workbench: Workbench, text: str, number: int) -> str | None:
    try:
        check_text(text, workbench.settings.message_chars_max)
    except UserError as error:
        session.note("line_failed", number=number, sentence=explain(error, system_language()))
        return None
    return text


@dataclass
class _Lines:
    """Lines that are translated together, as the blocks of a document, so that no sentence crosses two of them."""

    texts: Sequence[str]
    as_json: bool
    pairs: list[Pair] = field(default_factory=list)
    written: int = 0

    def __post_init__(self) -> None:
        from llm_core.documents.document import Block, Document

        blocks, place = [], 0
        for text in self.texts:
            blocks.append(Block(place, place + len(text)))
            place += len(text) + 1
        self.document = Document("", "txt", "\n".join(self.texts), tuple(blocks))

    def direction(self) -> Language:
        """The language to translate into."""
        from llm_core.tasks.segments import direction

        return direction(self.document)

    def translate(self, workbench: Workbench, options: dict[str, Any], line: ProgressLine) -> None:
        """Write each line as soon as its last sentence is there."""
        if self.document.text.strip():
            events = workbench.translate(self.document, **options)
            try:
                for event in events:
                    match event:
                        case Item():
                            self._write_before(event.value.source.start, options["to"], line)
                            self.pairs.append(event.value)
                        case Done():
                            pass
                        case _:
                            line.show(event)
            finally:
                events.close()
                line.clear()
        self._write_before(len(self.document.text) + 1, options["to"], line)

    def _write_before(self, place: int, to: Language, line: ProgressLine) -> None:
        """The lines that end before `place`: no sentence of theirs is still to come."""
        from llm_core.tasks.segments import block_text

        for block in self.document.blocks[self.written :]:
            if block.end >= place:
                return
            own = [pair for pair in self.pairs if block.start <= pair.source.start < block.end]
            text = BREAKS.sub(" ", block_text(self.document, block, own, to).strip())
            self.written += 1
            line.clear()
            doubts = [one.to_json() for pair in own for one in pair.doubts]
            print(
                json.dumps({"text": text, "doubts": doubts}, ensure_ascii=False) if self.as_json else text, flush=True
            )
