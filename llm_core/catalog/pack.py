"""A folder or USB stick from which the workbench starts without a network: models, wheels and the repository.

The wheels come by pip, from wherever this person's pip gets them; where it reaches nothing, that is said.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from llm_core import atomic, machine
from llm_core.catalog import shared
from llm_core.catalog.pip import Pip
from llm_core.catalog.places import PACK_MARK
from llm_core.catalog.shared import Shared, SharedFile
from llm_core.catalog.source import POLL_S, SourceFailed
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Notice, Progress
from llm_core.messages import LANGUAGES, say, write_bytes
from llm_core.paths import safe_name
from llm_core.settings import Settings

ROOT = Path(__file__).parents[2]
CODE = (
    "app.py", "llm_core", "assets", "recipes", "docs", "README.md", "README.zh-CN.md", "LICENSE", "CHANGELOG.md",
    "requirements.txt", "pyproject.toml",
)  # fmt: skip
WORKBENCH, WHEELS, MODELS, README = "workbench", "wheels", "models", "README.md"
REASON_CHARS = 300


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written."""

    folder: Path
    models: tuple[str, ...]
    bytes: int
    wheels: int  # files; 0 where pip got none


def pack(folder: Path, settings: Settings, names: Sequence[str] = (), *, wheels: bool = True) -> Events:
    """Write everything into `folder`; what is there from an earlier time is kept where it is right.

    Args:
        folder: made where it is missing.
        settings: where models stand.
        names: ids of models, as `shared.models` has them; all that were fetched where none are given.
        wheels: whether pip is asked for the packages of requirements.txt.

    Yields:
        Progress("packing") in bytes, Notice("pack_without_wheels"), Done(Packed).

    Raises:
        UserError: `model_missing`, `disk_full`.
    """
    chosen = _chosen(settings, names)
    needed = sum(model.bytes for model in chosen) + _code_bytes()
    if (free := machine.free_disk_bytes(folder)) < needed:
        raise UserError("pack_no_room", path=str(folder), need=needed, free=free)
    folder.mkdir(parents=True, exist_ok=True)
    done = 0
    for model in chosen:
        for file in model.files:
            yield from _copied(file, _place(folder, model, file), done, needed)
            done += file.bytes
    for path in _code():
        target = folder / WORKBENCH / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic.disk_errors(target):
            shutil.copyfile(path, target)
        done += path.stat().st_size
        yield Progress("packing", min(done, needed), needed, "bytes")
    got = (yield from _wheels(folder / WHEELS, settings)) if wheels else 0
    _mark(folder, chosen)
    _readme(folder, chosen, got)
    yield Done(Packed(folder, tuple(model.id for model in chosen), needed, got))


def cards(folder: Path) -> list[dict[str, object]]:
    """What a packed folder says that it holds; nothing in it is believed but what a hash proves."""
    try:
        return [dict(card) for card in json.loads((folder / PACK_MARK).read_text("utf-8"))["models"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _chosen(settings: Settings, names: Sequence[str]) -> list[Shared]:
    here = {model.id: model for model in shared.models(settings) if not model.comes_along}
    for name in names:
        if name not in here:
            raise UserError("model_missing", name=name)
    return [here[name] for name in (names or here)]


def _place(folder: Path, model: Shared, file: SharedFile) -> Path:
    below = folder / MODELS if model.format == "gguf" else folder / MODELS / safe_name(model.id)
    return below / safe_name(file.name)


def _copied(file: SharedFile, target: Path, before: int, total: int) -> Generator[Event, None, None]:
    """Copy a file that is what its hash says, unless it is there already."""
    if target.is_file() and target.stat().st_size == file.bytes and atomic.sha256_of(target) == file.sha256:
        yield Progress("packing", before + file.bytes, total, "bytes")
        return
    digest, done = hashlib.sha256(), 0
    with file.path.open("rb") as source, atomic.writing(target) as copy:
        while chunk := source.read(4 * atomic.CHUNK_BYTES):
            digest.update(chunk)
            copy.write(chunk)
            done += len(chunk)
            yield Progress("packing", before + done, total, "bytes")
        if digest.hexdigest() != file.sha256:
            raise UserError("copy_spoilt", path=str(file.path))


def _code() -> Iterator[Path]:
    for name in CODE:
        place = ROOT / name
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            hidden = any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(ROOT).parts)
            if path.is_file() and not hidden:
                yield path


def _code_bytes() -> int:
    return sum(path.stat().st_size for path in _code())


def _wheels(folder: Path, settings: Settings) -> Generator[Event, None, int]:
    """How many packages lie in `folder` in the end."""
    folder.mkdir(exist_ok=True)
    if settings.offline:
        yield Notice("pack_without_wheels", {"reason": "--offline"})
        return _count(folder)
    with tempfile.TemporaryDirectory(prefix=".wheels-", dir=folder.parent, ignore_cleanup_errors=True) as scratch:
        arguments = ["download", "--progress-bar=off", "-r", str(ROOT / "requirements.txt"), "-d", str(folder)]
        try:
            pip = Pip(arguments, Path(scratch))
        except SourceFailed as failed:
            yield Notice("pack_without_wheels", {"reason": str(failed)[:REASON_CHARS]})
            return _count(folder)
        try:
            while (status := pip.poll()) is None:
                yield Progress("packing_wheels", sum(path.stat().st_size for path in folder.glob("*")), None, "bytes")
                time.sleep(POLL_S)
            if status:
                lines = [line for line in pip.said().splitlines() if "ERROR" in line]
                yield Notice("pack_without_wheels", {"reason": " ".join(lines[-2:])[:REASON_CHARS] or "pip"})
        finally:
            pip.close()
    return _count(folder) if not status else 0


def _count(folder: Path) -> int:
    return sum(1 for path in folder.iterdir() if path.is_file())


def _mark(folder: Path, models: Sequence[Shared]) -> None:
    with atomic.writing(folder / PACK_MARK, "w") as file:
        json.dump({"models": [model.card() for model in models]}, file, ensure_ascii=False, indent=1)


def _readme(folder: Path, models: Sequence[Shared], wheels: int) -> None:
    listed = (
        "\n".join(f"- {model.id} ({write_bytes(model.bytes)}, {model.licence or '?'})" for model in models) or "-"
    )
    version, system = (
        f"{sys.version_info.major}.{sys.version_info.minor}",
        f"{platform.system()} {platform.machine()}",
    )
    parts = []
    for language in LANGUAGES:
        key = "models.pack_wheels" if wheels else "models.pack_no_wheels"
        packages = say(language, key, python=version, system=system, count=wheels)
        parts.append(say(language, "models.pack_readme", models=listed, packages=packages))
    with atomic.writing(folder / README, "w") as file:
        file.write("\n\n---\n\n".join(parts) + "\n")
