"""Curves as TensorBoard reads them, written by hand: a few fields of two messages need no package of 60 MB.

A file is a row of records: length, its check sum, an Event, its check sum (tensorflow/core/lib/io/record_writer.h).
An Event is a protocol buffer (tensorflow/core/util/event.proto): wall_time 1, step 2, file_version 3, summary 5,
session_log 7; a summary holds values 1 of tag 1 and simple_value 2.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_CASTAGNOLI = 0x82F63B78
_DOUBLE, _BYTES, _FLOAT, _INTEGER = 1, 2, 5, 0  # kinds of fields
_BEGIN = 1  # SessionLog.START: what an earlier file says of this step and later ones is no longer true


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_CASTAGNOLI if byte & 1 else 0)
        entries.append(byte)
    return tuple(entries)


_TABLE = _table()


class Curves:
    """An event file in `folder`, begun anew for each sitting of a run.

    Args:
        folder: is made where it is missing.
        step: the last update that is behind us; later ones of earlier files are done again.
    """

    def __init__(self, folder: Path, step: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time_ns() // 1000:016d}.{os.getpid()}"
        self._file = (folder / name).open("wb")
        self._write(_field(3, _BYTES, b"brain.Event:2"))
        self._write(_field(2, _INTEGER, step + 1) + _field(7, _BYTES, _field(1, _INTEGER, _BEGIN)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Points at `step` of the curves named."""
        points = (_field(1, _BYTES, tag.encode()) + _field(2, _FLOAT, value) for tag, value in values.items())
        summary = b"".join(_field(1, _BYTES, point) for point in points)
        self._write(_field(2, _INTEGER, step) + _field(5, _BYTES, summary))
        self._file.flush()

    def _write(self, event: bytes) -> None:
        event = _field(1, _DOUBLE, time.time()) + event
        length = struct.pack("<Q", len(event))
        self._file.write(length + _masked(length) + event + _masked(event))


def crc32c(content: bytes) -> int:
    """The check sum of iSCSI (RFC 3720, appendix B.4)."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _masked(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _field(number: int, kind: int, value: float | bytes) -> bytes:
    key = _varint(number << 3 | kind)
    if isinstance(value, bytes):
        return key + _varint(len(value)) + value
    return key + (_varint(int(value)) if kind == _INTEGER else struct.pack("<d" if kind == _DOUBLE else "<f", value))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
