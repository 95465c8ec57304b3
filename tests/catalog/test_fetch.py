"""Fetching through everything that can happen to a download. The hub's half; test_fetch_index.py has pip's."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from llm_core.catalog import hashes
from llm_core.catalog.fetch import fetch
from llm_core.errors import UserError
from llm_core.events import Done, Notice, Progress, collect
from llm_core.settings import Settings
from tests.catalog.conftest import BIG_HUB, MODEL, SMALL, SMALL_HUB, catalog_of, entry
from tests.catalog.servers import CHUNK, Site

FILE = "/who/big/resolve/main/big.gguf"
SMALL_FILE = "/who/small/resolve/main/small.gguf"
Made = Callable[..., Settings]


def test_a_model_comes_whole_and_says_how_far_it_is(hub: Site, made: Made) -> None:
    settings = made(hub)
    events = list(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings))
    assert isinstance(events[-1], Done)
    assert events[-1].result.read_bytes() == MODEL
    done = [event.done for event in events if isinstance(event, Progress) and event.stage == "fetching"]
    assert done == sorted(done)
    assert done[-1] == len(MODEL)
    assert not (settings.paths.downloads / "big").exists()


def test_one_that_is_here_is_read_and_not_fetched_again(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(BIG_HUB)
    collect(fetch(entry(catalog, "big", settings), settings))
    hub.requests.clear()
    collect(fetch(entry(catalog, "big", settings), settings))
    assert hub.requests == []


def test_a_copy_under_another_name_is_recognised_by_its_hash(hub: Site, made: Made) -> None:
    settings = made(hub)
    other = settings.paths.models / "from a stick" / "Big-v1.gguf"
    other.parent.mkdir(parents=True)
    other.write_bytes(MODEL)
    assert collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings)) == other
    assert hub.requests == []


def test_broken_half_way_goes_on_where_it_was(hub: Site, made: Made) -> None:
    settings = made(hub)
    hub.breaks_after[FILE] = len(MODEL) // 2
    path = collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings))
    assert path.read_bytes() == MODEL
    assert hub.sent[FILE] == len(MODEL)  # no byte came twice


def test_a_server_without_ranges_is_read_from_its_beginning(hub: Site, made: Made) -> None:
    settings = made(hub)
    hub.ranges = False
    hub.breaks_after[FILE] = len(MODEL) // 2
    assert collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings)).read_bytes() == MODEL


def test_cancelled_at_once_and_goes_on_later(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(BIG_HUB)
    hub.chunk_gate = threading.Semaphore(8)  # then the server is silent
    events = fetch(entry(catalog, "big", settings), settings)
    for event in events:
        if isinstance(event, Progress) and event.done > 100_000:
            break
    start = time.monotonic()
    events.close()
    assert time.monotonic() - start < 1
    kept = entry(catalog, "big", settings)
    assert kept.state == "can_be_had"
    assert kept.fetched_bytes > 100_000
    for _ in range(40):
        hub.chunk_gate.release()
    sent = hub.sent[FILE]
    assert collect(fetch(kept, settings)).read_bytes() == MODEL
    assert hub.requests[-1] == (FILE, f"bytes={kept.fetched_bytes}-")
    assert sent < len(MODEL)


def test_a_source_that_goes_silent_is_asked_again_where_it_stopped(hub: Site, made: Made) -> None:
    settings = made(hub, fetch_stall_s=0.3)
    hub.hangs_after = len(MODEL) // 2 + 1
    assert collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings)).read_bytes() == MODEL
    assert hub.sent[FILE] < len(MODEL) + 2 * CHUNK


def test_a_source_that_stays_silent_is_given_up(hub: Site, made: Made) -> None:
    settings = made(hub, fetch_stall_s=0.1)
    hub.hangs = True
    with pytest.raises(UserError) as raised:
        collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings))
    assert raised.value.code == "no_source"


def test_unreachable_is_one_clear_error(made: Made) -> None:
    settings = made()
    with pytest.raises(UserError) as raised:
        collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings))
    assert raised.value.code == "no_source"


def test_offline_asks_nobody(hub: Site, made: Made) -> None:
    settings = made(hub, offline=True)
    with pytest.raises(UserError) as raised:
        collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings))
    assert raised.value.code == "offline"
    assert hub.requests == []


def test_something_else_than_the_model_is_thrown_away(hub: Site, made: Made) -> None:
    settings = made(hub)
    hub.files[FILE] = MODEL[:-1] + b"?"
    with pytest.raises(UserError) as raised:
        collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings))
    assert raised.value.code == "hash_wrong"
    assert entry(catalog_of(BIG_HUB), "big", settings).fetched_bytes == 0
    assert entry(catalog_of(BIG_HUB), "big", settings).path is None


def test_a_wrong_beginning_from_an_earlier_time_is_not_the_source_s_fault(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(BIG_HUB)
    target = catalog.entries["big"].target(settings)
    target.aside.mkdir(parents=True)
    target.grown.write_bytes(b"?" * 70_000)
    assert collect(fetch(entry(catalog, "big", settings), settings)).read_bytes() == MODEL


def test_what_was_complete_when_it_was_killed_is_only_put_in_place(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(BIG_HUB)
    target = catalog.entries["big"].target(settings)
    target.aside.mkdir(parents=True)
    target.grown.write_bytes(MODEL)
    assert collect(fetch(entry(catalog, "big", settings), settings)).read_bytes() == MODEL
    assert hub.requests == []


def test_a_file_of_another_size_is_refused_before_it_comes(hub: Site, made: Made) -> None:
    settings = made(hub)
    hub.files[FILE] = MODEL + b"more"
    with pytest.raises(UserError) as raised:
        collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings))
    assert raised.value.code == "no_source"
    assert entry(catalog_of(BIG_HUB), "big", settings).fetched_bytes == 0


def test_another_model_is_taken_where_the_first_is_not_to_be_had(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(BIG_HUB, SMALL_HUB)
    del hub.files[FILE]
    both = [entry(catalog, name, settings) for name in ("big", "small")]
    events = list(fetch(both[0], settings, both[1:]))
    assert Notice("model_instead", {"left": "big", "taken": "small"}) in events
    assert isinstance(events[-1], Done)
    assert events[-1].result.read_bytes() == SMALL


@pytest.mark.parametrize("where", ["models", "downloads"])
def test_a_damaged_copy_is_noticed_and_mended(hub: Site, made: Made, where: str) -> None:
    settings, catalog = made(hub), catalog_of(BIG_HUB)
    path = collect(fetch(entry(catalog, "big", settings), settings))
    stat = path.stat()
    damaged = MODEL[:1000] + b"????" + MODEL[1004:]
    path.write_bytes(damaged if where == "models" else MODEL[:123_456])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # a disk that forgets does not change the date
    hub.sent.clear()
    events = list(fetch(entry(catalog, "big", settings), settings))
    assert Notice("copy_damaged", {"name": "big"}) in events
    assert path.read_bytes() == MODEL
    assert hub.sent[FILE] == (len(MODEL) if where == "models" else len(MODEL) - 123_456)  # what was right stays
    assert hashes.noted(path) == catalog.entries["big"].sha256


def test_a_damaged_copy_stays_where_nothing_can_be_fetched(hub: Site, made: Made) -> None:
    settings = made(hub, offline=True)
    path = settings.paths.models / "big.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(MODEL[:-1])
    with pytest.raises(UserError, match="offline"):
        collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings))
    assert path.read_bytes() == MODEL[:-1]


def test_too_little_room_is_said_before_anything_comes(
    hub: Site, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = made(hub)
    usage = shutil.disk_usage(settings.home.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=len(MODEL)))
    with pytest.raises(UserError) as raised:
        collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings))
    assert raised.value.code == "disk_full"
    assert hub.sent[FILE] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_fills_up_on_the_way(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(BIG_HUB)
    target = catalog.entries["big"].target(settings)
    target.aside.mkdir(parents=True)
    target.grown.symlink_to("/dev/full")  # every write to it ends in a real ENOSPC
    with pytest.raises(UserError) as raised:
        collect(fetch(entry(catalog, "big", settings), settings))
    assert raised.value.code == "disk_full"
    assert isinstance(raised.value.__cause__, OSError)
    assert raised.value.__cause__.errno == errno.ENOSPC
    target.grown.unlink()
    assert collect(fetch(entry(catalog, "big", settings), settings)).read_bytes() == MODEL


# ------------------------------------------------------------------ other processes

CHILD = """
import sys
from llm_core.catalog.fetch import fetch
from llm_core.events import Done, Notice
from llm_core.settings import Settings
from tests.catalog.conftest import Source, catalog_of, entry
from pathlib import Path

