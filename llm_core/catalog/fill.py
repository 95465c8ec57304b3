"""Let one source after the other add to a file until it is whole and its hash is right."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Sequence

from llm_core import machine
from llm_core.catalog import finish, places
from llm_core.catalog.source import POLL_S, Source, SourceFailed, Wanted
from llm_core.errors import UserError
from llm_core.events import Events, Notice, Tick
from llm_core.settings import Settings

log = logging.getLogger(__name__)

TRIES = 3  # of one source, while nothing comes of them
AGAIN_S = 0.2  # before the same source is asked again
ROOM_LEFT_BYTES = 50_000_000  # a disk is not filled to its last byte


def fill(wanted: Wanted, settings: Settings, order: Sequence[str]) -> Events:
    """Fetch what is missing of the file; what earlier times brought stays.

    Args:
        wanted: the file.
        settings: how long sources may be silent.
        order: kinds of sources, best first.

    Raises:
        UserError: `no_source`, `hash_wrong`, `disk_full`, `pip_missing`.
    """
    target = wanted.target(settings)
    by_kind = {source.kind: source for source in places.sources(wanted, settings)}
    left = deque(by_kind[kind] for kind in order if kind in by_kind)
    senders: list[Source | None] = [None] if target.done else []  # None: whoever sent the beginning earlier
    fruitless: Counter[str] = Counter()
    code = "no_source"
    if target.done >= target.bytes and (yield from finish.right(wanted, target)):
        return
    while left:
        source = left.popleft()
        before = target.kept
        try:
            yield from _from(source, wanted, settings)
            senders.append(source)
            if (yield from finish.right(wanted, target)):
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
    raise UserError(code, name=wanted.id, path=str(target.grown.parent), bytes=wanted.bytes)


def _from(source: Source, wanted: Wanted, settings: Settings) -> Events:
    """What one source sends, where the disk has room for it."""
    target = wanted.target(settings)
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
