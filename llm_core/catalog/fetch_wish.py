"""Fetch a model that is not in the catalog: file after file, each by its hash, then into its place as a whole."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import filelock

from llm_core import atomic
from llm_core.catalog import hashes, local, places, transformers_folder
from llm_core.catalog.fill import fill
from llm_core.catalog.rank import rank
from llm_core.catalog.source import POLL_S
from llm_core.catalog.wish import Wish
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Progress, Tick
from llm_core.models.card import ModelCard, contents
from llm_core.settings import Settings


def fetch(wish: Wish, settings: Settings) -> Events:
    """Bring the model here. Closing the generator stops at once and keeps what has come.

    Yields:
        Progress("fetching" or "checking") in bytes, Notice, Tick, and Done(path).

    Raises:
        UserError: `offline`, `no_source`, `hash_wrong`, `disk_full`, `model_exists`, `hub_remote_code`,
            or what is wrong with the file (gguf_*).
    """
    if is_here(wish, settings):
        yield Done(wish.place(settings))
        return
    if wish.place(settings).exists():
        raise UserError("model_exists", path=str(wish.place(settings)))
    if not any(places.sources(piece, settings) for piece in wish.pieces(settings)):
        raise UserError("offline" if settings.offline else "no_source_chosen", name=wish.id)
    lock = yield from _locked(wish, settings)
    try:
        wish.write(settings)
        pieces = wish.pieces(settings)
        ranking = yield from rank([pieces[-1]], settings)
        done = 0
        for piece in pieces:
            piece.target(settings).grown.parent.mkdir(parents=True, exist_ok=True)
            yield from _of_all(fill(piece, settings, ranking.order), done, wish.bytes)
            done += piece.bytes
            yield Progress("fetching", done, wish.bytes, "bytes")
        yield Done(_put(wish, settings))
    finally:
        lock.release()


def is_here(wish: Wish, settings: Settings) -> bool:
    """Whether exactly these files stand in their place."""
    place = wish.place(settings)
    if wish.format == "gguf":
        return place.is_file() and hashes.noted(place) == wish.files[0].sha256
    try:
        known = ModelCard.read(place).sha256
    except (OSError, ValueError):
        return False
    return all(known.get(file.name) == file.sha256 for file in wish.files if file.sha256)


def _locked(wish: Wish, settings: Settings) -> Generator[Event, None, filelock.BaseFileLock]:
    """Wait for another process that fetches the same."""
    settings.paths.downloads.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(settings.paths.downloads / f"{wish.key}.lock", timeout=0, thread_local=False)
    while True:
        try:
            lock.acquire()
            return lock
        except filelock.Timeout:
            yield Tick()
            time.sleep(POLL_S)


def _of_all(events: Events, before: int, total: int) -> Events:
    """The progress of one file as that of all."""
    try:
        for event in events:
            if isinstance(event, Progress) and event.stage == "fetching":
                yield Progress("fetching", before + event.done, total, "bytes")
            else:
                yield event
    finally:
        events.close()


def _put(wish: Wish, settings: Settings) -> Path:
    """Look at what came, and move it to its place."""
    files, place = wish.folder(settings) / "files", wish.place(settings)
    if wish.format == "gguf":
        path = files / wish.files[0].name
        problem = local.look(path).problem
    else:
        path = files
        problem = transformers_folder.look(files).problem
    if problem:  # what was declared has come, so it would come again
        shutil.rmtree(wish.folder(settings), ignore_errors=True)
        raise UserError(problem.code, **{**problem.facts, "name": wish.id, "path": wish.id})
    if wish.format == "transformers":
        _card(wish, files).write(files)
    place.parent.mkdir(parents=True, exist_ok=True)
    _move(path, place)
    if wish.format == "gguf":
        about = {"fetched": wish.id, "licence": wish.licence}
        hashes.note(place, wish.files[0].sha256, place.stat().st_mtime_ns, about)
    shutil.rmtree(wish.folder(settings), ignore_errors=True)
    return place


def _move(path: Path, place: Path) -> None:
    try:
        atomic.rename(path, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        aside = place.parent / f".{place.name}.part"
        with atomic.disk_errors(place):
            if path.is_dir():
                shutil.rmtree(aside, ignore_errors=True)
                shutil.copytree(path, aside)
            else:
                shutil.copyfile(path, aside)
        atomic.rename(aside, place)


def _card(wish: Wish, folder: Path) -> ModelCard:
    look = transformers_folder.look(folder)
    return ModelCard(
        id=wish.name,
        title={"en": wish.id, "zh": wish.id},
        tasks=look.tasks,
        languages=(),
        parameters=look.parameters,
        licence=wish.licence,
        sources=(f"{wish.id} {wish.revision}".strip(),),
        date=datetime.now(UTC).date().isoformat(),
        fetched=wish.id,
        **contents(folder),
    )
