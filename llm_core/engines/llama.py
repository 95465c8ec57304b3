"""The llama.cpp engine: one GGUF file, opened in a child process with the first request, spoken to as a server.

Whatever the file or the native code does ends the child alone; the next request opens a new one.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from llm_core import machine
from llm_core.engines import llama_score
from llm_core.engines.base import Capability, Opening, Prompt, Reading, Sampling, Score, Step, Writing
from llm_core.engines.child import Child
from llm_core.engines.line import Caller, Line
from llm_core.engines.llama_look import Looking
from llm_core.engines.protocol import Dialect
from llm_core.engines.remote import CAPABILITIES, Remote, Server
from llm_core.engines.under_way import WAIT_S
from llm_core.engines.worker import Config
from llm_core.errors import UserError
from llm_core.models import gguf
from llm_core.settings import Settings

ATTEMPTS = 2  # a child that dies while others wait for their turn costs them a second opening, not their request


class Llama:
    """A `Generator` and `Scorer` over one GGUF file."""

    def __init__(self, name: str, path: Path, settings: Settings) -> None:
        """Args: name: what a person calls the model. path: of the file, which is read when the model is opened."""
        self._name = name
        self._path = path
        self._settings = settings
        self._line = Line(settings.slots, settings.waiting_max, settings.waiting_per_visitor_max)
        self._lock = threading.RLock()  # a forgotten request may be swept up in the midst of another
        self._current: _Opened | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What llama.cpp can beyond plain text."""
        return CAPABILITIES[Dialect.LLAMA_CPP]

    @property
    def context_tokens(self) -> int:
        """The longest prompt and reply together; read from the file, without opening the model.

        Raises:
            UserError: `model_path_missing`, or what is wrong with the file (gguf_*).
        """
        trained = gguf.read(self._path).context_tokens
        return min(self._settings.context_tokens, trained)  # beyond the trained length memory is taken in vain

    @property
    def memory_bytes(self) -> int:
        """What the open model will take, estimated from the file.

        Raises:
            UserError: `model_path_missing`, or what is wrong with the file (gguf_*).
        """
        header = gguf.read(self._path)
        return header.memory_bytes(self.context_tokens * self._settings.slots)

    @property
    def is_open(self) -> bool:
        """Whether it holds memory at the moment."""
        with self._lock:
            return self._current is not None and self._current.child.alive

    def count_tokens(self, prompt: Prompt) -> int:
        """See `base.Generator`; opens the model."""
        return self._wait_opened().client.count_tokens(prompt)

    def score(self, texts: Sequence[str], *, visitor: str = "") -> list[Score]:
        """See `base.Scorer`."""
        caller = self._line.enter(visitor)
        try:
            opened = self._wait_opened()
            try:
                return llama_score.score(opened.client, texts, caller, self._settings.slots)
            except UserError as error:
                if not self._is_death(opened, error):
                    raise
                raise UserError("engine_died", model=self._name, reason=opened.child.death()) from error
        finally:
            caller.leave()

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = ""
    ) -> Generator[Step, None, None]:
        """See `base.Generator`."""
        caller = self._line.enter(visitor)
        try:
            for _ in range(ATTEMPTS):
                opened = yield from self._opened()
                if (yield from self._replies(opened, prompts, sampling, caller)):
                    return
            raise UserError("engine_died", model=self._name, reason=opened.child.death())
        finally:
            caller.leave()

    @contextlib.contextmanager
    def looking(self, *, visitor: str = "") -> Iterator[Looking]:
        """A turn to look at what the model expects after some tokens; opens the model, and waits in line.

        Raises:
            UserError: what is wrong with the model, `engine_died`, `engine_timeout`, `too_busy`.
        """
        caller = self._line.enter(visitor)
        try:
            opened, granted = self._wait_opened(), threading.Event()
            ticket = caller.ask(granted.set)
            try:
                granted.wait()
                yield Looking(opened.client)
            except UserError as error:
                if not self._is_death(opened, error):
                    raise
                raise UserError("engine_died", model=self._name, reason=opened.child.death()) from error
            finally:
                ticket.leave()
        finally:
            caller.leave()

    def close(self) -> None:
        """End the child and wait until its memory is free. Replies under way end with `engine_died`."""
        with self._lock:
            current, self._current = self._current, None
        if current is not None:
            current.child.end(wait=True)
            current.client.close()

    def _replies(
        self, opened: _Opened, prompts: Sequence[Prompt], sampling: Sampling, caller: Caller
    ) -> Generator[Step, None, bool]:
        """Whether the replies were written; not, where the child was gone before the first of them had its turn."""
        begun = False
        try:
            for step in opened.client.replies(prompts, sampling, caller):
                begun = begun or isinstance(step, (Reading, Writing))
                yield step
        except UserError as error:
            if not self._is_death(opened, error):
                raise
            if not begun:
                return False
            raise UserError("engine_died", model=self._name, reason=opened.child.death()) from error
        return True

    def _is_death(self, opened: _Opened, error: UserError) -> bool:
        """Whether `error` is that of a child that is gone; one that hangs is of no use to anybody and goes now."""
        if error.code == "engine_timeout":
            opened.child.end()
        return error.code in ("engine_died", "reply_broken_off") and not opened.child.lives_on()

    def _wait_opened(self) -> _Opened:
        opening = self._opened()
        while True:
            try:
                next(opening)
            except StopIteration as done:
                opened: _Opened = done.value
                return opened

    def _opened(self) -> Generator[Step, None, _Opened]:
        """Open the model where it is not open; many may wait for that, and the last to leave stops it.

        Raises:
            UserError: `model_path_missing`, what is wrong with the file (gguf_*), `model_unusable`, `memory_short`,
                `engine_timeout`.
        """
        opened = self._join_opening()
        child = opened.child
        try:
            while not child.answered(0):
                yield Opening(child.seconds)
                child.answered(WAIT_S)
        finally:
            with self._lock:
                opened.waiters -= 1
                if not opened.waiters and not child.answered(0):
                    child.end()
        if child.error:
            late = child.seconds >= self._settings.model_load_s
            raise UserError("engine_timeout" if late else "model_unusable", model=self._name, reason=child.error)
        return opened

    def _join_opening(self) -> _Opened:
        with self._lock:
            if self._current is None or not self._current.child.alive:
                self._current = _Opened(self, self._new_child())
            self._current.waiters += 1
            return self._current

    def _new_child(self) -> Child:
        settings = self._settings
        machine.check_memory(self._name, self.memory_bytes)
        return Child(
            Config(
                path=str(self._path.absolute()),
                context_tokens=self.context_tokens,
                slots=settings.slots,
                threads=settings.threads or machine.cores(),
                batch_tokens=settings.prefill_batch_tokens,
                cache_mib=settings.prompt_cache_mib,
                key=secrets.token_urlsafe(32),
                open_s=settings.model_load_s,
            )
        )

    def _client(self, child: Child) -> Remote:
        server = Server(
            child.url,
            model=self._name,
            key=child.key,
            name=self._name,
            dialect=Dialect.LLAMA_CPP,
            context_tokens=self.context_tokens,
        )
        return Remote(server, self._line, silence_s=self._settings.engine_silence_s)


class _Opened:
    """One child, who waits for it to open, and the client of its server."""

    def __init__(self, engine: Llama, child: Child) -> None:
        self.child = child
        self.waiters = 0
        self._engine = engine

    @functools.cached_property
    def client(self) -> Remote:
        return self._engine._client(self.child)
