"""The Models sheet: what it shows before anything is fetched, and what visitors of a server for others may not do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from llm_core.errors import UserError
from llm_core.messages import LANGUAGES, Language
from llm_core.settings import Settings
from llm_core.web import weights
from llm_core.web.models_sheet import Sheet
from llm_core.workbench import Workbench
from tests.catalog.hubs import put_repository
from tests.catalog.servers import Site, serving
from tests.catalog.test_found import put_ollama

Opened = Callable[..., tuple[Sheet, Workbench]]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tiny_gguf: Path) -> Iterator[Site]:
    """Holds one repository of a GGUF file, and one of pickles."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    site = Site()
    put_repository(site, "who/tiny-GGUF", {"new-q4_k_m.gguf": tiny_gguf.read_bytes()})
    put_repository(site, "who/pickled", {"config.json": b"{}", "pytorch_model.bin": b"pickle"})
    with serving(site):
        yield site


@pytest.fixture
def opened(home: Path, tmp_path: Path) -> Iterator[Opened]:
    """The sheet of a workbench that knows no source but those that are given."""
    workbenches = []

    def make(**changes: Any) -> tuple[Sheet, Workbench]:
        nowhere = dict.fromkeys(("lmstudio_models", "ollama_models", "hub_cache"), tmp_path / "nowhere")
        given = {"sources": "hub folder peer", "hub_endpoint": "http://127.0.0.1:9", **nowhere, **changes}
        workbenches.append(Workbench(Settings(home=home, **given)))
        return Sheet(workbenches[-1]), workbenches[-1]

    yield make
    for workbench in workbenches:
        workbench.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_opened_it_asks_nobody_and_tells_what_each_needs(hub: Site, opened: Opened, language: Language) -> None:
    sheet, _ = opened(hub_endpoint=hub.url)
    told = sheet.act({"do": "open"}, language)
    assert set(told["parts"]) >= {"here", "to_have", "any", "found", "sources"}
    assert "tiny" in told["parts"]["here"]
    assert "Apache-2.0" in told["parts"]["to_have"]
    assert hub.requests == []


def test_looked_up_it_shows_size_and_licence_and_only_then_fetches(hub: Site, opened: Opened) -> None:
    sheet, workbench = opened(hub_endpoint=hub.url)
    shown = sheet.act({"do": "look", "name": "who/tiny-GGUF"}, "en")["parts"]["looked"]
    assert "apache-2.0" in shown
    assert 'data-name="who/tiny-GGUF" data-variant="new-q4_k_m"' in shown
    assert not [path for path, _ in hub.requests if "/resolve/" in path]
    told = sheet.act({"do": "get", "name": "who/tiny-GGUF", "variant": "new-q4_k_m"}, "en")
    assert told["changed"]
    for _ in workbench.models.start_fetch("who/tiny-GGUF:new-q4_k_m").watch():
        pass
    told = sheet.act({"do": "news"}, "en")
    assert not told["busy"]
    assert "new-q4_k_m" in told["parts"]["here"]
    removed = sheet.act({"do": "remove", "name": "new-q4_k_m"}, "en")
    assert "new-q4_k_m" not in removed["parts"]["here"]


@pytest.mark.parametrize(
    ("name", "word"), [("who/pickled", "pickled"), ("who/nobody", "who/nobody"), ("<b>x</b>", "&lt;b&gt;")]
)
def test_what_goes_wrong_is_a_sentence(hub: Site, opened: Opened, name: str, word: str) -> None:
    sheet, _ = opened(hub_endpoint=hub.url)
    told = sheet.act({"do": "look", "name": name}, "en")["parts"]["told"]
    assert 'role="alert"' in told
    assert word in told
    assert "<b>x" not in told


def test_a_model_of_another_program_is_used_where_it_is(opened: Opened, tmp_path: Path, tiny_gguf: Path) -> None:
    put_ollama(tmp_path / "ollama", "other", "latest", tiny_gguf.read_bytes())
    sheet, _ = opened(ollama_models=tmp_path / "ollama")
    assert 'data-do="use" data-name="other-latest"' in sheet.act({"do": "found"}, "en")["parts"]["found"]
    assert "other-latest" in sheet.act({"do": "use", "name": "other-latest"}, "zh")["parts"]["here"]
    assert "other-latest" not in sheet.act({"do": "remove", "name": "other-latest"}, "zh")["parts"]["here"]


def test_sources_are_chosen_and_kept(opened: Opened, tmp_path: Path) -> None:
    sheet, workbench = opened(sources="")
    wish = {
        "do": "keep",
        "off": "index modelscope nonsense",
        "peer": "teacher",
        "mirror": "",
        "folder": str(tmp_path),
    }
    shown = sheet.act(wish, "en")["parts"]["sources"]
    assert 'value="http://teacher:7860"' in shown
    assert workbench.models.supply.places().off == ("modelscope", "index")
    assert "alert" in sheet.act({**wish, "peer": "no address"}, "en")["parts"]["told"]
    assert workbench.models.supply.places().peer == "http://teacher:7860"


