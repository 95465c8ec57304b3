"""Read the header of a GGUF file that may be anything: cut, random, or made to harm. No native code, little memory.

llama.cpp aborts on some headers (a block count of four million) and a cut file only fails after it was mapped, so
each file is looked at here before it is offered. A length in the file is never believed: it is compared with what
the file still holds, and what is not needed is skipped without being kept.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import functools
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from llm_core.errors import UserError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
WINDOW_BYTES = 1 << 20
KEYS_MAX = 4096
KEY_BYTES_MAX = 256
STRING_KEPT_BYTES = 256  # longer ones (a chat template) are only known to be there
STRINGS_MAX = 4_000_000  # in all arrays together: two lists of the largest vocabularies, five times over
TENSORS_MAX = 65_536
LAYERS_MAX = 512  # what llama.cpp is built for
KEY_VALUE_BYTES = 2  # of one number in the cache of keys and values: f16
# Beside weights and context: Python, native libraries, buffers for one batch. Measured 107 MB with Qwen2.5 1.5B.
WORKING_BYTES = 200_000_000
# Value types: number -> struct letter; 8 is a string, 9 an array.
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
# Tensor types: number -> (values, bytes) of a block. One that is not here is newer than this table: size unknown.
BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2)},
    **{2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 20: (32, 18), 39: (32, 17)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292)},
    **{16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 21: (256, 110), 22: (256, 82), 23: (256, 136)},
    **{29: (256, 56), 34: (256, 54), 35: (256, 66)},
}
# What reads but does not write: no model to talk to.
NO_WRITERS = ("bert", "clip", "t5encoder", "wavtokenizer", "eurobert", "mmproj")
# Figures of the model that must be there and within reason: key after the architecture -> (least, most).
FIGURES = {
    "block_count": (1, LAYERS_MAX),
    "context_length": (1, 1 << 27),
    "embedding_length": (1, 1 << 20),
}
FIGURES_IF_THERE = {
    "attention.head_count": (0, 1 << 16),
    "attention.head_count_kv": (0, 1 << 16),
    "attention.key_length": (1, 1 << 16),
    "attention.value_length": (1, 1 << 16),
    "feed_forward_length": (0, 1 << 24),
    "vocab_size": (1, 1 << 24),
    "expert_count": (0, 1 << 12),
    "expert_used_count": (0, 1 << 12),
    "rope.dimension_count": (0, 1 << 16),
}

Value = int | float | str | None  # None: there, but long or a list


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says of itself."""

    architecture: str
    name: str
    parameters: int
    context_tokens: int  # the longest context it was trained for
    layers: int
    width: int
    chat_template: bool
    bytes: int
    cache_bytes_per_token: int  # of keys and values, in f16

    def memory_bytes(self, context_tokens: int) -> int:
        """What the open model needs, with room for `context_tokens` in all slots together.

        It may seem to take more: pages of the file that were laid out anew for this processor's instructions stay
        mapped beside the copy, but the system takes them back when it needs them.
        """
        return self.bytes + self.cache_bytes_per_token * context_tokens + WORKING_BYTES


def read(path: Path) -> Header:
    """The header of `path`, after everything in it was found sane and complete.

    Raises:
        UserError: `model_path_missing`, `gguf_not_one`, `gguf_version`, `gguf_cut`, `gguf_strange` (figures that no
            model has), `gguf_no_writer` (an encoder), `gguf_split` (one of several files).
    """
    try:
        stat = path.stat()
        return _read(path, stat.st_size, stat.st_mtime_ns)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise UserError("model_path_missing", path=str(path)) from error


@functools.lru_cache(maxsize=256)  # a large vocabulary takes a third of a second, and a list is drawn often
def _read(path: Path, size: int, _changed: int) -> Header:
    with path.open("rb") as file:
        return _Reader(file, path, size).header()


