"""Curves for TensorBoard, read back by a reader of our own that follows the format's description."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_core.training.loop import StepRecord
from llm_core.training.metrics import CURVES_FOLDER, Metrics, earlier
from llm_core.training.tensorboard import crc32c


def records(path: Path) -> Iterator[bytes]:
    content, at = path.read_bytes(), 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        for start, size in ((at, 8), (at + 12, length)):
            (masked,) = struct.unpack_from("<I", content, start + size)
            crc = crc32c(content[start : start + size])
            assert masked == ((crc >> 15 | (crc << 17 & 0xFFFFFFFF)) + 0xA282EAD8) % 2**32
        yield content[at + 12 : at + 12 + length]
        at += 16 + length


def fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    at = 0

    def varint() -> int:
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        number, kind = divmod(varint(), 8)
        match kind:
            case 0:
                yield number, varint()
            case 1:
                yield number, struct.unpack_from("<d", message, at)[0]
                at += 8
            case 5:
                yield number, struct.unpack_from("<f", message, at)[0]
                at += 4
            case 2:
                size = varint()
                yield number, message[at : at + size]
                at += size


def test_the_check_sum_is_the_published_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4


def test_what_is_written_can_be_read_back_and_a_sitting_says_where_it_begins(tmp_path: Path) -> None:
    for first, losses in ((0, (4.0, 3.0, 2.5)), (2, (2.5, 2.25))):
        with Metrics(tmp_path, first) as metrics:
            for i, loss in enumerate(losses, first + 1):
                metrics.write(StepRecord(i, loss, 0.01, 1.0, 300 * i, 0.1 * i, 3000.0))
    assert [(line["step"], line["loss"]) for line in earlier(tmp_path)] == [(1, 4.0), (2, 3.0), (3, 2.5), (4, 2.25)]

    files = sorted((tmp_path / CURVES_FOLDER).iterdir())
    assert len(files) == 2
    events = [dict(fields(record)) for record in records(files[1])]
    assert events[0][3] == b"brain.Event:2"
    assert (events[1][2], dict(fields(events[1][7]))) == (3, {1: 1})
    assert [event[2] for event in events[2:]] == [3, 4]
    values = dict(fields(events[2][5]))  # the last value of the summary
    assert dict(fields(values[1]))[1] == b"tokens_per_second"
    tags = [dict(fields(value)) for number, value in fields(events[3][5]) if number == 1]
    assert {tag[1].decode(): tag[2] for tag in tags}["loss"] == pytest.approx(2.25)
