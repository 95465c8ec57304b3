"""Fetch a model by its hash: from the fastest source that holds it, from the next where that one vanishes.

What has come is kept through any interruption, and the whole file's hash decides at the end, whoever sent it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Generator, Sequence
from pathlib import Path

import filelock

from llm_core import machine
from llm_core.catalog import finish, hashes
from llm_core.catalog.listing import Entry
from llm_core.catalog.rank import Ranking, rank
from llm_core.catalog.recommended import Recommended
from llm_core.catalog.source import POLL_S, Meter, Source, SourceFailed, Target
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Notice, Tick
from llm_core.settings import Settings

log = logging.getLogger(__name__)

TRIES = 3  # of one source, while nothing comes of them
AGAIN_S = 0.2  # before the same source is asked again
ROOM_LEFT_BYTES = 50_000_000  # a disk is not filled to its last byte
ELSEWHERE_TRIES = 10  # half a second: a list of the models holds the lock for a moment too
# With these another model can still be had.
NOT_TO_BE_HAD = ("no_source", "hash_wrong", "pip_missing")


def fetch(entry: Entry, settings: Settings, instead: Sequence[Entry] = ()) -> Events:
    """Bring the model's file here, or find it here and check it; a damaged copy is mended.

    Closing the generator stops at once and keeps what has come; so does ending the process, however that ends.

    Args:
        entry: the model, from `listing` or `choose`.
        settings: where models stand, and how long sources may take.
        instead: what to take where `entry` is not to be had, best first (`choose.to_fetch`).

    Yields:
        Progress("fetching" or "checking") in bytes, Notice, Tick, and Done(path).

    Raises:
        UserError: `offline`, `no_source`, `hash_wrong`, `disk_full`, `pip_missing`, `model_in_use`, `model_no_source`
            for a file that the catalog does not know.
    """
    models = [one.recommended for one in (entry, *instead) if one.recommended is not None]
    if entry.recommended is None:
        raise UserError("model_no_source", name=entry.id)
    if path := (yield from finish.check(models[0], settings)):
        yield Done(path)
        return
    if settings.offline:
        raise UserError("offline", name=entry.id)
    ranking = yield from _rank(models, settings)
    left = deque(sorted(models, key=lambda model: not _answers(model, ranking)))
    if left[0] is not models[0]:
        yield Notice("model_instead", {"left": models[0].id, "taken": left[0].id})
    while left:
        model = left.popleft()
        try:
            yield Done((yield from _locked(model, settings, ranking)))
            return
        except UserError as error:
            if error.code not in NOT_TO_BE_HAD or not left:
                raise
            yield Notice("model_instead", {"left": model.id, "taken": left[0].id})


def _rank(models: Sequence[Recommended], settings: Settings) -> Generator[Event, None, Ranking]:
    kinds = tuple({source.kind: None for model in models for source in model.sources})
    if len(kinds) == 1:  # nothing to choose from
        return Ranking(kinds, (), ())
    ranking = yield from rank(models, settings)
    log.info("sources: %s", ranking)
    if not ranking.answered and not ranking.silent:
        raise UserError("no_source", name=models[0].id)
    return ranking


def _answers(model: Recommended, ranking: Ranking) -> bool:
    return any(source.kind in ranking.answered for source in model.sources)


def _locked(model: Recommended, settings: Settings, ranking: Ranking) -> Generator[Event, None, Path]:
    """Fetch the file while no other process does; where one has meanwhile, it is here."""
    lock_path = model.lock(settings)
    lock_path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(lock_path, timeout=0, thread_local=False)
    yield from _acquire(lock, model, model.target(settings))
    try:
        if hashes.glance(model, settings) == "unchecked":
            yield from finish.check(model, settings)
        path = hashes.where(model, settings)
        if path is not None and hashes.glance(model, settings) == "ok":
            return path
        if path is not None:
            yield from finish.take_back(model, path, settings)
        yield from _fill(model, settings, ranking)
        return (yield from finish.put(model, settings))
    finally:
        lock.release()


def _acquire(lock: filelock.BaseFileLock, model: Recommended, target: Target) -> Events:
    """Wait for another process that fetches the same; when that dies, the system frees its lock."""
    tries, meter = 0, Meter(target)
    while True:
        try:
            lock.acquire()
            return
        except filelock.Timeout:
            tries += 1
        if tries == ELSEWHERE_TRIES:
            yield Notice("fetched_elsewhere", {"name": model.id})
        yield meter.at(target.kept) if tries > ELSEWHERE_TRIES else Tick()
        time.sleep(POLL_S)


def _fill(model: Recommended, settings: Settings, ranking: Ranking) -> Events:
    """Let one source after the other add to the file until it is whole and its hash is right."""
    target = model.target(settings)
    by_kind = {source.kind: source for source in model.sources}
    left = deque(by_kind[kind] for kind in ranking.order if kind in by_kind)
    senders: list[Source | None] = [None] if target.done else []  # None: whoever sent the beginning earlier
    fruitless: Counter[str] = Counter()
    code = "no_source"
    if target.done >= target.bytes and (yield from finish.right(model, target)):
        return
    while left:
        source = left.popleft()
        before = target.kept
        try:
            yield from _from(source, model, settings)
            senders.append(source)
            if (yield from finish.right(model, target)):
                return
            code = "hash_wrong"
            left = deque(one for one in (source, *left) if one not in _to_blame(senders))
            senders = []  # what is left of the file is proven
        except SourceFailed as failed:
            log.info("%s: %s", source.kind, failed)
            senders += [source] if target.kept > before else []
            code = failed.code if code == "no_source" else code
            fruitless[source.kind] = 0 if target.kept > before else fruitless[source.kind] + 1
            if failed.again and fruitless[source.kind] < TRIES:
                left.append(source)
            yield from _leave(source, left)
    raise UserError(code, name=model.id, path=str(target.grown.parent), bytes=model.bytes)


def _from(source: Source, model: Recommended, settings: Settings) -> Events:
    """What one source sends, where the disk has room for it."""
    target = model.target(settings)
    needed = target.bytes - target.done + source.room(settings) + ROOM_LEFT_BYTES
    if (free := machine.free_disk_bytes(target.aside)) < needed:
        raise SourceFailed(f"{needed} bytes are needed, {free} are free", code="disk_full")
    target.aside.mkdir(parents=True, exist_ok=True)
    yield from source.fetch(target, settings)


def _to_blame(senders: Sequence[Source | None]) -> list[Source]:
    """Whose fault a wrong whole is: of those that do not check their pieces, else of all.

    Where the beginning is from an earlier time it can be the fault of that; then all may try again.
    """
    known = [source for source in senders if source is not None]
    if len(known) < len(senders):
        return []
    return [source for source in known if not source.checks_pieces] or known


def _leave(source: Source, left: deque[Source]) -> Events:
    """Say that another source goes on; wait for a moment where it is the same again."""
    if left and left[0] is not source:
        yield Notice("source_left", {"source": source.kind, "next": left[0].kind})
        return
    until = time.monotonic() + AGAIN_S
    while left and time.monotonic() < until:
        yield Tick()
        time.sleep(POLL_S)
