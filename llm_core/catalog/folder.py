"""Source: a folder or USB stick that holds the file, under whatever name; its size says which it may be."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from llm_core import atomic
from llm_core.catalog.source import Meter, Probe, Sound, SourceFailed, Target
from llm_core.events import Events
from llm_core.settings import Settings

DEPTH_MAX = 3
FILES_MAX = 5000  # a whole disk that was named by mistake is not read to its end


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that the person named."""

    folder: Path

    kind: ClassVar[str] = "folder"
    checks_pieces: ClassVar[bool] = False
    starts_slowly: ClassVar[bool] = False

    @classmethod
    def read(cls, table: Mapping[str, Any], file: str, size: int) -> Self:
        """From a table of recommended.toml."""
        return cls(Path(table["folder"]))

    def probe(self, target: Target, settings: Settings) -> Probe:
        """Look for a file of that size."""
        yield
        return next(_of_size(self.folder, target), None) is not None

    def fetch(self, target: Target, settings: Settings) -> Events:
        """Copy the rest of it."""
        path = next(_of_size(self.folder, target), None)
        if path is None:
            raise SourceFailed(f"no file of {target.bytes} bytes in {self.folder}")
        done, meter = target.done, Meter(target)
        try:
            with path.open("rb") as file, target.grown.open("ab") as grown:
                file.seek(done)
                while chunk := file.read(atomic.CHUNK_BYTES):
                    with atomic.disk_errors(target.grown):
                        grown.write(chunk)
                    done += len(chunk)
                    yield meter.at(done)
        except OSError as error:  # the stick was pulled out
            raise SourceFailed(f"{path}: {error}", again=True) from error

    def sound(self, path: Path) -> Sound:
        """Only the hash of the whole is known."""
        yield from ()
        return 0

    def room(self, settings: Settings) -> int:
        """Nothing beside the file."""
        return 0


def holds(folder: Path, size: int) -> bool:
    """Whether a file of `size` bytes is in `folder`."""
    return any(_size(path) == size for path in files(folder))


def _of_size(folder: Path, target: Target) -> Iterator[Path]:
    """Files that can be the wanted one: those of its own name first."""
    found = [path for path in files(folder) if _size(path) == target.bytes]
    return iter(sorted(found, key=lambda path: (path.name != target.file, str(path))))


def files(folder: Path) -> Iterator[Path]:
    """Files in `folder` and a few folders below it, hidden ones left out; links are not followed out of it."""
    left = FILES_MAX
    for place, below, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        below[:] = sorted(name for name in below if depth < DEPTH_MAX and not name.startswith("."))
        for name in sorted(names):
            left -= 1
            if left < 0:
                return
            if not name.startswith("."):
                yield Path(place, name)


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        if path.is_file():
            return path.stat().st_size
    return -1
