"""Models that other programs keep on this disk: LM Studio's folder, Ollama's store, the cache of the Hub's library.

They are looked for when somebody asks, read for what they are, and offered. Nothing of them is copied or changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from llm_core.catalog import local, transformers_folder
from llm_core.errors import UserError
from llm_core.settings import Settings

Program = Literal["lmstudio", "ollama", "hub_cache"]  # labels: models.source_*
MODEL_LAYER = "application/vnd.ollama.image.model"
MANIFEST_BYTES_MAX = 1_000_000
FOUND_MAX = 500
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Found:
    """One model of another program, and what is wrong with it, where something is."""

    id: str
    program: Program
    path: Path  # a GGUF file, or the folder of a Transformers model
    format: Literal["gguf", "transformers"]
    bytes: int
    architecture: str = ""
    sha256: str = ""  # where its name says it; Ollama's do
    problem: UserError | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    program: Program
    path: Path
    format: Literal["gguf", "transformers"] = "gguf"
    sha256: str = ""


def models(settings: Settings) -> list[Found]:
    """What is on this disk, those that can be opened first. Reads headers, never a whole file."""
    found = map(_looked_at, _places(settings))
    return sorted(_numbered(found), key=lambda model: (model.problem is not None, model.id.lower()))


def of_size(size: int, settings: Settings) -> list[Found]:
    """GGUF files of `size` bytes that can be opened: each may be the file that is wanted."""
    places = [place for place in _places(settings) if place.format == "gguf" and _size(place.path) == size]
    return [model for model in map(_looked_at, places) if model.problem is None]


def _places(settings: Settings) -> list[_Place]:
    found: list[_Place] = []
    for folder in lmstudio_folders(settings):
        found += _lmstudio(folder)
    for folder in ollama_folders(settings):
        found += _ollama(folder)
    found += _hub_cache(hub_cache_folder(settings))
    own = settings.paths.models.resolve()
    known: dict[Path, _Place] = {}
    for place in found[:FOUND_MAX]:
        real = place.path.resolve()
        if own not in real.parents:
            known.setdefault(real, place)
    return list(known.values())


def lmstudio_folders(settings: Settings) -> list[Path]:
    """Where LM Studio puts its models, now and in former versions; its own settings name another place."""
    if settings.lmstudio_models:
        return [settings.lmstudio_models]
    home = Path.home()
    folders = [home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models"]
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads((home / ".lmstudio" / "settings.json").read_text("utf-8"))
        folders.insert(0, Path(str(told["downloadsFolder"])))
    return folders


def ollama_folders(settings: Settings) -> list[Path]:
    """Ollama's store: of this person, and on Linux that of the service."""
    if settings.ollama_models:
        return [settings.ollama_models]
    if named := os.environ.get("OLLAMA_MODELS"):
        return [Path(named)]
    folders = [Path.home() / ".ollama" / "models"]
    if sys.platform.startswith("linux"):
        folders.append(Path("/usr/share/ollama/.ollama/models"))
    return folders


def hub_cache_folder(settings: Settings) -> Path:
    """The cache of the Hub's library, by its own variables."""
    if settings.hub_cache:
        return settings.hub_cache
    if named := os.environ.get("HF_HUB_CACHE"):
        return Path(named)
    home = os.environ.get("HF_HOME") or str(Path.home() / ".cache" / "huggingface")
    return Path(home) / "hub"


def _lmstudio(folder: Path) -> Iterator[_Place]:
    for path in _some(folder, "*/*/*.gguf"):
        if not path.name.lower().startswith("mmproj"):
            yield _Place(_named(path.stem), "lmstudio", path)
    for config in _some(folder, "*/*/config.json"):
        yield _Place(_named(config.parent.name), "lmstudio", config.parent, "transformers")


def _ollama(folder: Path) -> Iterator[_Place]:
    """By its manifests, which say which blob is a model; a blob's name is its hash."""
    for manifest in _some(folder / "manifests", "*/*/*/*"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            if not manifest.is_file() or manifest.stat().st_size > MANIFEST_BYTES_MAX:
                continue
            layers = json.loads(manifest.read_text("utf-8"))["layers"]
            digests = [str(layer["digest"]) for layer in layers if layer["mediaType"] == MODEL_LAYER]
            if len(digests) == 1 and (match := _DIGEST.fullmatch(digests[0])):
                blob = folder / "blobs" / f"sha256-{match[1]}"
                name = _named(f"{manifest.parent.name}-{manifest.name}")
                if blob.is_file():
                    yield _Place(name, "ollama", blob, sha256=match[1])


def _hub_cache(folder: Path) -> Iterator[_Place]:
    """The newest revision of each repository; files in it are links into the cache."""
    for repository in _some(folder, "models--*"):
        revisions = [path for path in _some(repository / "snapshots", "*") if path.is_dir()]
        if not revisions:
            continue
        newest = max(revisions, key=lambda path: path.stat().st_mtime)
        name = _named(repository.name.removeprefix("models--"))
        for path in (*_some(newest, "*.gguf"), *_some(newest, "*/*.gguf")):
            yield _Place(_named(path.stem), "hub_cache", path)
        if (newest / "config.json").is_file():
            yield _Place(name, "hub_cache", newest, "transformers")


def _looked_at(place: _Place) -> Found:
    if place.format == "transformers":
        folder = transformers_folder.look(place.path)
        size, architecture, problem = folder.bytes, folder.architecture, folder.problem
    else:
        file = local.look(place.path)
        size, problem = max(0, _size(place.path)), file.problem
        architecture = file.header.architecture if file.header else ""
    return Found(place.name, place.program, place.path, place.format, size, architecture, place.sha256, problem)


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return -1


def _some(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(path for path, _ in zip(folder.glob(pattern), range(FOUND_MAX), strict=False))
    except OSError:  # a folder of another person, such as that of Ollama's service
        return []


def _named(name: str) -> str:
    """A name of ours out of a name of theirs."""
    kept = re.sub(r"[^\w.\-]+", "-", name).strip("-._")[:80]
    return kept or "model"


def _numbered(models: Iterable[Found]) -> Iterator[Found]:
    """Each under a name of its own."""
    taken: set[str] = set()
    for model in models:
        name, number = model.id, 2
        while name in taken:
            name, number = f"{model.id}-{number}", number + 1
        taken.add(name)
        yield replace(model, id=name)
