"""Passages in one folder of this computer: words in tantivy, vectors in numpy files that are searched one by one.

What counts is `passages/ID.json`, written last and deleted first: a document is here when that file is. The vectors
stand in `vectors/ID.npy` as float16, mapped into memory; the index of words is made again where it does not fit.
Going through 10,000 vectors takes 5 ms: no approximate index is needed below some hundred thousand.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from llm_core import atomic
from llm_core.store.passages import Passage
from llm_core.store.passages_in_memory import PassagesInMemory
from llm_core.store.tantivy_words import Damaged, WordIndex, remade

log = logging.getLogger(__name__)


class TantivyPassages(PassagesInMemory):
    """The `Passages` in `folder`, which is made where it is missing; what is damaged is made again or given up."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        for name in ("passages", "vectors"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        with self._changing():
            self._words = self._opened()

    def add(self, document: str, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> None:
        """See `Passages`."""
        with self._changing():
            self._words.add([(document, passages)])
            with atomic.writing(self._file("vectors", document)) as file:
                np.save(file, vectors.astype(np.float16))
            with atomic.writing(self._file("passages", document), "w") as file:
                json.dump([dataclasses.astuple(passage) for passage in passages], file, ensure_ascii=False)
            self._forget(document)  # what it had before
            self._read()

    def delete(self, document: str) -> None:
        """See `Passages`. The index of words is made again without it: tantivy itself would keep its words."""
        with self._changing():
            self._forget(document)
            if not self._file("passages", document).exists():
                return
            self._file("passages", document).unlink()
            self._file("vectors", document).unlink(missing_ok=True)
            self._read()
            self._words = self._remade()

    def close(self) -> None:
        """See `Passages`."""
        with self._lock:
            self._passages, self._vectors = {}, {}

    # ---------------------------------------------------------------- inside

    def _changing(self) -> Any:
        """One change at a time, of this process and of others."""
        return _Both(self._lock, FileLock(self._folder / "lock"))

    def _file(self, kind: str, document: str) -> Path:
        return self._folder / kind / f"{document}.{'npy' if kind == 'vectors' else 'json'}"

    def _opened(self) -> WordIndex:
        self._read()
        try:
            words = WordIndex(self._folder / "words")
            if len(words) == sum(map(len, self._passages.values())):
                return words
        except Damaged as error:
            log.warning("the index in %s cannot be read (%s)", self._folder, error.__cause__)
        return self._remade()

    def _remade(self) -> WordIndex:
        return remade(self._folder / "words", self._passages.items())

    def _read(self) -> None:
        """Take in what other processes added or deleted since the last time."""
        here = {path.stem for path in (self._folder / "passages").glob("[!.]*.json")}
        for document in self._passages.keys() - here:
            self._forget(document)
        fresh = here - self._passages.keys()
        for document in fresh:
            try:
                self._take(document)
            except (OSError, ValueError, TypeError, EOFError) as error:
                log.warning("giving up %s, which is damaged: %s", self._file("passages", document), error)
                self._file("passages", document).unlink(missing_ok=True)
        if fresh and hasattr(self, "_words"):
            self._words.refresh()

    def _take(self, document: str) -> None:
        rows = json.loads(self._file("passages", document).read_text("utf-8"))
        passages = [Passage(text, start, end, tuple(heading), page) for text, start, end, heading, page in rows]
        vectors = np.load(self._file("vectors", document), mmap_mode="r", allow_pickle=False)
        if len(vectors) != len(passages):
            raise ValueError(f"{len(vectors)} vectors for {len(passages)} passages")
        self._keep(document, passages, vectors)


class _Both:
    """A lock of this process and one of all processes, taken and released together."""

    def __init__(self, inner: threading.RLock, outer: FileLock) -> None:
        self._inner: Any = inner
        self._outer = outer

    def __enter__(self) -> None:
        self._inner.acquire()
        self._outer.acquire()

    def __exit__(self, *_: object) -> None:
        self._outer.release()
        self._inner.release()
