"""One loaded copy of each model for everybody; idle ones are closed when memory asks for it, used ones never.

Which engine runs which kind of model stands in ENGINES: a new engine is one new file and one line here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llm_core import machine
from llm_core.engines import ct2_cache, device
from llm_core.engines.ct2_translator import SentenceTranslator
from llm_core.engines.lent import Engine, Lent, Shared, SharedTranslator
from llm_core.engines.llama import Llama
from llm_core.engines.served import ServedModel
from llm_core.engines.transformers import Transformers
from llm_core.models import gguf
from llm_core.settings import Settings


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
        self._translators: dict[tuple[str, Path], SharedTranslator] = {}
        self._opening: Lent[Any] | None = None  # one at a time, so that free memory is known before the next
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

    def translator(self, model_id: str, path: Path) -> SharedTranslator:
        """The one engine of a model that translates and does nothing else; as `generator`."""
        with self._lock:
            key = (model_id, path)
            if key not in self._translators:
                caches = self._settings.paths.conversions
                threads = self._settings.threads or machine.cores()
                engine = SentenceTranslator(path, caches, threads, convert=self._settings.convert)
                self._translators[key] = SharedTranslator(self, engine, model_id)
            return self._translators[key]

    def open_models(self) -> list[str]:
        """The ids of the models that take memory at the moment."""
        with self._lock:
            return [lent.model_id for lent in self._everything() if lent.engine.is_open]

    def forget(self, model_id: str) -> None:
        """The model's file goes: close it, and know it no longer."""
        with self._lock:
            keys = [key for key in self._shared if key[0] == model_id]
            gone = [self._shared.pop(key) for key in keys]
        for shared in gone:
            shared.engine.close()

    def _everything(self) -> list[Lent[Any]]:
        return [*self._shared.values(), *self._translators.values()]

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
            everything = self._everything()
        for shared in everything:
            shared.engine.close()

    def _free(self, need_bytes: int, keep: Lent[Any] | None = None) -> bool:
        """Whether `need_bytes` fit above the minimum, after as many idle models were closed as that takes."""
        while True:
            with self._lock:
                if machine.free_memory_bytes() >= need_bytes + self._settings.free_memory_min_mib * 2**20:
                    return True
                idle = [each for each in self._everything() if each is not keep and each.is_idle]
                if not idle:
                    return False
                min(idle, key=lambda each: each.last_used).engine.close()

    def _may_open(self, shared: Lent[Any]) -> bool:
        """Whether `shared` may be used: it is open, or there is room for it and nobody else is being opened."""
        with self._lock:
            if shared.engine.is_open or not shared.engine.memory_bytes:  # what runs elsewhere takes none here
                return True
            if self._opening not in (None, shared):
                return False
            fits = self._free(shared.engine.memory_bytes, keep=shared)
            in_use = [
                each for each in self._everything() if each is not shared and each.users and each.engine.is_open
            ]
            if not fits and in_use:
                return False
            self._opening = shared  # alone, it is left to the engine to say that it cannot fit
            return True

    def _opened(self, shared: Lent[Any]) -> None:
        with self._lock:
            if self._opening is not shared:
                return
            self._opening = None
            if self._watch is None:
                self._watch = threading.Thread(target=self._watch_memory, name="memory-watch", daemon=True)
                self._watch.start()