class _Reader:
    """The file's bytes in order, through a window of 1 MB."""

    def __init__(self, file: BinaryIO, path: Path, size: int) -> None:
        self._file, self._path, self._size = file, path, size
        self._window = b""
        self._at = 0  # in the window
        self._read = 0  # of the file, up to the end of the window
        self._strings_left = STRINGS_MAX

    def refuse(self, code: str) -> UserError:
        return UserError(code, path=str(self._path))

    @property
    def position(self) -> int:
        return self._read - len(self._window) + self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes, at most a window."""
        if self._at + count > len(self._window):
            if count > self._size - self.position:
                raise self.refuse("gguf_cut")
            rest = self._window[self._at :]
            more = self._file.read(WINDOW_BYTES)
            self._window, self._at, self._read = rest + more, 0, self._read + len(more)
            if len(self._window) < count:  # the file shrank meanwhile
                raise self.refuse("gguf_cut")
        self._at += count
        return self._window[self._at - count : self._at]

    def skip(self, count: int) -> None:
        if self._at + count <= len(self._window):
            self._at += count
            return
        if count > self._size - self.position:
            raise self.refuse("gguf_cut")
        self._read = self._file.seek(self.position + count)
        self._window, self._at = b"", 0

    def number(self, letter: str) -> int | float:
        value: int | float = struct.unpack("<" + letter, self.take(struct.calcsize(letter)))[0]
        return value

    def count(self, most: int) -> int:
        """An unsigned 64-bit number, no more than `most`."""
        value = int(self.number("Q"))
        if value > most:
            raise self.refuse("gguf_strange")
        return value

    def string(self, most: int) -> str | None:
        """A string of up to `most` bytes; None for a longer one, which is skipped."""
        length = int(self.number("Q"))
        if length > most:
            self.skip(length)
            return None
        return self.take(length).decode("utf-8", "replace")

    def value(self, kind: int) -> Value:
        if kind == STRING:
            return self.string(STRING_KEPT_BYTES)
        if kind == ARRAY:
            self.array()
            return None
        if kind not in SCALARS:
            raise self.refuse("gguf_strange")
        return self.number(SCALARS[kind])

    def array(self) -> None:
        kind = int(self.number("I"))
        length = int(self.number("Q"))
        if kind in SCALARS:
            self.skip(length * struct.calcsize(SCALARS[kind]))
            return
        self._strings_left -= length
        if kind != STRING or self._strings_left < 0:  # llama.cpp knows no arrays of arrays
            raise self.refuse("gguf_strange")
        for _ in range(length):
            self.skip(int.from_bytes(self.take(8), "little"))

    def header(self) -> Header:
        if self._size < len(MAGIC) or self.take(4) != MAGIC:
            raise self.refuse("gguf_not_one")
        if self.number("I") not in VERSIONS:
            raise self.refuse("gguf_version")
        tensors = self.count(TENSORS_MAX)
        facts = self.facts(self.count(KEYS_MAX))
        architecture = self.architecture(facts)
        for figures, needed in ((FIGURES, True), (FIGURES_IF_THERE, False)):
            for name, (least, most) in figures.items():
                self.figure(facts, f"{architecture}.{name}", least, most, needed)
        title = facts.get("general.name")
        return Header(
            architecture=architecture,
            name=title if isinstance(title, str) else "",
            parameters=self.tensors(tensors, facts),
            context_tokens=_whole(facts[f"{architecture}.context_length"]),
            layers=_whole(facts[f"{architecture}.block_count"]),
            width=_whole(facts[f"{architecture}.embedding_length"]),
            chat_template="tokenizer.chat_template" in facts,
            bytes=self._size,
            cache_bytes_per_token=_cache_bytes(facts, architecture),
        )

    def facts(self, count: int) -> dict[str, Value]:
        facts: dict[str, Value] = {}
        for _ in range(count):
            key = self.string(KEY_BYTES_MAX)
            value = self.value(int(self.number("I")))
            if key is None:
                continue
            if key in facts:  # llama.cpp refuses a key that stands twice
                raise self.refuse("gguf_strange")
            facts[key] = value
        return facts

    def architecture(self, facts: dict[str, Value]) -> str:
        """Which model it is, where it is one that writes and stands in one file."""
        value = facts.get("general.architecture")
        if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
            raise self.refuse("gguf_strange")
        if any(word in value for word in NO_WRITERS):
            raise self.refuse("gguf_no_writer")
        if _whole(facts.get("split.count")) > 1:
            raise self.refuse("gguf_split")
        return value

    def figure(self, facts: dict[str, Value], key: str, least: int, most: int, needed: bool) -> None:
        value = facts.get(key)
        if value is None and not needed:  # absent, or a list with one figure for each layer
            return
        if not isinstance(value, int) or not least <= value <= most:
            raise self.refuse("gguf_strange")

    def tensors(self, count: int, facts: dict[str, Value]) -> int:
        """The number of parameters, after each tensor was found inside the file."""
        alignment = _whole(facts.get("general.alignment", 32))
        if not count or alignment not in (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096):
            raise self.refuse("gguf_strange")
        parameters = end = 0
        for _ in range(count):
            values, size, offset = self.tensor()
            if offset % alignment:
                raise self.refuse("gguf_strange")
            parameters, end = parameters + values, max(end, offset + size)
        start = -(-self.position // alignment) * alignment
        if start + end > self._size:
            raise self.refuse("gguf_cut")
        return parameters

    def tensor(self) -> tuple[int, int, int]:
        """How many values a tensor has, its bytes, and where they begin."""
        name = self.string(64)
        dimensions = int(self.number("I"))
        if name is None or not 1 <= dimensions <= 4:
            raise self.refuse("gguf_strange")
        row = self.count(1 << 32)
        values = row
        for _ in range(dimensions - 1):
            values *= self.count(1 << 32)
        block, size = BLOCKS.get(int(self.number("I")), (1, 0))
        if not values or values > 1 << 45 or row % block:
            raise self.refuse("gguf_strange")
        return values, values // block * size, int(self.number("Q"))


def _cache_bytes(facts: dict[str, Value], architecture: str) -> int:
    """Of one token; where layers differ, all are taken for the largest kind."""
    names = ("block_count", "embedding_length", "attention.head_count", "attention.head_count_kv")
    layers, width, heads, kv_heads = (_whole(facts.get(f"{architecture}.{name}")) for name in names)
    heads = heads or 1
    lengths = [
        _whole(facts.get(f"{architecture}.attention.{each}_length")) or width // heads for each in ("key", "value")
    ]
    return layers * (kv_heads or heads) * sum(lengths) * KEY_VALUE_BYTES


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else 0
