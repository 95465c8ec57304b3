"""What may be asked: the settings, what a person chose, and a folder that needs no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_core.catalog import places
from llm_core.catalog.fetch import fetch
from llm_core.catalog.rank import Ranking, rank
from llm_core.catalog.recommended import builtin
from llm_core.errors import UserError
from llm_core.events import Notice, collect
from llm_core.settings import Settings
from tests.catalog.conftest import BIG_BOTH, BIG_HUB, MODEL, SMALL, SMALL_HUB, catalog_of, entry
from tests.catalog.servers import Site

Made = Callable[..., Settings]


def kinds(settings: Settings) -> list[str]:
    model = builtin().entries["qwen2.5-coder-0.5b-instruct-q4_k_m"]
    return [source.kind for source in places.sources(model, settings)]


def asked(names: list[str], settings: Settings) -> Ranking:
    catalog = catalog_of(BIG_HUB, SMALL_HUB)
    events = rank([catalog.entries[name] for name in names], settings)
    while True:
        try:
            next(events)
        except StopIteration as end:
            told: Ranking = end.value
            return told


def test_by_default_the_public_places_are_asked(made: Made) -> None:
    assert kinds(made()) == ["hub", "modelscope", "index"]
    assert not made().paths.sources.exists()  # looking writes nothing


def test_settings_name_more_places_and_fewer(made: Made, tmp_path: Path) -> None:
    settings = made(peer="192.168.1.20", hub_mirror="https://mirror.example/", models_from=tmp_path)
    assert kinds(settings) == ["folder", "peer", "hub", "mirror", "modelscope", "index"]
    assert kinds(made(sources="modelscope,index")) == ["modelscope", "index"]
    assert kinds(made(peer="192.168.1.20", models_from=tmp_path, offline=True)) == ["folder"]
    mirror = places.sources(builtin().entries["qwen3-4b-q4_k_m"], settings)[3]
    assert mirror.url(settings).startswith("https://mirror.example/Qwen/Qwen3-4B-GGUF/resolve/bc64")  # type: ignore[attr-defined]


def test_a_choice_is_kept(made: Made, tmp_path: Path) -> None:
    places.keep(made(), off=("hub", "index"), peer="teacher", folder=str(tmp_path))
    assert kinds(made()) == ["folder", "peer", "modelscope"]
    assert places.read(made()).peer == "http://teacher:7860"
    places.keep(made(), off=(), peer="")
    assert kinds(made()) == ["folder", "hub", "modelscope", "index"]


def test_a_choice_that_somebody_spoilt_is_none(made: Made) -> None:
    settings = made()
    settings.home.mkdir(parents=True)
    settings.paths.sources.write_text('{"off": 7}', "utf-8")
    assert kinds(settings) == ["hub", "modelscope", "index"]


@pytest.mark.parametrize(
    ("entered", "address"),
    [("teacher", "http://teacher:7860"), ("10.0.0.5:8080", "http://10.0.0.5:8080"), ("https://box.lan", "https://box.lan"),
     (" http://10.0.0.5:7860/?x ", "http://10.0.0.5:7860"), ("[::1]:99", "http://[::1]:99")],
)  # fmt: skip
def test_an_address_is_completed(entered: str, address: str) -> None:
    assert places.address(entered) == address


@pytest.mark.parametrize(
    "entered", ["", "a b", "file:///etc/passwd", "http://user:pw@host", "host:99999", "ftp://x", "http://"]
)
def test_what_is_no_address_is_refused(made: Made, entered: str) -> None:
    with pytest.raises(UserError, match="peer_unusable"):
        places.address(entered)
    with pytest.raises(UserError, match="peer_unusable"):
        places.keep(made(), mirror=entered or "x")


def test_a_password_belongs_to_one_address_and_is_shown_nowhere(made: Made) -> None:
    def login() -> Any:
        return places.read(made()).login

    places.keep(made(), peer="teacher", peer_name="anna", peer_password="Sesam")
    assert login() == ("anna", "Sesam")
    assert "Sesam" not in repr(places.read(made())) + repr(
        places.sources(builtin().entries["qwen3-4b-q4_k_m"], made())
    )
    places.keep(
        made(), peer="teacher", peer_name="anna", peer_password=""
    )  # as the page sends it, which never had it
    assert login() == ("anna", "Sesam")
    assert places.read(made(peer="elsewhere")).login is None
    assert places.read(made(peer="elsewhere", peer_login="bert:x:y")).login == ("bert", "x:y")
    places.keep(made(), peer="http://elsewhere", peer_name="anna", peer_password="")
    assert login() == ("anna", "")
    places.keep(made(), peer="teacher")
    assert login() is None


def test_a_password_in_an_address_is_not_repeated(made: Made) -> None:
    with pytest.raises(UserError) as refused:
        places.keep(made(), peer="http://anna:Sesam@teacher")
    assert "Sesam" not in repr(refused.value.facts) and "teacher" in repr(refused.value.facts)


def test_a_folder_that_is_not_there_is_refused(made: Made) -> None:
    with pytest.raises(UserError, match="folder_missing"):
        places.keep(made(), folder="/nowhere/at all")


def test_offline_the_folder_alone_is_read(hub: Site, made: Made, tmp_path: Path) -> None:
    stick = tmp_path / "U盘 stick"
    (stick / "models").mkdir(parents=True)
    (stick / "models" / "other name.gguf").write_bytes(MODEL)
    settings = made(hub, offline=True, models_from=stick)
    assert collect(fetch(entry(catalog_of(BIG_BOTH), "big", settings), settings)).read_bytes() == MODEL
    assert hub.requests == []
    assert (stick / "models" / "other name.gguf").read_bytes() == MODEL


def test_a_wrong_file_of_the_right_size_is_left_for_the_next_source(hub: Site, made: Made, tmp_path: Path) -> None:
    (tmp_path / "big.gguf").write_bytes(b"?" * len(MODEL))
    settings = made(hub, models_from=tmp_path)
    assert collect(fetch(entry(catalog_of(BIG_HUB), "big", settings), settings)).read_bytes() == MODEL


def test_what_the_stick_holds_is_taken_where_nothing_else_is_to_be_had(made: Made, tmp_path: Path) -> None:
    (tmp_path / "small.gguf").write_bytes(SMALL)
    settings = made(models_from=tmp_path)
    catalog = catalog_of(BIG_HUB, SMALL_HUB)
    big, small = entry(catalog, "big", settings), entry(catalog, "small", settings)
    events = list(fetch(big, settings, [small]))
    assert Notice("model_instead", {"left": "big", "taken": "small"}) in events
    assert events[-1].result.read_bytes() == SMALL  # type: ignore[union-attr]


def test_asked_together_each_says_how_soon(hub: Site, made: Made, tmp_path: Path) -> None:
    (tmp_path / "small.gguf").write_bytes(SMALL)
    settings = made(hub, models_from=tmp_path, hub_mirror="http://127.0.0.1:9")
    told = asked(["big", "small"], settings)
    assert set(told.answered) == {"folder", "hub"}
    assert told.refused == ("mirror",)
    assert all(0 <= seconds < settings.fetch_probe_s for seconds in told.seconds.values())
    assert ("folder", "small") in told.held
    assert ("folder", "big") not in told.held


def test_a_huge_folder_is_not_read_to_its_end(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_core.catalog import folder

    for number in range(30):
        (tmp_path / f"{number:02}").write_bytes(b"x")
    (tmp_path / "a" / "b" / "c" / "d").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c" / "d" / "deep").write_bytes(b"x")
    assert len(list(folder.files(tmp_path))) == 30
    monkeypatch.setattr(folder, "FILES_MAX", 10)
    assert len(list(folder.files(tmp_path))) == 10
