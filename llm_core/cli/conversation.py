"""A conversation at the terminal. Ctrl-C stops the reply, Ctrl-D (Windows: Ctrl-Z, Enter) ends the program."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from llm_core.cli import session
from llm_core.cli.session import note
from llm_core.engines.base import Message
from llm_core.errors import UserError
from llm_core.events import Events
from llm_core.messages import explain, system_language
from llm_core.tasks.options import ChatOptions
from llm_core.terminal import ProgressLine

PROMPT = "> "

Reply = Callable[[Sequence[Message]], Events]


def converse(model: str | None, options: dict[str, Any], documents: Sequence[str] = ()) -> None:
    """Ask and answer until the person ends it. What was said is kept in memory alone.

    Args:
        model: an id or the beginning of one.
        options: fields of `tasks.options.ChatOptions`.
        documents: files that each reply looks into.
    """
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - the arrow keys; Windows has them by itself
    with session.opened(model=model) as workbench:
        ChatOptions.of(options)  # before a model is fetched for them
        line = session.progress_line()
        with session.shelf_of(workbench, documents, line) as shelf:
            entry = session.ready_model(workbench, line)
            note("conversation", model=entry.title[system_language()])
            _conversation(lambda messages: workbench.chat(messages, shelf=shelf, **options), line)


def _conversation(reply: Reply, line: ProgressLine) -> None:
    messages: list[Message] = []
    while (text := _asked()) is not None:
        match text.strip():
            case "":
                continue
            case "/exit":
                break
            case "/new":
                messages.clear()
                note("new_conversation")
            case "/help":
                note("conversation_help")
            case _:
                _turn(reply, messages, text, line)


def _turn(reply: Reply, messages: list[Message], text: str, line: ProgressLine) -> None:
    """Add a question and its reply; what was written before a stop is kept, a question that failed is not."""
    messages.append(Message("user", text))
    printed = session.Printed()
    stopped = session.never
    try:
        with _stoppable() as stopped:
            session.follow(reply(messages), printed, line, stopped=stopped)
    except UserError as error:
        print(explain(error, system_language()), file=sys.stderr, flush=True)
    if printed.text:
        messages.append(Message("assistant", printed.text))
    else:
        messages.pop()
    if stopped():
        note("stopped")
    elif printed.reply and printed.reply.finish == "length":
        note("cut", tokens=printed.reply.reply_tokens)


def _asked() -> str | None:
    """What the person types; None at the end. Ctrl-C clears the line that is being typed."""
    while True:
        try:
            if sys.stdout.isatty():
                return input(PROMPT)
            print(PROMPT, end="", file=sys.stderr, flush=True)
            return sys.stdin.readline().removesuffix("\n") or None
        except KeyboardInterrupt:
            print(file=sys.stderr)
        except EOFError:
            print(file=sys.stderr)
            return None


@contextlib.contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """While this lasts, Ctrl-C only sets a flag: an exception could fall into the middle of anything."""
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        pressed = True

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
