"""What a source of model files has to do. Knows no source; the table of all is in recommended.py."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from llm_core.events import Event, Events, Progress, Tick
from llm_core.settings import Settings

POLL_S = 0.05  # how often what runs beside is looked at: a Tick at least every 0.1 s

Login = tuple[str, str]  # a name and its password, sent to nobody but the address that it was entered for
Probe = Generator[None, None, bool]
Sound = Generator[Event, None, int]


@dataclass(frozen=True, slots=True)
class Target:
    """The file that is being fetched.

    `grown` is its beginning, as far as it was fetched, whoever sent it: each source goes on from there.
    `aside` is a folder where a source keeps finished pieces that cannot be joined yet.
    """

    file: str
    bytes: int
    grown: Path
    aside: Path

    @property
    def done(self) -> int:
        """Bytes that `grown` holds."""
        return self.grown.stat().st_size if self.grown.exists() else 0

    @property
    def kept(self) -> int:
        """Bytes that need not be fetched again."""
        return self.done + sum(path.stat().st_size for path in self.aside.glob("*.whl"))

    def progress(self, done: int) -> Progress:
        """How far the file has come."""
        return Progress("fetching", min(done, self.bytes), self.bytes, "bytes")


class Meter:
    """Says how far the file has come, but not for every packet, nor twice the same: such an event is a Tick."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._said = -1
        self._due = 0.0

    def at(self, done: int) -> Progress | Tick:
        """The event for `done` bytes."""
        now = time.monotonic()
        if done <= self._said or (now < self._due and done < self._target.bytes):
            return Tick()
        self._said, self._due = done, now + POLL_S
        return self._target.progress(done)


class SourceFailed(Exception):
    """A source cannot go on; the next one may.

    Args:
        why: for the log.
        again: whether the same source can serve when it is asked once more.
        code: of the UserError where no other source serves either.
        status: what HTTP said, 0 where it said nothing.
    """

    def __init__(self, why: str, *, again: bool = False, code: str = "no_source", status: int = 0) -> None:
        super().__init__(why)
        self.again = again
        self.code = code
        self.status = status


class Source(Protocol):
    """One place that holds a file. A frozen dataclass, read from its table in recommended.toml."""

    kind: ClassVar[str]
    # Whether every piece is compared with a hash before it is joined: if so, a wrong whole is another source's fault.
    checks_pieces: ClassVar[bool]
    # Whether it takes a program to ask it: then silence may come from this machine, and not from the source.
    starts_slowly: ClassVar[bool]

    @classmethod
    def read(cls, table: Mapping[str, Any], file: str, size: int) -> Self:
        """From the table of recommended.toml, for `file` of `size` bytes."""

    def probe(self, target: Target, settings: Settings) -> Probe:
        """Ask whether the file is held: yields while it waits, returns the answer; closing it stops at once."""

    def fetch(self, target: Target, settings: Settings) -> Events:
        """Let `target.grown` grow to `target.bytes`; yields Progress in bytes, and Tick while it waits.

        Closing it stops at once and keeps what was fetched.

        Raises:
            SourceFailed: the source vanished, lacks the file or sends something else.
            UserError: `disk_full`.
        """

    def sound(self, path: Path) -> Sound:
        """How many bytes from the beginning of a damaged file are proven to be right; yields Progress("checking")."""

    def room(self, settings: Settings) -> int:
        """Bytes of disk that it needs for a while beside the file itself."""


class Digest(Protocol):
    """What the hashes of `hashlib` have in common."""

    def update(self, content: bytes, /) -> object:
        """Take more of the file."""

    def hexdigest(self) -> str:
        """The hash of what was taken."""


class Wanted(Protocol):
    """A file that is known by its hash: a recommended model, or one file of a repository."""

    @property
    def id(self) -> str:
        """What errors call it."""

    @property
    def bytes(self) -> int:
        """Its size."""

    @property
    def sha256(self) -> str:
        """Its hash; "" where only another hash than this is known of it."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """Places that are known to hold it; `places.sources` adds what the person named."""

    def target(self, settings: Settings) -> Target:
        """Where it grows."""

    def checksum(self) -> tuple[Digest, str]:
        """A hash to feed with the whole file, and what it must say then."""
