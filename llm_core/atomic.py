"""The one way to write what must survive: aside, flushed, renamed. A reader sees the old file or the new one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from llm_core.errors import UserError

CHUNK_BYTES = 1 << 20


@contextlib.contextmanager
def writing(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a file aside that takes the place of `path` when the block ends well, and vanishes when it does not.

    Args:
        path: the file to write; its folder is made where it is missing.
        mode: "wb" or "w" (UTF-8, line breaks as they are).

    Raises:
        UserError: `disk_full`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    aside = Path(name)
    try:
        text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
        with disk_errors(path), os.fdopen(handle, mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        rename(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def rename(aside: Path, path: Path) -> None:
    """Put a finished file or folder in its place, and make the renaming itself survive a power cut."""
    aside.replace(path)
    if os.name == "posix":  # Windows has no handle for a folder, and needs none
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn "no space left" into a sentence that names the disk."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError("disk_full", path=str(path.parent)) from error
        raise


def sha256_of(path: Path) -> str:
    """The file's SHA-256 as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def folder_bytes(folder: Path) -> int:
    """Size of all files in a folder."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # a checkpoint that was just replaced
            total += path.stat().st_size
    return total
