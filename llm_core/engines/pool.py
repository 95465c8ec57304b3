"""One loaded copy of each model for everybody; idle ones are closed when memory asks for it, used ones never.

Which engine runs which kind of model stands in ENGINES: a new engine is one new file and one line here.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from llm_core import machine
from llm_core.engines import base, ct2_cache, device
from llm_core.engines.base import Capability, Opening, Prompt, Sampling, Score, Step
from llm_core.engines.llama import Llama
from llm_core.engines.llama_look import Looking
from llm_core.engines.served import ServedModel
from llm_core.engines.transformers import Transformers
from llm_core.errors import UserError
from llm_core.models import gguf
from llm_core.settings import Settings

WAIT_S = 0.1


class Model(base.Generator, base.Scorer, Protocol):
    """What callers get: it writes, and says how likely it finds what is written."""


class Engine(Model, Protocol):
    """What the pool needs of an engine beyond that."""

    @property
    def memory_bytes(self) -> int:
        """What it will take once it is open; may read its file, and say that it is none."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether it has memory now, or is about to."""
        ...


def of_file(name: str, path: Path, settings: Settings) -> Engine:
    """The engine that suits a GGUF file on this machine; see device.py."""
    if settings.engine == "auto" and not machine.accelerators():
        return Llama(name, path, settings)  # the file is read when it is used
    header = gguf.read(path)
    place = device.of_file(header.parameters, header.architecture in device.UNPACKABLE, settings, device.facts())
    return (Llama if place.runtime == "llama.cpp" else Transformers)(name, path, settings)


def of_folder(name: str, path: Path, settings: Settings) -> Engine:
    """The engine that suits a Transformers folder: in int8 on a processor, where its kind converts."""
    on_card = settings.device in ("cuda", "mps") or (settings.device == "auto" and device.facts().torch_can)
    if settings.convert and not on_card and ct2_cache.suits(path):
        from llm_core.engines.ct2_decoder import Int8Decoder  # loads numpy

        return Int8Decoder(name, path, settings)
    return Transformers(name, path, settings)


ENGINES: dict[str, Callable[[str, Path, Settings], Engine]] = {
    "gguf": of_file,
    "llama.cpp": Llama,
    "transformers": of_folder,
    "remote": ServedModel,
}


class Pool:
    """Every model of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._shared: dict[tuple[str, Path, str], Shared] = {}
        self._opening: Shared | None = None  # one at a time, so that free memory is known before the next
        self._watch: threading.Thread | None = None

    def generator(self, model_id: str, path: Path, format: str = "gguf") -> Shared:
        """The one engine of this model. It opens by itself; nothing is read before it is used.

        Args:
            model_id: what a person calls the model.
            path: the file, or folder, that holds it.
            format: a key of ENGINES.
        """
        with self._lock:
            key = (model_id, path, format)
            if key not in self._shared:
                self._shared[key] = Shared(self, ENGINES[format](model_id, path, self._settings), model_id)
            return self._shared[key]

    def open_models(self) -> list[str]:
        """The ids of the models that take memory at the moment."""
        with self._lock:
            return [shared.model_id for shared in self._shared.values() if shared.engine.is_open]

    def forget(self, model_id: str) -> None:
        """The model's file goes: close it, and know it no longer."""
        with self._lock:
            keys = [key for key in self._shared if key[0] == model_id]
            gone = [self._shared.pop(key) for key in keys]
        for shared in gone:
            shared.engine.close()

    def _watch_memory(self) -> None:
        """Others may want memory while a model lies idle; ends when no model is open any more."""
        while True:
            time.sleep(self._settings.memory_watch_s)
            self.relieve()
            with self._lock:
                if not self.open_models():
                    self._watch = None
                    return

    def relieve(self) -> None:
        """Close idle models, the longest idle first, until free memory is above `free_memory_min_mib`."""
        self._free(0)

    def close(self) -> None:
        """End everything, replies under way too."""
        with self._lock:
            everything = list(self._shared.values())
        for shared in everything:
            shared.engine.close()

    def _free(self, need_bytes: int, keep: Shared | None = None) -> bool:
        """Whether `need_bytes` fit above the minimum, after as many idle models were closed as that takes."""
        while True:
            with self._lock:
                if machine.free_memory_bytes() >= need_bytes + self._settings.free_memory_min_mib * 2**20:
                    return True
                idle = [each for each in self._shared.values() if each is not keep and each.is_idle]
                if not idle:
                    return False
                min(idle, key=lambda each: each.last_used).engine.close()

    def _may_open(self, shared: Shared) -> bool:
        """Whether `shared` may be used: it is open, or there is room for it and nobody else is being opened."""
        with self._lock:
            if shared.engine.is_open or not shared.engine.memory_bytes:  # what runs elsewhere takes none here
                return True
            if self._opening not in (None, shared):
                return False
            fits = self._free(shared.engine.memory_bytes, keep=shared)
            in_use = [
                each for each in self._shared.values() if each is not shared and each.users and each.engine.is_open
            ]
            if not fits and in_use:
                return False
            self._opening = shared  # alone, it is left to the engine to say that it cannot fit
            return True

    def _opened(self, shared: Shared) -> None:
        with self._lock:
            if self._opening is not shared:
                return
            self._opening = None
            if self._watch is None:
                self._watch = threading.Thread(target=self._watch_memory, name="memory-watch", daemon=True)
                self._watch.start()


class Shared:
    """The `Model` that callers get: the pool's engine, with a count of who uses it."""

    def __init__(self, pool: Pool, engine: Engine, model_id: str) -> None:
        self._pool = pool
        self.engine = engine
        self.model_id = model_id
        self.users = 0
        self.last_used = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether it takes memory for nobody."""
        return not self.users and self.engine.is_open

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
        with self._using():
            for _ in self._room():
                pass
            try:
                return self.engine.count_tokens(prompt)
            finally:
                self._pool._opened(self)

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
        with self._using():
            for _ in self._room():
                pass
            try:
                return self.engine.score(texts, visitor=visitor)
            finally:
                self._pool._opened(self)

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
