"""The ends of a fetch: what is here already, and is what has come right? Then into its place with it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Generator
from pathlib import Path

from llm_core import atomic
from llm_core.catalog import adopted, found, hashes
from llm_core.catalog.flush import flush
from llm_core.catalog.recommended import Recommended
from llm_core.catalog.source import Sound, Target, Wanted
from llm_core.errors import UserError
from llm_core.events import Event, Events, Notice
from llm_core.settings import Settings


def check(model: Recommended, settings: Settings) -> Generator[Event, None, Path | None]:
    """The model's file, read from end to end, where it is here and right; nothing is changed where it is not."""
    for other in _same_size(model, settings):  # it may have been put here under another name
        if hashes.noted(other) is None:
            yield from hashes.hashing(other)
    path = hashes.where(model, settings) or (yield from _elsewhere(model, settings))
    if path is None:
        return None
    known = adopted.of_hash(model.sha256, settings)
    if known and known.path == path:
        if (yield from hashes.hashing(path, remember=False)) == model.sha256:
            return path
        adopted.drop(known.id, settings)
        return None
    yield from hashes.hashing(path)
    if hashes.glance(model, settings) == "ok":
        return path
    yield Notice("copy_damaged", {"name": model.id})
    return None


def _elsewhere(model: Recommended, settings: Settings) -> Generator[Event, None, Path | None]:
    """The same file among those of another program on this disk: it is used where it is, and not fetched again."""
    for copy in found.of_size(model.bytes, settings):
        if copy.sha256 in ("", model.sha256):
            sha256 = yield from hashes.hashing(copy.path, remember=False)
            if sha256 == model.sha256:
                adopted.add(copy, settings, sha256)
                yield Notice("found_elsewhere", {"name": model.id, "path": str(copy.path)})
                return copy.path
    return None


def take_back(model: Recommended, path: Path, settings: Settings) -> Events:
    """Make a damaged copy the beginning of the file to fetch, as far as it can be right.

    Raises:
        UserError: `model_in_use`.
    """
    size = path.stat().st_size
    proven = yield from _sound(model, path)
    target = model.target(settings)
    target.aside.mkdir(parents=True, exist_ok=True)
    hashes.forget(path)
    try:
        path.replace(target.grown)
    except PermissionError as error:
        raise UserError("model_in_use", name=model.id) from error
    except OSError:  # on another disk: then it is only in the way
        path.unlink()
    # A copy that lacks its end may be right up to there; one that is wrong inside is so from anywhere.
    _cut(target, proven if proven or size >= model.bytes else size)


def right(model: Wanted, target: Target) -> Generator[Event, None, bool]:
    """Whether the whole file that was fetched is right; where not, only what is proven to be right is left of it."""
    digest, expected = model.checksum()
    done = 0
    with target.grown.open("rb") as file:
        while chunk := file.read(hashes.CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            yield hashes.progress(done, model.bytes)
    if digest.hexdigest() == expected:
        return True
    proven = yield from _sound(model, target.grown)
    _cut(target, proven if proven < model.bytes else 0)
    return False


def put(model: Recommended, settings: Settings) -> Generator[Event, None, Path]:
    """Move the fetched file to its place, and remember its hash.

    Raises:
        UserError: `disk_full`, where downloads and models are on different disks; `model_in_use`.
    """
    target = model.target(settings)
    path = model.path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    yield from flush(target.grown)
    try:
        atomic.rename(target.grown, path)
    except PermissionError as error:
        raise UserError("model_in_use", name=model.id) from error
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with target.grown.open("rb") as file, atomic.writing(path) as copy:
            shutil.copyfileobj(file, copy, hashes.CHUNK_BYTES)
    hashes.note(path, model.sha256, path.stat().st_mtime_ns)
    shutil.rmtree(target.grown.parent, ignore_errors=True)
    return path


def _same_size(model: Recommended, settings: Settings) -> list[Path]:
    own = model.path(settings)
    if own.exists():
        return []
    folder = settings.paths.models
    found = [*folder.glob("*.gguf"), *folder.glob("*/*.gguf")]
    return [path for path in found if path.is_file() and path.stat().st_size == model.bytes]


def _sound(model: Wanted, path: Path) -> Sound:
    proven = 0
    for source in model.sources:
        proven = max(proven, (yield from source.sound(path)))
    return proven


def _cut(target: Target, length: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.truncate(target.grown, length)
