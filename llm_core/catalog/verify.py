"""Is a model's file whole, and away with it where it is no longer wanted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import filelock

from llm_core.catalog import adopted, hashes
from llm_core.catalog.listing import Entry
from llm_core.catalog.wish import Wish, unfinished
from llm_core.errors import UserError
from llm_core.settings import Settings


def check(entry: Entry, settings: Settings, *, thorough: bool = False) -> Literal["ok", "damaged", "missing"]:
    """Compare the model's file with its hash. A file that the catalog does not know is ok where its header is.

    Args:
        entry: the model.
        settings: where models stand.
        thorough: read the file, about a second a gigabyte, even where its size and date are as they were when it was
            last read. Only so is a bit found that fell over on the disk.
    """
    model = entry.recommended
    if model is None:
        return "damaged" if entry.problem else "ok"
    state = hashes.glance(model, settings)
    path = hashes.where(model, settings)
    if path is not None and (state == "unchecked" or thorough):
        ours = settings.paths.models.resolve() in path.resolve().parents
        for _ in hashes.hashing(path, remember=ours):
            pass
        state = hashes.glance(model, settings)
    return "damaged" if state == "unchecked" else state  # unchecked still: it changes while we look


def remove(entry: Entry, settings: Settings) -> int:
    """Delete the model's file, with what was kept of an interrupted fetch.

    Returns:
        bytes that became free; 0 where nothing was here, or where it is another program's and stays.

    Raises:
        UserError: `model_in_use`, it is being fetched or an engine has it open (Windows); `model_elsewhere`, the file
            is not in the models folder and so not ours to delete; `model_bundled`, it is a part of the workbench.
    """
    if "bundled" in entry.sources:
        raise UserError("model_bundled", name=entry.id)
    if adopted.drop(entry.id, settings):
        return 0
    if wish := next((wish for wish in unfinished(settings) if wish.id == entry.id), None):
        return _delete_wish(wish, settings)
    if "run" in entry.sources and entry.path:
        return _delete_run(entry.path.parent, entry.id)
    folder = settings.paths.models.resolve()
    if entry.path and folder not in entry.path.resolve().parents:
        raise UserError("model_elsewhere", path=str(entry.path))
    model = entry.recommended
    if model is None:
        return _delete(entry)
    lock = model.lock(settings)
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(lock, timeout=0, thread_local=False):
            target = model.target(settings)
            kept = target.done
            shutil.rmtree(target.grown.parent, ignore_errors=True)
            return kept + _delete(entry)
    except filelock.Timeout as error:
        raise UserError("model_in_use", name=entry.id) from error


def _delete_wish(wish: Wish, settings: Settings) -> int:
    size = wish.fetched_bytes(settings)
    try:
        with filelock.FileLock(settings.paths.downloads / f"{wish.key}.lock", timeout=0, thread_local=False):
            shutil.rmtree(wish.folder(settings))
    except (filelock.Timeout, PermissionError) as error:
        raise UserError("model_in_use", name=wish.id) from error
    return size


def _delete_run(folder: Path, name: str) -> int:
    """A model that was trained here goes with all of its run; one in a folder of its own with all of that."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    try:
        shutil.rmtree(folder)
    except PermissionError as error:
        raise UserError("model_in_use", name=name) from error
    return size


def _delete(entry: Entry) -> int:
    if entry.path is None:
        return 0
    if entry.path.is_dir():
        return _delete_run(entry.path, entry.id)
    size = entry.path.stat().st_size
    try:
        entry.path.unlink()
    except PermissionError as error:
        raise UserError("model_in_use", name=entry.id) from error
    hashes.forget(entry.path)
    return size
