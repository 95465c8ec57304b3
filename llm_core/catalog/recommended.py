"""The models of recommended.toml: what each is, needs and can do, and where its bytes can be had."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_core.catalog.hub import Hub
from llm_core.catalog.index import Index
from llm_core.catalog.modelscope import ModelScope
from llm_core.catalog.source import Digest, Source, Target
from llm_core.messages import Language
from llm_core.settings import Settings

# A new source is one new file beside hub.py and one line here.
SOURCES: dict[str, type[Source]] = {source.kind: source for source in (Hub, ModelScope, Index)}


@dataclass(frozen=True, slots=True)
class Recommended:
    """One recommended model, which is one GGUF file known by its hash."""

    id: str
    title: Mapping[Language, str]
    file: str
    bytes: int
    sha256: str
    licence: str
    languages: tuple[str, ...]
    parameters: int
    context_tokens: int  # the longest context it was trained for
    memory_bytes: int  # the machine's memory from which on it is recommended
    limits: Mapping[Language, str]
    sources: tuple[Source, ...]
    scores: Mapping[str, float] = field(default_factory=dict)
    card_memory_bytes: int = 0  # of an NVIDIA card, from which on it is recommended before all others; 0 for never

    def path(self, settings: Settings) -> Path:
        """Where the file stands once it is fetched."""
        return settings.paths.models / self.file

    def target(self, settings: Settings) -> Target:
        """Where the file grows while it is fetched."""
        aside = settings.paths.downloads / self.id
        return Target(self.file, self.bytes, aside / f"{self.file}.part", aside / "parts")

    def checksum(self) -> tuple[Digest, str]:
        """See `source.Wanted`."""
        return hashlib.sha256(), self.sha256

    def lock(self, settings: Settings) -> Path:
        """Held by the process that is fetching the file."""
        return settings.paths.downloads / f"{self.id}.lock"


@dataclass(frozen=True, slots=True)
class Catalog:
    """All recommended models by id, and for each task their order."""

    entries: Mapping[str, Recommended]
    fetch: Mapping[str, tuple[Recommended, ...]]  # task -> what is fetched by itself, best first
    use: Mapping[str, tuple[Recommended, ...]]  # task -> what is taken of that which is here, best first


def read(text: str) -> Catalog:
    """A catalog written like recommended.toml."""
    table = tomllib.loads(text)
    entries = {name: _recommended(name, facts) for name, facts in table["models"].items()}
    order = {
        kind: {task: tuple(entries[name] for name in both[kind]) for task, both in table["tasks"].items()}
        for kind in ("fetch", "use")
    }
    return Catalog(entries, order["fetch"], order["use"])


@functools.cache
def builtin() -> Catalog:
    """The catalog that the workbench comes with."""
    return read((Path(__file__).parent / "recommended.toml").read_text("utf-8"))


def _recommended(name: str, facts: dict[str, Any]) -> Recommended:
    sources = tuple(
        SOURCES[kind].read(table, facts["file"], facts["bytes"]) for kind, table in facts.pop("sources").items()
    )
    languages = tuple(facts.pop("languages"))
    return Recommended(id=name, languages=languages, sources=sources, **facts)
