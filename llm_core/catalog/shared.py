"""What this workbench gives to others that know its hash: models that were fetched, and those that come along.

Nothing of a visitor is among them, nor what somebody put into the models folder, nor what another program keeps.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_core.catalog import bundled, hashes, transformers_folder
from llm_core.catalog.recommended import Catalog, builtin
from llm_core.models.card import CARD_FILE, ModelCard
from llm_core.settings import Settings

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SharedFile:
    """One file, and where it stands here."""

    name: str
    bytes: int
    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class Shared:
    """One model that is given."""

    id: str
    format: str
    licence: str
    family: str
    files: tuple[SharedFile, ...]
    comes_along: bool = False  # with every workbench

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    def card(self) -> dict[str, Any]:
        """What is told of it: no path of this machine."""
        files = [{"name": file.name, "bytes": file.bytes, "sha256": file.sha256} for file in self.files]
        about = {"id": self.id, "format": self.format, "licence": self.licence, "family": self.family}
        return {**about, "comes_along": self.comes_along, "files": files}


def models(settings: Settings, catalog: Catalog | None = None) -> list[Shared]:
    """All that is given; reads notes and cards, never a whole file."""
    known = list(_recommended(settings, catalog or builtin()))
    taken = {file.path for model in known for file in model.files}
    return [*known, *(m for m in _files(settings) if m.files[0].path not in taken), *_folders(settings), *_bundled()]


def path_of(sha256: str, settings: Settings) -> Path | None:
    """The file with this hash. The hash is looked for among those that are given, and is never part of a path."""
    if not _SHA256.fullmatch(sha256):
        return None
    every = (file for model in models(settings) for file in model.files)
    return next((file.path for file in every if file.sha256 == sha256 and file.path.is_file()), None)


def _recommended(settings: Settings, catalog: Catalog) -> Iterator[Shared]:
    own = settings.paths.models.resolve()
    for model in catalog.entries.values():
        path = hashes.where(model, settings)
        if path and own in path.resolve().parents and hashes.glance(model, settings) == "ok":
            file = SharedFile(model.file, model.bytes, model.sha256, path)
            yield Shared(model.id, "gguf", model.licence, "", (file,))


def _files(settings: Settings) -> Iterator[Shared]:
    for path in sorted(settings.paths.models.glob("*.gguf")):
        about, sha256 = hashes.about_it(path), hashes.noted(path)
        if sha256 and about.get("fetched"):
            file = SharedFile(path.name, path.stat().st_size, sha256, path)
            yield Shared(path.stem, "gguf", about.get("licence", ""), "", (file,))


def _folders(settings: Settings) -> Iterator[Shared]:
    for folder in transformers_folder.folders(settings):
        with contextlib.suppress(OSError, ValueError):
            card = ModelCard.read(folder)
            if (card.model_extra or {}).get("fetched"):
                yield _of_card(card, folder)


def _bundled() -> Iterator[Shared]:
    for path in sorted(bundled.FOLDER.glob(f"*/{CARD_FILE}")):
        yield _of_card(ModelCard.read(path.parent), path.parent, comes_along=True)


def _of_card(card: ModelCard, folder: Path, *, comes_along: bool = False) -> Shared:
    there = [(name, sha256) for name, sha256 in card.sha256.items() if (folder / Path(name).name).is_file()]
    files = tuple(
        SharedFile(Path(name).name, (folder / Path(name).name).stat().st_size, sha256, folder / Path(name).name)
        for name, sha256 in sorted(there)
    )
    family = transformers_folder.look(folder).architecture
    return Shared(card.id, "transformers", card.licence, family, files, comes_along)
