"""Fetch a model by its hash: from the fastest source that holds it, from the next where that one vanishes.

What has come is kept through any interruption, and the whole file's hash decides at the end, whoever sent it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Generator, Sequence
from pathlib import Path

import filelock

from llm_core.catalog import finish, hashes, places
from llm_core.catalog.fill import fill
from llm_core.catalog.listing import Entry
from llm_core.catalog.rank import Ranking, rank
from llm_core.catalog.recommended import Recommended
from llm_core.catalog.source import POLL_S, Meter, Target
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Notice, Tick
from llm_core.settings import Settings

log = logging.getLogger(__name__)

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
    if settings.offline and not places.sources(models[0], settings):
        raise UserError("offline", name=entry.id)
    ranking = yield from _rank(models, settings)
    left = deque(sorted(models, key=lambda model: not ranking.has(model, settings)))
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
    kinds = tuple({source.kind: None for model in models for source in places.sources(model, settings)})
    if len(kinds) == 1 and kinds[0] not in places.BY_HASH:  # nothing to choose from
        return Ranking(kinds, (), (), held=frozenset({(kinds[0], "")}))
    ranking = yield from rank(models, settings)
    log.info("sources: %s", ranking)
    if not ranking.answered and not ranking.silent:
        raise UserError("no_source", name=models[0].id)
    return ranking


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
        yield from fill(model, settings, ranking.order)
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
