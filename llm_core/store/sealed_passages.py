"""Passages of a library under a passphrase: sealed on the disk, searched in memory, where an index of words is made.

One file a document, `sealed/ID`, holds its passages and vectors. Nothing of them stands anywhere else.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import shutil
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_core.atomic import writing
from llm_core.errors import UserError
from llm_core.store.passages import Passage
from llm_core.store.passages_in_memory import PassagesInMemory
from llm_core.store.sealed import Seal
from llm_core.store.tantivy_words import WordIndex

_LENGTH = struct.Struct("<Q")  # of the passages, before the vectors


class SealedPassages(PassagesInMemory):
    """The `Passages` in `folder`, which `seal` opens; a file that cannot be opened is given up."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        super().__init__()
        self._folder = folder / "sealed"
        self._seal = seal
        self._folder.mkdir(parents=True, exist_ok=True)
        self._words = WordIndex(None)
        self._read()

    def add(self, document: str, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> None:
        """See `Passages`."""
        rows = json.dumps([dataclasses.astuple(passage) for passage in passages], ensure_ascii=False).encode()
        numbers = io.BytesIO()
        np.save(numbers, vectors.astype(np.float16))
        with self._lock:
            sealed = self._seal.close(_LENGTH.pack(len(rows)) + rows + numbers.getvalue(), _place(document))
            with writing(self._folder / document) as file:
                file.write(sealed)
            self._forget(document)
            self._read()

    def delete(self, document: str) -> None:
        """See `Passages`."""
        with self._lock:
            (self._folder / document).unlink(missing_ok=True)
            self._read()

    def close(self) -> None:
        """See `Passages`."""
        with self._lock:
            self._passages, self._vectors, self._words = {}, {}, WordIndex(None)

    def _read(self) -> None:
        """Take in what was added or deleted, by other processes too; the index is made anew where that changed."""
        here = {path.name for path in self._folder.iterdir() if not path.name.startswith(".")}
        gone, fresh = self._passages.keys() - here, here - self._passages.keys()
        for document in gone:
            self._forget(document)
        for document in fresh:
            self._take(document)
        if gone:
            self._words = WordIndex(None)
            self._words.add(self._passages.items())
        elif taken := [(name, self._passages[name]) for name in fresh if name in self._passages]:
            self._words.add(taken)

    def _take(self, document: str) -> None:
        path = self._folder / document
        try:
            content = self._seal.open(path.read_bytes(), _place(document))
        except UserError:
            path.unlink(missing_ok=True)  # as of a document that was never indexed: it is made again
            return
        (length,) = _LENGTH.unpack_from(content)
        rows = json.loads(content[_LENGTH.size : _LENGTH.size + length])
        passages = [Passage(text, start, end, tuple(heading), page) for text, start, end, heading, page in rows]
        vectors = np.load(io.BytesIO(content[_LENGTH.size + length :]), allow_pickle=False)
        self._keep(document, passages, vectors)


def seal_up(folder: Path, seal: Seal) -> None:
    """Seal what `TantivyPassages` kept in `folder`, and delete it."""
    sealed = SealedPassages(folder, seal)
    for path in (folder / "passages").glob("[!.]*.json"):
        rows = json.loads(path.read_text("utf-8"))
        passages = [Passage(text, start, end, tuple(heading), page) for text, start, end, heading, page in rows]
        with contextlib.suppress(OSError, ValueError):  # damaged: made again from the document's text
            vectors = np.load(folder / "vectors" / f"{path.stem}.npy", allow_pickle=False)
            sealed.add(path.stem, passages, vectors)
    sealed.close()
    for name in ("passages", "vectors", "words"):
        shutil.rmtree(folder / name, ignore_errors=True)


def break_seal(folder: Path) -> None:
    """Delete what is sealed in `folder`: it is made again, plainly, when its library is next asked."""
    shutil.rmtree(folder / "sealed", ignore_errors=True)


def _place(document: str) -> str:
    return f"passages of {document}"
