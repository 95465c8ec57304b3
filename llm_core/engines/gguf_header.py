"""The figures of a GGUF file that decide how it is opened: trained context, and memory for each token of context.

Whether the file is whole and sane is not asked here: the child process finds out, and only it pays for a bad one.
Lengths in the file are compared with its size, so that reading any file is quick and takes little memory.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import functools
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from llm_core.errors import UserError

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
ITEMS_MAX = 4_000_000  # in one list; the largest vocabularies have a quarter million
LAYERS_MAX = 10_000  # llama.cpp itself stops far below
KEY_VALUE_BYTES = 2  # of one number in the cache of keys and values: f16
# Beside weights and context: Python, native libraries, buffers for one batch. Measured 107 MB with Qwen2.5 1.5B.
WORKING_BYTES = 200_000_000

Value: TypeAlias = int | float | str | list[int] | None  # None: there, but not a figure


@dataclass(frozen=True, slots=True)
class Header:
    """What opening needs to know. `context_tokens` is the length it was trained for."""

    context_tokens: int
    cache_bytes_per_token: int
    file_bytes: int

    def memory_bytes(self, context_tokens: int) -> int:
        """What the open model needs, with room for `context_tokens` in all slots together.

        It may seem to take more: pages of the file that were laid out anew for this processor's instructions stay
        mapped beside the copy, but the system takes them back when it needs them.
        """
        return self.file_bytes + self.cache_bytes_per_token * context_tokens + WORKING_BYTES


def read(path: Path) -> Header:
    """The figures of the file at `path`.

    Raises:
        UserError: `model_path_missing`, or `gguf_not_one` where it is not a GGUF file of a language model.
    """
    try:
        stat = path.stat()
        return _read(path, stat.st_size, stat.st_mtime_ns)
    except OSError as error:
        raise UserError("model_path_missing", path=str(path)) from error
    except (ValueError, KeyError, struct.error, OverflowError) as error:
        raise UserError("gguf_not_one", path=str(path)) from error


@functools.lru_cache(maxsize=64)
def _read(path: Path, size: int, _changed: int) -> Header:
    with path.open("rb") as file:
        reader = _Reader(file, size)
        facts = reader.facts()
    name = facts["general.architecture"]
    context, layers = _figure(facts, f"{name}.context_length"), _figure(facts, f"{name}.block_count")
    if context < 1 or not 1 <= layers <= LAYERS_MAX:
        raise ValueError("no such model")
    heads = _figure(facts, f"{name}.attention.head_count", 1) or 1
    kv_heads = _figure(facts, f"{name}.attention.head_count_kv", heads)
    usual = _figure(facts, f"{name}.embedding_length", 0) // heads
    lengths = [_figure(facts, f"{name}.attention.{each}_length", usual) for each in ("key", "value")]
    return Header(context, layers * kv_heads * sum(lengths) * KEY_VALUE_BYTES, size)


def _figure(facts: dict[str, Value], key: str, default: int | None = None) -> int:
    value = facts[key] if default is None else facts.get(key, default)
    if isinstance(value, list):  # one figure for each layer: the largest is the careful one
        value = max(value, default=0)
    if not isinstance(value, int) or value < 0:
        raise ValueError(key)
    return value


def _complete(facts: dict[str, Value]) -> bool:
    name = facts.get("general.architecture")
    return all(f"{name}.{figure}" in facts for figure in ("context_length", "block_count", "attention.head_count"))


class _Reader:
    """Key by key; strings and lists that are no figures are passed over."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size

    def facts(self) -> dict[str, Value]:
        if self._file.read(4) != b"GGUF":
            raise ValueError("no magic")
        self._number("I")  # the version, which is for the child to judge
        self._number("Q")  # tensors
        facts: dict[str, Value] = {}
        for _ in range(self._length("Q")):
            key = self._string()
            if key.startswith("tokenizer.") and _complete(facts):
                break  # a vocabulary of 150,000 words takes a second, and stands last in every file that is made
            facts[key] = self._value(int(self._number("I")))
        return facts

    def _number(self, letter: str) -> int | float:
        value: int | float = struct.unpack(f"<{letter}", self._file.read(struct.calcsize(letter)))[0]
        return value

    def _length(self, letter: str, each: int = 1) -> int:
        """A count of things of at least `each` bytes, which must still fit into the file."""
        value = int(self._number(letter))
        if value * each > self._size - self._file.tell():
            raise ValueError("cut")
        return value

    def _string(self) -> str:
        return self._file.read(self._length("Q")).decode(errors="replace")

    def _value(self, kind: int) -> Value:
        match kind:
            case _ if kind in SCALARS:
                return self._number(SCALARS[kind])
            case _ if kind == STRING:
                return self._string()
            case _ if kind == ARRAY:
                return self._list(int(self._number("I")))
        raise ValueError("unknown type")

    def _list(self, kind: int) -> list[int] | None:
        if kind in SCALARS:
            size = struct.calcsize(SCALARS[kind])
            count = self._length("Q", size)
            if count > LAYERS_MAX or SCALARS[kind] in "fd":
                self._file.seek(count * size, os.SEEK_CUR)
                return None
            return [int(self._number(SCALARS[kind])) for _ in range(count)]
        count = self._length("Q", 8)
        if kind != STRING or count > ITEMS_MAX:
            raise ValueError("no list of strings")
        for _ in range(count):
            self._file.seek(self._length("Q"), os.SEEK_CUR)
        return None
