"""What a source of model files has to do. Knows no source; the table of all is in recommended.py."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from llm_core.events import Events
from llm_core.settings import Settings

Probe = Generator[None, None, bool]


@dataclass(frozen=True, slots=True)
class Target:
    """The file that is being fetched.

    `grown` is its beginning, as far as it was fetched, whoever sent it: each source goes on from there.
    `aside` is a folder where a source keeps pieces that cannot be joined yet.
    """

    file: str
    bytes: int
    grown: Path
    aside: Path

    @property
    def done(self) -> int:
        """Bytes that `grown` holds."""
        return self.grown.stat().st_size if self.grown.exists() else 0


class SourceFailed(Exception):
    """A source cannot go on; the next one may. `code` is the UserError when no other source can either."""

    def __init__(self, why: str, code: str = "no_source") -> None:
        super().__init__(why)
        self.code = code


class Source(Protocol):
    """One place that holds a file. A frozen dataclass, read from its table in recommended.toml."""

    kind: ClassVar[str]
    # Whether every piece is compared with a hash before it is joined: if so, a wrong whole is another source's fault.
    checks_pieces: ClassVar[bool]

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

    def room(self, settings: Settings) -> int:
        """Bytes of disk that it needs for a while beside the file itself."""
