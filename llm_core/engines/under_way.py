"""The prompts of one `generate` on their way: in line, begun, written; between a caller's thread and the loop's.

Knows nothing of servers or protocols: whoever begins a prompt puts its steps into the outbox.
"""

from __future__ import annotations

import collections
import contextlib
import queue
import time
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

from llm_core.engines.background import Call
from llm_core.engines.base import Finished, Idle, Step, Waiting, Writing
from llm_core.engines.line import Caller, Ticket

WAIT_S = 0.1  # the longest wait without a chance to stop
# Text wakes the caller at most this often. On two cores each waking takes one from the computing, which then waits.
TEXT_S = 0.04

Heard: TypeAlias = Step | Exception | int  # a number: this prompt has its slot


class Outbox:
    """What the caller's thread will hear, in order. Any thread may put, one takes."""

    def __init__(self) -> None:
        self._heard: collections.deque[Heard] = collections.deque()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._rang = 0.0
        self._text_rang = False

    def put(self, heard: Heard) -> None:
        """Everything but text rings at once, and so does the first text after anything else."""
        self._heard.append(heard)
        now, is_text = time.perf_counter(), isinstance(heard, Writing)
        if not (is_text and self._text_rang) or now - self._rang >= TEXT_S:
            self._rang, self._text_rang = now, is_text
            self._bell.put(None)

    def take(self) -> Iterator[Heard]:
        """Wait at most WAIT_S; then everything that is there, which may be nothing."""
        with contextlib.suppress(queue.Empty):
            self._bell.get(timeout=WAIT_S)
        while self._heard:
            yield self._heard.popleft()


class UnderWay:
    """As many prompts in the line at a time as there are slots, until all are finished or the first has failed."""

    def __init__(
        self,
        prompts: int,
        begin: Callable[[int, Outbox, Callable[[], None]], Call],
        caller: Caller,
        slots: int,
        *,
        alone: bool = False,
    ) -> None:
        """Args: begin: start a prompt, whose steps go into the outbox, and call back when it is over.

        alone: nothing else is computed beside a prompt.
        """
        self._prompts = prompts
        self._begin = begin
        self._caller = caller
        self._slots = slots
        self._alone = alone
        self._outbox = Outbox()
        self._tickets: dict[int, Ticket] = {}
        self._calls: dict[int, Call] = {}
        self._places: dict[int, int] = {}

    def steps(self) -> Generator[Step, None, None]:
        """The steps of all prompts as they come.

        Raises:
            UserError: what ended one of them.
        """
        finished = 0
        while finished < self._prompts:
            while len(self._tickets) < min(self._prompts, finished + self._slots):
                self._ask()
            quiet = True
            for heard in self._outbox.take():
                quiet = False
                if isinstance(heard, int):
                    self._calls[heard] = self._begin(heard, self._outbox, self._tickets[heard].leave)
                elif isinstance(heard, Exception):
                    raise heard
                else:
                    finished += isinstance(heard, Finished)
                    yield heard
            if quiet:
                yield from self._waiting()

    def stop(self) -> None:
        """Only signals. A slot comes back when its connection is closed, a place in the line at once."""
        for prompt, ticket in self._tickets.items():
            if prompt in self._calls:
                self._calls[prompt].cancel()
            else:
                ticket.leave()

    def _ask(self) -> None:
        prompt = len(self._tickets)
        self._tickets[prompt] = self._caller.ask(lambda: self._outbox.put(prompt), alone=self._alone)

    def _waiting(self) -> Generator[Step, None, None]:
        """Whose place has changed says so; else there is nothing new."""
        said = False
        for prompt, ticket in self._tickets.items():
            if prompt not in self._calls and (place := ticket.place) != self._places.get(prompt, 0):
                self._places[prompt] = place
                said = True
                yield Waiting(prompt, place)
        if not said:
            yield Idle()
