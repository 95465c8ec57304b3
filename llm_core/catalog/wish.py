"""A model that is not in the catalog and is to be fetched: which files, by which hashes, and how far it has come.

It is written beside what has come of it, so that it goes on after a restart without asking for its listing again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from llm_core import atomic
from llm_core.catalog import places
from llm_core.catalog.hub import Hub
from llm_core.catalog.modelscope import ModelScope
from llm_core.catalog.repository import RemoteFile, Repository, Variant
from llm_core.catalog.source import Digest, Source, Target
from llm_core.settings import Settings

WISH = "wish.json"


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a model that is being fetched."""

    id: str  # of the model
    file: str
    bytes: int
    sha256: str
    git_sha1: str
    sources: tuple[Source, ...]
    key: str  # of the wish

    def target(self, settings: Settings) -> Target:
        """See `source.Wanted`."""
        base = settings.paths.downloads / self.key
        return Target(self.file, self.bytes, base / "files" / self.file, base / "parts" / self.file)

    def checksum(self) -> tuple[Digest, str]:
        """Of files that are kept outside of git SHA-256 is declared, of others the hash that git gives to a blob."""
        if self.sha256:
            return hashlib.sha256(), self.sha256
        digest = hashlib.sha1(b"blob %d\0" % self.bytes, usedforsecurity=False)
        return digest, self.git_sha1


@dataclass(frozen=True, slots=True)
class Wish:
    """A variant of a repository, as it was looked up."""

    id: str
    variant: str
    revision: str
    source: str  # kind that told of it
    format: Literal["gguf", "transformers"]
    licence: str
    files: tuple[RemoteFile, ...]
    family: str = ""
    tasks: tuple[str, ...] = ()
    parameters: int = 0

    @classmethod
    def of(cls, repository: Repository, variant: Variant) -> Wish:
        """To fetch `variant`."""
        return cls(
            repository.id, variant.name, repository.revision, repository.source, variant.format, repository.licence,
            variant.files, repository.family, repository.tasks, variant.parameters,
        )  # fmt: skip

    @property
    def key(self) -> str:
        """Names its folder of downloads: the same files, the same folder."""
        named = "\n".join([self.id, self.variant, *(f"{f.path} {f.sha256}{f.git_sha1}" for f in self.files)])
        return f"wish-{hashlib.sha256(named.encode()).hexdigest()[:24]}"

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def name(self) -> str:
        """What the model is called once it is here."""
        return self.files[0].name.removesuffix(".gguf") if self.format == "gguf" else self.id.replace("/", "--")

    def place(self, settings: Settings) -> Path:
        """Where its file or folder stands once it is here."""
        folder = settings.paths.models
        return folder / self.files[0].name if self.format == "gguf" else folder / self.name

    def pieces(self, settings: Settings) -> list[Piece]:
        """Its files, small ones first: what is wrong with a repository shows before gigabytes have come."""
        ordered = sorted(self.files, key=lambda file: file.bytes)
        return [
            Piece(self.id, file.name, file.bytes, file.sha256, file.git_sha1, self._sources(file), self.key)
            for file in ordered
        ]

    def _sources(self, file: RemoteFile) -> tuple[Source, ...]:
        """By name where a hash says whether it is the same file there: the branch of the other may have moved on."""
        if self.source in places.BY_HASH:
            return ()  # `places` adds the workbench or the folder itself
        if self.source == ModelScope.kind:
            return (ModelScope(self.id, self.revision, file.path), Hub(self.id, "main", file.path))
        return (Hub(self.id, self.revision, file.path), ModelScope(self.id, "master", file.path))

    def folder(self, settings: Settings) -> Path:
        """Where it grows."""
        return settings.paths.downloads / self.key

    def fetched_bytes(self, settings: Settings) -> int:
        """What has come."""
        return sum(piece.target(settings).done for piece in self.pieces(settings))

    def write(self, settings: Settings) -> None:
        """Keep it beside what has come of it."""
        with atomic.writing(self.folder(settings) / WISH, "w") as file:
            json.dump(asdict(self), file, ensure_ascii=False)


def unfinished(settings: Settings) -> list[Wish]:
    """What was begun and has not come whole."""
    found = []
    for path in sorted(settings.paths.downloads.glob(f"wish-*/{WISH}")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # somebody edited it
            row = json.loads(path.read_text("utf-8"))
            row["files"] = tuple(RemoteFile(**file) for file in row["files"])
            wish = Wish(**{**row, "tasks": tuple(row["tasks"])})
            if wish.key == path.parent.name:
                found.append(wish)
    return found
