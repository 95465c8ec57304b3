"""Fetching what is not in the catalog: every file by its hash, resumed, cancelled, and whole or not at all."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_core.catalog import listing, verify
from llm_core.catalog.fetch_wish import fetch, is_here
from llm_core.catalog.wish import Wish, unfinished
from llm_core.errors import UserError
from llm_core.events import Progress, collect
from llm_core.models.card import ModelCard
from llm_core.settings import Settings
from tests.catalog.hubs import REVISION, contents_of, put_modelscope, put_repository, row
from tests.catalog.servers import Site
from tests.catalog.test_look import look
from tests.catalog.tiny_models import FAMILIES, write_tiny

Made = Callable[..., Settings]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """A tiny real model of each family, as the files of its folder."""
    folder = tmp_path_factory.mktemp("tiny")
    return {name: contents_of(write_tiny(name, folder / name)) for name in FAMILIES}


def wish(name: str, settings: Settings, variant: str = "") -> Wish:
    found = look(name, settings)
    return Wish.of(found, found.variant(variant))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_model_of_each_family_comes_whole_and_opens(
    hub: Site, made: Made, models: dict[str, dict[str, bytes]], family: str
) -> None:
    import torch
    from transformers import AutoModel

    settings = made(hub)
    put_repository(hub, f"who/{family}", models[family])
    events = list(fetch(wish(f"who/{family}", settings), settings))
    place = events[-1].result
    assert place == settings.paths.models / f"who--{family}"
    for name, content in models[family].items():
        assert (place / name).read_bytes() == content
    done = [event.done for event in events if isinstance(event, Progress) and event.stage == "fetching"]
    assert done == sorted(done)
    opened = AutoModel.from_pretrained(place, trust_remote_code=False)
    assert all(torch.isfinite(weights).all() for weights in opened.state_dict().values())
    card = ModelCard.read(place)
    assert card.damaged(place) == []
    assert (card.licence, card.tasks) == ("apache-2.0", FAMILIES[family])
    assert card.sources == (f"who/{family} {REVISION}",)
    (entry,) = [entry for entry in listing.entries(settings) if entry.id == f"who--{family}"]
    assert entry.usable == bool({"chat", "continue"} & set(FAMILIES[family]))
    assert not list(settings.paths.downloads.glob("wish-*/"))
    assert verify.remove(entry, settings) > card.bytes
    assert not place.exists()


def test_a_gguf_file_comes_with_its_licence(hub: Site, made: Made, tiny_gguf: Path) -> None:
    settings = made(hub)
    put_repository(hub, "who/tiny-GGUF", {"tiny-q4_k_m.gguf": tiny_gguf.read_bytes()})
    wanted = wish("who/tiny-GGUF", settings)
    assert collect(fetch(wanted, settings)).read_bytes() == tiny_gguf.read_bytes()
    assert is_here(wanted, settings)
    entry = listing.entries(settings)[-1]
    assert (entry.id, entry.licence, entry.usable) == ("tiny-q4_k_m", "apache-2.0", True)
    hub.requests.clear()
    collect(fetch(wanted, settings))
    assert hub.requests == []


def test_broken_half_way_it_goes_on_where_it_was(hub: Site, made: Made, models: dict[str, dict[str, bytes]]) -> None:
    settings = made(hub)
    put_repository(hub, "who/llama", models["llama"])
    weights = f"/who/llama/resolve/{REVISION}/model.safetensors"
    size = len(models["llama"]["model.safetensors"])
    hub.breaks_after[weights] = size // 2
    collect(fetch(wish("who/llama", settings), settings))
    assert size <= hub.sent[weights] <= size + 2  # no byte twice but those of the probe


def test_cancelled_it_is_listed_as_begun_and_goes_on_without_looking_again(
    hub: Site, made: Made, models: dict[str, dict[str, bytes]]
) -> None:
    settings = made(hub)
    put_repository(hub, "who/llama", models["llama"])
    wanted = wish("who/llama", settings)
    hub.chunk_gate = threading.Semaphore(20)
    events = fetch(wanted, settings)
    for event in events:
        if isinstance(event, Progress) and event.done > 200_000:
            break
    assert [entry.state for entry in listing.entries(settings) if entry.id == "who/llama"] == ["being_fetched"]
    events.close()
    (begun,) = unfinished(settings)
    (entry,) = [entry for entry in listing.entries(settings) if entry.id == "who/llama"]
    assert (entry.state, entry.bytes, entry.licence) == ("can_be_had", wanted.bytes, "apache-2.0")
    assert entry.fetched_bytes > 200_000
    hub.chunk_gate = None
    hub.requests.clear()
    collect(fetch(begun, settings))
    assert not [path for path, _ in hub.requests if path.startswith("/api")]
    assert unfinished(settings) == []


def test_what_was_begun_can_be_thrown_away(hub: Site, made: Made, models: dict[str, dict[str, bytes]]) -> None:
    settings = made(hub)
    put_repository(hub, "who/llama", models["llama"])
    events = fetch(wish("who/llama", settings), settings)
    for event in events:
        if isinstance(event, Progress) and event.done > 1000:
            break
    (entry,) = [entry for entry in listing.entries(settings) if entry.id == "who/llama"]
    with pytest.raises(UserError, match="model_in_use"):
        verify.remove(entry, settings)
    events.close()
    assert verify.remove(entry, settings) > 1000
    assert unfinished(settings) == []


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_other_bytes_than_the_hub_declared_are_no_model(
    hub: Site, made: Made, models: dict[str, dict[str, bytes]], name: str
) -> None:
    settings = made(hub)
    put_repository(hub, "who/llama", models["llama"])
    wanted = wish("who/llama", settings)
    content = models["llama"][name]
    hub.files[f"/who/llama/resolve/{REVISION}/{name}"] = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(UserError, match="hash_wrong"):
        collect(fetch(wanted, settings))
    assert not wanted.place(settings).exists()


@pytest.mark.parametrize("lie", [-1, 1, 10**9])
def test_a_size_that_lies_is_found_out(hub: Site, made: Made, models: dict[str, dict[str, bytes]], lie: int) -> None:
    settings = made(hub)
    rows: list[dict[str, Any]] = [row(name, content) for name, content in models["llama"].items()]
    for about in rows:
        if "lfs" in about:
            about["lfs"]["size"] += lie
    put_repository(hub, "who/llama", models["llama"], rows=rows)
    wanted = wish("who/llama", settings)
    with pytest.raises(UserError) as raised:
        collect(fetch(wanted, settings))
    assert raised.value.code in ("no_source", "hash_wrong")
    assert not wanted.place(settings).exists()


def test_code_that_shows_only_in_the_tokenizer_is_refused_too(
    hub: Site, made: Made, models: dict[str, dict[str, bytes]]
) -> None:
    settings = made(hub)
    asking = json.dumps({"auto_map": {"AutoTokenizer": ["mine.Tokenizer", None]}}).encode()
    put_repository(hub, "who/llama", models["llama"] | {"tokenizer_config.json": asking})
    wanted = wish("who/llama", settings)
    with pytest.raises(UserError, match="hub_remote_code"):
        collect(fetch(wanted, settings))
    assert not wanted.place(settings).exists()
    assert unfinished(settings) == []


def test_a_pickle_called_safetensors_is_no_model(hub: Site, made: Made, models: dict[str, dict[str, bytes]]) -> None:
    settings = made(hub)
    put_repository(hub, "who/llama", models["llama"] | {"model.safetensors": pickle.dumps({"x": [1.0] * 100})})
    with pytest.raises(UserError, match="folder_strange"):
        collect(fetch(wish("who/llama", settings), settings))


def test_what_is_no_gguf_is_no_model(hub: Site, made: Made) -> None:
    settings = made(hub)
    put_repository(hub, "who/tiny-GGUF", {"tiny.gguf": b"GGUF" + b"\xff" * 200})
    with pytest.raises(UserError, match="gguf_"):
        collect(fetch(wish("who/tiny-GGUF", settings), settings))
    assert not list(settings.paths.models.glob("*.gguf"))


def test_a_file_that_stands_in_its_place_is_not_written_over(hub: Site, made: Made, tiny_gguf: Path) -> None:
    settings = made(hub)
    put_repository(hub, "who/tiny-GGUF", {"tiny.gguf": tiny_gguf.read_bytes()})
    settings.paths.models.mkdir(parents=True)
    (settings.paths.models / "tiny.gguf").write_bytes(b"mine")
    with pytest.raises(UserError, match="model_exists"):
        collect(fetch(wish("who/tiny-GGUF", settings), settings))
    assert (settings.paths.models / "tiny.gguf").read_bytes() == b"mine"


def test_the_same_file_comes_from_modelscope_where_the_hub_breaks_off(
    hub: Site, made: Made, models: dict[str, dict[str, bytes]]
) -> None:
    settings = made(hub, modelscope_endpoint=hub.url)
    put_repository(hub, "who/llama", models["llama"])
    put_modelscope(hub, "who/llama", models["llama"])
    wanted = wish("who/llama", settings)
    for path in [path for path in hub.files if path.startswith("/who/llama/")]:
        del hub.files[path]
    collect(fetch(wanted, settings))
    assert is_here(wanted, settings)
