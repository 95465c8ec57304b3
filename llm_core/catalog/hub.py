"""Source: the Hub, or a mirror of it (settings.hub_endpoint). No account is needed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from llm_core import atomic
from llm_core.catalog import stream
from llm_core.catalog.source import Meter, Probe, Sound, Target
from llm_core.events import Events
from llm_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Hub:
    """One file at one revision of a repository."""

    repo: str
    revision: str
    file: str

    kind: ClassVar[str] = "hub"
    checks_pieces: ClassVar[bool] = False
    starts_slowly: ClassVar[bool] = False

    @classmethod
    def read(cls, table: Mapping[str, Any], file: str, size: int) -> Self:
        """From the table of recommended.toml."""
        return cls(file=file, **table)

    def url(self, settings: Settings) -> str:
        """Where the file stands."""
        return f"{settings.hub_endpoint.rstrip('/')}/{self.repo}/resolve/{self.revision}/{self.file}"

    def probe(self, target: Target, settings: Settings) -> Probe:
        """Ask for the file and look at the first bytes."""
        return stream.holds(self.url(settings), target.bytes, settings.fetch_stall_s)

    def fetch(self, target: Target, settings: Settings) -> Events:
        """The rest of the file, by Range, appended as it comes."""
        done, meter = target.done, Meter(target)
        chunks = stream.read(self.url(settings), done, target.bytes, settings.fetch_stall_s)
        with atomic.disk_errors(target.grown), target.grown.open("ab") as grown, contextlib.closing(chunks):
            for chunk in chunks:
                grown.write(chunk or b"")
                done += len(chunk or b"")
                yield meter.at(done)

    def sound(self, path: Path) -> Sound:
        """Only the hash of the whole is known."""
        yield from ()
        return 0

    def room(self, settings: Settings) -> int:
        """Nothing beside the file."""
        return 0