settings = Settings(home=Path(sys.argv[1]))
for event in fetch(entry(catalog_of(Source("big")), "big", settings), settings):
    if isinstance(event, Done | Notice):
        print(event, flush=True)
"""


def start_child(settings: Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(settings.home)],
        env={**os.environ, "HF_ENDPOINT": settings.hub_endpoint, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def test_killed_while_it_writes_and_goes_on(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(BIG_HUB)
    target = catalog.entries["big"].target(settings)
    random_moment = random.Random(88)
    hub.chunk_gate = threading.Semaphore(0)
    for _ in range(2):
        child = start_child(settings)
        with child:
            before = target.done
            for _ in range(random_moment.randrange(4, 8)):
                hub.chunk_gate.release()
            wait_until(lambda before=before: target.done > before)  # type: ignore[misc]
            child.kill()
        assert entry(catalog, "big", settings).state == "can_be_had"  # the lock died with the process
    hub.chunk_gate = None
    kept = target.done
    assert collect(fetch(entry(catalog, "big", settings), settings)).read_bytes() == MODEL
    assert hub.requests[-1] == (FILE, f"bytes={kept}-")
    assert kept > 0


def test_two_processes_fetch_it_once(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(BIG_HUB)
    hub.chunk_gate = threading.Semaphore(5)
    child = start_child(settings)
    with child:
        wait_until(lambda: catalog.entries["big"].target(settings).done > 0)
        assert entry(catalog, "big", settings).state == "being_fetched"
        events = fetch(entry(catalog, "big", settings), settings)
        for event in events:
            if event == Notice("fetched_elsewhere", {"name": "big"}):
                for _ in range(40):
                    hub.chunk_gate.release()
            if isinstance(event, Done):
                assert event.result.read_bytes() == MODEL
        out, _ = child.communicate(timeout=20)
    assert "Done" in out
    assert hub.sent[FILE] == len(MODEL)


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.01)
