"""Sources: the Hub (settings.hub_endpoint), and a mirror of it that is asked beside it. No account is needed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote

from llm_core import atomic
from llm_core.catalog import stream
from llm_core.catalog.source import Login, Meter, Probe, Sound, Target
from llm_core.events import Events
from llm_core.settings import Settings


def appended(url: str, target: Target, settings: Settings, login: Login | None = None) -> Events:
    """Let the file grow by the rest of what `url` holds, by Range, as it comes. For every source that speaks HTTP."""
    done, meter = target.done, Meter(target)
    chunks = stream.read(url, done, target.bytes, settings.fetch_stall_s, login)
    with atomic.disk_errors(target.grown), target.grown.open("ab") as grown, contextlib.closing(chunks):
        for chunk in chunks:
            grown.write(chunk or b"")
            done += len(chunk or b"")
            yield meter.at(done)


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
        return f"{settings.hub_endpoint.rstrip('/')}/{self.repo}/resolve/{self.revision}/{quote(self.file)}"

    def probe(self, target: Target, settings: Settings) -> Probe:
        """Ask for the file and look at the first bytes."""
        return stream.holds(self.url(settings), target.bytes, settings.fetch_stall_s)

    def fetch(self, target: Target, settings: Settings) -> Events:
        """The rest of the file."""
        return appended(self.url(settings), target, settings)

    def sound(self, path: Path) -> Sound:
        """Only the hash of the whole is known."""
        yield from ()
        return 0

    def room(self, settings: Settings) -> int:
        """Nothing beside the file."""
        return 0


@dataclass(frozen=True, slots=True)
class Mirror(Hub):
    """The same file at another address of the Hub, which the person named."""

    endpoint: str = ""

    kind: ClassVar[str] = "mirror"

    def url(self, settings: Settings) -> str:
        """Where the file stands."""
        return f"{self.endpoint}/{self.repo}/resolve/{self.revision}/{quote(self.file)}"