def test_the_password_of_another_workbench_goes_in_and_never_comes_out(opened: Opened) -> None:
    sheet, workbench = opened(sources="")
    wish = {"do": "keep", "peer": "teacher", "peer_name": 'an"na', "peer_password": "Sesam"}
    shown = sheet.act(wish, "en")["parts"]["sources"]
    assert "an&quot;na" in shown and "Sesam" not in shown and 'placeholder="kept"' in shown
    shown = sheet.act(wish | {"peer_password": "", "off": "index"}, "en")["parts"]["sources"]
    assert workbench.models.supply.places().login == ('an"na', "Sesam") and "Sesam" not in shown


@pytest.mark.parametrize("do", ["look", "found", "use", "keep", "ask", "offers", "remove"])
def test_on_a_server_for_others_a_visitor_makes_it_ask_and_read_nothing(hub: Site, opened: Opened, do: str) -> None:
    sheet, workbench = opened(hub_endpoint=hub.url, host="0.0.0.0")
    told = sheet.act({"do": do, "name": "who/tiny-GGUF", "peer": hub.url, "folder": "/"}, "en")
    assert "command line" in told["parts"]["told"]
    assert hub.requests == []
    assert not workbench.settings.paths.sources.exists()
    assert set(sheet.act({"do": "open"}, "en")["parts"]) == {"told", "under", "here", "to_have", "upload"}


def test_a_visitor_cannot_have_any_id_fetched(hub: Site, opened: Opened) -> None:
    sheet, workbench = opened(hub_endpoint=hub.url, host="0.0.0.0")
    assert "command line" in sheet.act({"do": "get", "name": "who/tiny-GGUF"}, "en")["parts"]["told"]
    assert workbench.models.fetching() is None


def test_a_wish_that_makes_no_sense_changes_nothing(opened: Opened) -> None:
    sheet, _ = opened()
    for wish in (
        {},
        {"do": None},
        {"do": "x" * 10_000},
        {"do": "get", "name": ["x"]},
        {"do": "remove", "name": "../x"},
    ):
        assert "parts" in sheet.act(wish, "en")


def put(workbench: Workbench, name: str, content: bytes) -> Any:
    client = TestClient(Starlette(routes=weights.routes(workbench)))
    return client.post(weights.PATH, params={"name": name}, content=content)


def test_weights_are_not_taken_unless_a_setting_allows_it(opened: Opened, tiny_gguf: Path) -> None:
    _, workbench = opened()
    assert put(workbench, "mine.gguf", tiny_gguf.read_bytes()).status_code == 404


def test_where_it_allows_it_a_gguf_file_is_looked_at_and_put_in(opened: Opened, tiny_gguf: Path) -> None:
    sheet, workbench = opened(weights_upload=True)
    assert put(workbench, "我的 model.gguf", tiny_gguf.read_bytes()).json() == {"name": "我的 model"}
    assert "我的 model" in sheet.act({"do": "open"}, "en")["parts"]["here"]
    again = put(workbench, "我的 model.gguf", tiny_gguf.read_bytes())
    assert (again.status_code, "already" in json.dumps(again.json())) == (400, True)
    assert not list(workbench.settings.paths.downloads.glob("put-*"))


@pytest.mark.parametrize("name", ["../out.gguf", "/etc/x.gguf", "a.safetensors", "", "nul.gguf", "x.pkl"])
def test_no_name_leaves_the_folder(opened: Opened, tiny_gguf: Path, name: str) -> None:
    _, workbench = opened(weights_upload=True)
    put(workbench, name, tiny_gguf.read_bytes())
    outside = [path for path in workbench.settings.home.parent.rglob("*.gguf") if path.parent.name != "models"]
    assert outside == []


def test_what_is_too_large_or_no_model_is_not_kept(opened: Opened) -> None:
    _, workbench = opened(weights_upload=True, weights_bytes_max=1000)
    assert put(workbench, "big.gguf", b"GGUF" * 1000).status_code == 400
    assert put(workbench, "odd.gguf", b"not a model").status_code == 400
    assert [path.name for path in workbench.settings.paths.models.glob("*.gguf")] == ["tiny.gguf"]


def test_of_two_files_of_one_name_at_once_one_is_put_in(opened: Opened, tiny_gguf: Path) -> None:
    _, workbench = opened(weights_upload=True)
    told: list[str] = []

    def put() -> None:
        try:
            told.append(workbench.models.supply.put_in(tiny_gguf, "mine.gguf").name)
        except UserError as error:
            told.append(error.code)

    both = [threading.Thread(target=put) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(told) == ["mine.gguf", "model_exists"]
