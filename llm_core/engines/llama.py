"""The llama.cpp engine: one GGUF file, opened in a child process with the first request, spoken to as a server.

Whatever the file or the native code does ends the child alone; the next request opens a new one.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Generator, Sequence
from pathlib import Path

from llm_core.engines import gguf_header, machine
from llm_core.engines.base import Capability, Opening, Prompt, Reading, Sampling, Step, Writing
from llm_core.engines.child import Child
from llm_core.engines.line import Caller, Line
from llm_core.engines.protocol import Dialect
from llm_core.engines.remote import CAPABILITIES, WAIT_S, Remote, Server
from llm_core.engines.worker import Config
from llm_core.errors import UserError
from llm_core.settings import Settings


class Llama:
    """A `Generator` over one GGUF file."""

    def __init__(self, name: str, path: Path, settings: Settings) -> None:
        """Args: name: what a person calls the model. path: of the file, which is read when the model is opened."""
        self._name = name
        self._path = path
        self._settings = settings
        self._line = Line(settings.slots, settings.waiting_max, settings.waiting_per_visitor_max)
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._remote: Remote | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What llama.cpp can beyond plain text."""
        return CAPABILITIES[Dialect.LLAMA_CPP]

    @property
    def context_tokens(self) -> int:
        """The longest prompt and reply together; read from the file, without opening the model.

        Raises:
            UserError: `model_unusable`.
        """
        trained = gguf_header.read(self._path, self._name).context_tokens
        return min(self._settings.context_tokens, trained)  # beyond the trained length memory is taken in vain

    @property
    def memory_bytes(self) -> int:
        """What the open model will take, estimated from the file.

        Raises:
            UserError: `model_unusable`.
        """
        header = gguf_header.read(self._path, self._name)
        return header.memory_bytes(self.context_tokens * self._settings.slots)

    @property
    def is_open(self) -> bool:
        """Whether it holds memory at the moment."""
        with self._lock:
            return self._child is not None and self._child.alive

    def count_tokens(self, prompt: Prompt) -> int:
        """See `base.Generator`; opens the model."""
        opening = self._opened()
        while True:
            try:
                next(opening)
            except StopIteration as done:
                remote: Remote = done.value
                return remote.count_tokens(prompt)

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = ""
    ) -> Generator[Step, None, None]:
        """See `base.Generator`."""
        caller = self._line.enter(visitor)
        try:
            while True:
                remote = yield from self._opened()
                if (yield from self._replies(remote, prompts, sampling, caller)):
                    return
        finally:
            caller.leave()

    def close(self) -> None:
        """End the child and wait until its memory is free. Replies under way end with `engine_died`."""
        with self._lock:
            child, self._child = self._child, None
            remote, self._remote = self._remote, None
        if child is not None:
            child.end(wait=True)
        if remote is not None:
            remote.close()

    def _replies(
        self, remote: Remote, prompts: Sequence[Prompt], sampling: Sampling, caller: Caller
    ) -> Generator[Step, None, bool]:
        """Whether the replies were written; not, where the child died while they still waited for their turn."""
        begun = False
        try:
            for step in remote.replies(prompts, sampling, caller):
                begun = begun or isinstance(step, (Reading, Writing))
                yield step
        except UserError as error:
            if error.code != "engine_died":
                raise
            with self._lock:
                moved_on = self._remote is not remote  # somebody else has noticed, and opened a new one
                child = self._child
            if moved_on and not begun:
                return False
            if child is not None and not moved_on:
                child.end(wait=True)  # it may hang rather than be dead; either way it is of no use any more
                raise UserError("engine_died", model=self._name, reason=child.reason()) from error
            raise
        return True

    def _opened(self) -> Generator[Step, None, Remote]:
        """Open the model where it is not open; many may wait for that, and the last to leave stops it.

        Raises:
            UserError: `model_unusable`, `memory_short`, `engine_timeout`.
        """
        child = self._join_opening()
        try:
            while not child.answered(WAIT_S):
                yield Opening(child.seconds)
        finally:
            with self._lock:
                child.waiters -= 1
                if not child.waiters and not child.answered(0):
                    child.end()
        return self._client_of(child)

    def _join_opening(self) -> Child:
        with self._lock:
            if self._child is None or not self._child.alive:
                self._child, self._remote = self._new_child(), None
            self._child.waiters += 1
            return self._child

    def _new_child(self) -> Child:
        settings = self._settings
        context_tokens = self.context_tokens
        machine.check_memory(self._name, self.memory_bytes)
        return Child(
            Config(
                path=str(self._path.absolute()),
                context_tokens=context_tokens,
                slots=settings.slots,
                threads=settings.threads or machine.cores(),
                batch_tokens=settings.prefill_batch_tokens,
                cache_mib=settings.prompt_cache_mib,
                key=secrets.token_urlsafe(32),
                open_s=settings.model_load_s,
            )
        )

    def _client_of(self, child: Child) -> Remote:
        if child.error:
            if child.seconds >= self._settings.model_load_s:
                raise UserError("engine_timeout", model=self._name)
            raise UserError("model_unusable", model=self._name, reason=child.error)
        with self._lock:
            if self._remote is None or self._remote.server.url != child.url:
                where = Server(
                    child.url,
                    model=self._name,
                    key=child.key,
                    name=self._name,
                    dialect=Dialect.LLAMA_CPP,
                    context_tokens=self.context_tokens,
                )
                self._remote = Remote(where, self._line)
            return self._remote
