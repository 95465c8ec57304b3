"""Source: the Hub, or a mirror of it (settings.hub_endpoint). No account is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from llm_core.catalog.source import Probe, Target
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

    @classmethod
    def read(cls, table: Mapping[str, Any], file: str, size: int) -> Self:
        """From the table of recommended.toml."""
        return cls(file=file, **table)

    def probe(self, target: Target, settings: Settings) -> Probe:
        """Ask for the first byte."""
        raise NotImplementedError

    def fetch(self, target: Target, settings: Settings) -> Events:
        """The rest of the file, by Range."""
        raise NotImplementedError

    def room(self, settings: Settings) -> int:
        """Nothing beside the file."""
        return 0
