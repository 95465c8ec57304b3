"""One list of everything, and checking and removing what is on it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from llm_core.catalog import hashes, listing, measured, verify
from llm_core.catalog.fetch import fetch
from llm_core.errors import UserError
from llm_core.events import collect
from llm_core.models.card import ModelCard
from llm_core.settings import Settings
from tests.catalog.conftest import BIG_BOTH, MODEL, Source, catalog_of, entry
from tests.catalog.servers import Site
from tests.tiny_gguf import write_tiny_gguf

Made = Callable[..., Settings]


def test_a_new_home_lists_what_can_be_had(settings: Settings) -> None:
    entries = listing.entries(settings)
    along = {entry.id: entry for entry in entries[5:]}
    assert [entry.state for entry in entries] == ["can_be_had"] * 5 + ["here"] * len(along)
    told = {name: (entry.tasks, entry.usable, entry.translates) for name, entry in along.items()}
    assert told["decoder-zh-en"] == (("continue",), True, False)
    assert told["translator-zh-en"] == (("translate",), False, True)
    assert told["e5-zh-en"] == (("embed",), False, False)
    assert [figure.data for figure in along["decoder-zh-en"].measured["continue"]] == ["zh", "en"]
    assert entries[1].sources == ("hub", "modelscope", "index")
    assert entries[1].scores["requests"] == 0.94
    assert not settings.home.exists()  # looking writes nothing


def test_files_of_the_person_are_listed_after_the_recommended(settings: Settings, tmp_path: Path) -> None:
    models = settings.paths.models
    for path in (models / "a.gguf", models / "folder" / "a.gguf", tmp_path / "named.gguf", models / "._a.gguf"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tiny_gguf(path)
    (models / "cut.gguf").write_bytes((models / "a.gguf").read_bytes()[:-1])
    (models / "page.gguf").write_text("<html>", "utf-8")
    own = [entry for entry in listing.entries(settings, [tmp_path / "named.gguf"]) if entry.sources == ("local",)]
    assert [entry.id for entry in own] == ["named", "a", "cut", "page", "a-2"]
    assert own[0].path == tmp_path / "named.gguf"
    assert (own[1].context_tokens, own[1].architecture, own[1].sources) == (32_768, "llama", ("local",))
    assert own[1].chat_template
    assert [entry.usable for entry in own] == [True, True, False, False, True]
    assert [entry.problem.code for entry in own if entry.problem] == ["gguf_cut", "gguf_not_one"]
    assert own[2].damaged


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_no_text_is_shown_as_text(settings: Settings) -> None:
    settings.paths.models.mkdir(parents=True)
    name = os.fsencode(settings.paths.models) + b"/\xff\n.gguf"
    try:
        Path(os.fsdecode(name)).write_bytes(b"GGUF")
    except OSError:
        pytest.skip("this file system has no such names")
    entry = listing.entries(settings)[-1]
    assert entry.id == entry.title["zh"] == "??"


def test_a_model_is_checked_once_and_remembered(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(Source("big"))
    path = collect(fetch(entry(catalog, "big", settings), settings))
    here = entry(catalog, "big", settings)
    assert (here.state, here.path, here.damaged) == ("here", path, False)
    changed = path.stat().st_mtime_ns
    path.write_bytes(MODEL[:-1] + b"?")
    os.utime(path, ns=(changed, changed))
    assert verify.check(here, settings) == "ok"  # its date is as it was
    assert verify.check(here, settings, thorough=True) == "damaged"
    assert entry(catalog, "big", settings).damaged


def test_a_copy_that_was_never_read_is_here_until_it_is_checked(made: Made) -> None:
    settings, catalog = made(), catalog_of(Source("big"))
    path = settings.paths.models / "big.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(MODEL)
    here = entry(catalog, "big", settings)
    assert (here.state, here.damaged) == ("here", False)
    assert hashes.glance(catalog.entries["big"], settings) == "unchecked"
    assert verify.check(here, settings) == "ok"
    path.write_bytes(MODEL[:-1])
    assert entry(catalog, "big", settings).damaged


def test_a_note_that_somebody_spoilt_is_no_note(made: Made) -> None:
    settings, catalog = made(), catalog_of(Source("big"))
    path = settings.paths.models / "big.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(MODEL)
    verify.check(entry(catalog, "big", settings), settings)
    for note in (path.parent / hashes.NOTES).iterdir():
        note.write_text("[1]", "utf-8")
    assert hashes.noted(path) is None


def test_removing_leaves_nothing(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(BIG_BOTH)
    path = settings.paths.models / "big.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(MODEL)
    verify.check(entry(catalog, "big", settings), settings)
    target = catalog.entries["big"].target(settings)
    target.aside.mkdir(parents=True)
    target.grown.write_bytes(b"GGUF")
    assert verify.remove(entry(catalog, "big", settings), settings) == len(MODEL) + 4
    assert [path.name for path in settings.home.rglob("*") if path.is_file()] == ["big.lock"]
    assert verify.check(entry(catalog, "big", settings), settings) == "missing"
    assert verify.remove(entry(catalog, "big", settings), settings) == 0


def test_a_file_elsewhere_is_not_ours_to_delete(settings: Settings, tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "mine.gguf")
    with pytest.raises(UserError, match="model_elsewhere"):
        verify.remove(listing.entries(settings, [path])[-1], settings)
    assert path.exists()
    settings.paths.models.mkdir(parents=True)
    path.rename(settings.paths.models / "mine.gguf")
    own = listing.entries(settings)[-1]
    assert verify.remove(own, settings) == own.bytes
    assert path.name not in [entry.path.name for entry in listing.entries(settings) if entry.path]


def test_what_is_being_fetched_is_not_removed(hub: Site, made: Made) -> None:
    settings, catalog = made(hub), catalog_of(Source("big"))
    events = fetch(entry(catalog, "big", settings), settings)
    while entry(catalog, "big", settings).state != "being_fetched":
        next(events)
    with pytest.raises(UserError, match="model_in_use"):
        verify.remove(entry(catalog, "big", settings), settings)
    events.close()
    assert entry(catalog, "big", settings).state == "can_be_had"


def test_a_person_s_own_file_has_no_source(settings: Settings, tiny_gguf: Path) -> None:
    own = listing.entries(settings, [tiny_gguf])[-1]
    assert verify.check(own, settings) == "ok"
    with pytest.raises(UserError, match="model_no_source"):
        collect(fetch(own, settings))


def test_what_was_measured_of_a_bundled_model_is_told_in_a_sentence(tmp_path: Path) -> None:
    card = ModelCard(id="m", tasks=("sentiment", "topic"), languages=("zh",), parameters=1, bytes=1, licence="own")
    card.write(tmp_path)
    sets = {
        f"topic-zh-{name}": {"task": "topic", "label_set": name, "rows": 10, "figures": {"accuracy": value}}
        for name, value in (("a", 53.4), ("b", 91.0), ("c", 80.0))
    }
    sets["sentiment-en-d"] = {"task": "sentiment", "label_set": "s", "rows": 10, "figures": {"accuracy": 88.0}}
    (tmp_path / "scores.json").write_text(json.dumps({"sets": sets}), "utf-8")
    found = measured.measured(tmp_path, card)
    assert measured.told(found, "en") == (
        "Measured: sentiment: accuracy (%) 88.0 (sentiment-en-d); topic: accuracy (%) 53.4 to 91.0 on 3 sets."
    )
    assert "3组数据" in measured.told(found, "zh")
    assert measured.told({}, "en") == ""
