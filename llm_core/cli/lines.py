"""`--lines` of every command that has a model write: one line in, one line out, in order.

As many lines are answered side by side as the model has slots, and a reply is written as soon as those before it are.
Lines are read as they come, so that a program can ask, wait for the reply, and ask again.
"""

from __future__ import annotations

import json
import queue
import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from typing import Any, ClassVar

import typer

from llm_core.cli import session
from llm_core.engines.base import Message
from llm_core.errors import UserError
from llm_core.events import Done, Events, Progress
from llm_core.messages import explain, system_language
from llm_core.tasks.options import ChatOptions
from llm_core.terminal import ProgressLine
from llm_core.workbench import Workbench
from llm_core.workbench.replies import check_prompt

WAIT_S = 0.1
AHEAD = 4  # requests read before their turn, for each slot
BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")
# With these one line is wrong; any other trouble is the model's, and ends everything.
OF_ONE_LINE = {"text_empty", "text_too_long", "text_unusable", "message_too_long", "prompt_too_long"}
SOME_FAILED = 2


def answer_lines(lines: Iterator[str], model: str | None, options: dict[str, Any], *, as_json: bool) -> None:
    """`chat --lines`: each line is a conversation of its own; see `Answers.write_all`."""
    with session.opened(model=model) as workbench:
        line = session.progress_line()
        ChatOptions.of(options)  # before a model is fetched for them
        session.ready_model(workbench, line)
        Answers(workbench, options, line, as_json=as_json).write_all(lines)


class Answers:
    """Answers lines side by side and writes the replies in order; what an answer is, each command says."""

    text = "text"  # the field of a record that is written where no JSON is asked for
    empty: ClassVar[Mapping[str, Any]] = {"text": ""}  # the record of a line that could not be answered

    def __init__(self, workbench: Workbench, options: dict[str, Any], line: ProgressLine, *, as_json: bool) -> None:
        self._workbench = workbench
        self._options = options
        self._line = line
        self._as_json = as_json
        self._slots = workbench.settings.slots
        self._stopping = threading.Event()
        # Replies in the order of their requests; None is the end, an exception what ended the reading.
        self._waiting: queue.Queue[Future[dict[str, Any]] | Exception | None] = queue.Queue(self._slots * AHEAD)

    def write_all(self, lines: Iterator[str]) -> None:
        """Write each reply when its turn comes. A line that cannot be answered says why on stderr.

        Raises:
            typer.Exit: with code 2, at the end, where some lines could not be answered.
        """
        failed = number = 0
        pool = ThreadPoolExecutor(self._slots, "reply")
        threading.Thread(target=self._read, args=(lines, pool), name="requests", daemon=True).start()
        try:
            while (reply := self._next()) is not None:
                number += 1
                failed += not self._write(reply, number)
                self._line.show(Progress("answering", number, unit="lines"))
        finally:
            self._stopping.set()
            pool.shutdown(cancel_futures=True)
            self._line.clear()
        if failed:
            raise typer.Exit(SOME_FAILED)

    def _read(self, lines: Iterator[str], pool: ThreadPoolExecutor) -> None:
        """In a thread of its own, which a line that never comes must not keep from ending."""
        try:
            for text in lines:
                if self._stopping.is_set():
                    return
                self._waiting.put(pool.submit(self.answer, text))
            self._waiting.put(None)
        except Exception as error:
            self._waiting.put(error)

    def answer(self, text: str) -> dict[str, Any]:
        """One line's record; in a thread of its own. Of chat; others say it otherwise."""
        messages = [Message("user", text)]
        check_prompt(messages, self._workbench.settings)
        events = self._workbench.chat(messages, **self._options)
        printed = session.Printed()
        session.follow(events, printed, aloud=False, stopped=self._stopping.is_set)
        return dict(printed.record())

    def ended(self, events: Events) -> Any:
        """The result of a task; in a thread of its own.

        Raises:
            CancelledError: nobody waits for it any more.
        """
        try:
            for event in events:
                if isinstance(event, Done):
                    return event.result
                if self._stopping.is_set():
                    break
        finally:
            events.close()
        raise CancelledError

    def _next(self) -> Future[dict[str, Any]] | None:
        """The next reply, written or not. Waits in short steps, so that Ctrl-C is heard on every system."""
        while True:
            try:
                reply = self._waiting.get(timeout=WAIT_S)
            except queue.Empty:
                continue
            if isinstance(reply, Exception):
                raise reply
            return reply

    def _write(self, reply: Future[dict[str, Any]], number: int) -> bool:
        try:
            record = _result(reply)
        except UserError as error:
            if error.code not in OF_ONE_LINE:
                raise
            sentence = explain(error, system_language())
            self._line.clear()
            session.note("line_failed", number=number, sentence=sentence)
            record = {**self.empty, "error": {"code": error.code, "message": sentence}}
        self._line.clear()
        written = json.dumps(record, ensure_ascii=False) if self._as_json else folded(record[self.text])
        print(written, flush=True)
        return "error" not in record


def folded(text: str) -> str:
    """The text in one line."""
    return BREAKS.sub(" ", text.strip())


def _result(reply: Future[dict[str, Any]]) -> dict[str, Any]:
    while not wait([reply], timeout=WAIT_S).done:
        pass
    return reply.result()
