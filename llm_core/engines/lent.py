"""What callers get of the pool: an engine that all share, with a count of who uses it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from llm_core import machine
from llm_core.engines import base
from llm_core.engines.base import Capability, Opening, Prompt, Sampling, Score, Step
from llm_core.engines.llama import Llama
from llm_core.engines.llama_look import Looking
from llm_core.errors import UserError

if TYPE_CHECKING:
    from llm_core.engines.pool import Pool

WAIT_S = 0.1


class Model(base.Generator, base.Scorer, Protocol):
    """What callers get: it writes, and says how likely it finds what is written."""


class Kept(Protocol):
    """What the pool needs to know of whatever takes memory."""

    @property
    def memory_bytes(self) -> int:
        """What it will take once it is open; may read its file, and say that it is none."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether it has memory now, or is about to."""
        ...

    def close(self) -> None:
        """Free everything. It can be used again; it opens by itself."""
        ...


class Engine(Model, Kept, Protocol):
    """An engine of the pool that writes."""


class TranslatingEngine(base.Translator, Kept, Protocol):
    """An engine of the pool that translates."""


AnyEngine = TypeVar("AnyEngine", bound=Kept)


class Lent(Generic[AnyEngine]):
    """The pool's engine, with a count of who uses it."""

    def __init__(self, pool: Pool, engine: AnyEngine, model_id: str) -> None:
        self._pool = pool
        self.engine = engine
        self.model_id = model_id
        self.users = 0
        self.last_used = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether it takes memory for nobody."""
        return not self.users and self.engine.is_open

    def close(self) -> None:
        """Free its memory, also under replies of others: they end with `engine_died`."""
        self.engine.close()

    @contextlib.contextmanager
    def _using(self) -> Iterator[None]:
        with self._pool._lock:
            self.users += 1
        try:
            yield
        finally:
            with self._pool._lock:
                self.users -= 1
                self.last_used = time.monotonic()

    def _room(self) -> Generator[Step, None, None]:
        """Wait until there is room beside the models in use.

        Raises:
            UserError: `memory_short`, when they have not ended in the time that a model may take to open.
        """
        began = time.monotonic()
        while not self._pool._may_open(self):
            seconds = time.monotonic() - began
            if seconds > self._pool._settings.model_load_s:
                free = machine.free_memory_bytes()
                raise UserError("memory_short", model=self.model_id, need=self.engine.memory_bytes, free=free)
            yield Opening(seconds)
            time.sleep(WAIT_S)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[None]:
        """Use it, with room made first; what it does takes as long as it takes."""
        with self._using():
            for _ in self._room():
                pass
            try:
                yield
            finally:
                self._pool._opened(self)


class Shared(Lent[Engine]):
    """The `Model` that callers get."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `base.Generator`."""
        return self.engine.capabilities

    @property
    def context_tokens(self) -> int:
        """See `base.Generator`."""
        return self.engine.context_tokens

    def count_tokens(self, prompt: Prompt) -> int:
        """See `base.Generator`."""
        with self._opened():
            return self.engine.count_tokens(prompt)

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = ""
    ) -> Generator[Step, None, None]:
        """See `base.Generator`."""
        with self._using():
            yield from self._room()
            steps = self.engine.generate(prompts, sampling, visitor=visitor)
            with contextlib.closing(steps):  # type: ignore[type-var]
                try:
                    for step in steps:
                        if not isinstance(step, Opening):
                            self._pool._opened(self)
                        yield step
                finally:
                    self._pool._opened(self)

    def score(self, texts: Sequence[str], *, visitor: str = "") -> list[Score]:
        """See `base.Scorer`."""
        with self._opened():
            return self.engine.score(texts, visitor=visitor)

    @property
    def looks(self) -> bool:
        """Whether `looking` works: only a GGUF file on llama.cpp tells what it expects after any tokens."""
        return isinstance(self.engine, Llama)

    @contextlib.contextmanager
    def looking(self, *, visitor: str = "") -> Iterator[Looking]:
        """See `llama.Llama.looking`; a GGUF file's only."""
        assert isinstance(self.engine, Llama)
        with self._using():
            for _ in self._room():
                pass
            try:
                with self.engine.looking(visitor=visitor) as looking:
                    self._pool._opened(self)
                    yield looking
            finally:
                self._pool._opened(self)


class SharedTranslator(Lent[TranslatingEngine]):
    """The `Translator` that callers get."""

    @property
    def longest(self) -> int:
        """See `base.Translator`."""
        with self._opened():
            return self.engine.longest

    def count_tokens(self, sentences: Sequence[str]) -> list[int]:
        """See `base.Translator`."""
        with self._opened():
            return self.engine.count_tokens(sentences)

    def translate(
        self, sentences: Sequence[str], *, source: str = "", target: str = "", search: base.Search = base.SEARCH
    ) -> list[base.Translated]:
        """See `base.Translator`."""
        with self._opened():
            return self.engine.translate(sentences, source=source, target=target, search=search)
