"""The sentence about what leaves the machine is true whatever model is picked, and the same on every tab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_core.messages import LANGUAGES, Language
from llm_core.models import served
from llm_core.settings import Settings
from llm_core.web import model_menu
from llm_core.web.analyze import pieces as analyze_pieces
from llm_core.web.ask import pieces as ask_pieces
from llm_core.web.chat.thread import thread
from llm_core.web.header import Status
from llm_core.web.summarize import pieces as summarize_pieces
from llm_core.web.translate import pieces as translate_pieces
from llm_core.workbench import Workbench

AWAY = "https://gpu.example.org"


@pytest.fixture
def opened(home: Path) -> Iterator[Any]:
    made: list[Workbench] = []

    def open_one(**more: Any) -> Workbench:
        made.append(Workbench(Settings(home=home, offline=True, **{"model": "tiny", **more})))
        return made[-1]

    yield open_one
    for workbench in made:
        workbench.close()


def test_where_no_model_runs_elsewhere_nothing_leaves(opened: Any) -> None:
    assert model_menu.trust(opened(remote_entry=False), "en") == "Nothing leaves this computer."
    server = opened(host="0.0.0.0")
    assert model_menu.trust(server, "en") == "Nothing leaves this server."
    assert "on this server" in Status(server).news("en")["html"]


def test_where_one_could_be_picked_that_is_said_before_anyone_picks_it(opened: Any) -> None:
    assert "unless you pick a model that runs elsewhere" in model_menu.trust(opened(), "en")
    away = opened(host="0.0.0.0", remote_url=AWAY, remote_model="m")
    assert model_menu.trust(away, "en").startswith("Nothing leaves this server, unless")


def test_a_server_on_this_computer_is_not_elsewhere(opened: Any) -> None:
    here = opened(remote_entry=False, remote_url="http://127.0.0.1:1", remote_model="m")
    assert model_menu.trust(here, "en") == "Nothing leaves this computer."


def test_where_text_leaves_by_itself_its_host_is_named(opened: Any) -> None:
    [server] = served.servers(Settings(remote_url=AWAY, remote_model="m"))
    away = opened(remote_url=AWAY, remote_model="m", model=server.id)
    for language in LANGUAGES:
        assert "gpu.example.org" in model_menu.trust(away, language)
        assert "gpu.example.org" in str(model_menu.filled(away.models, language, None))


def test_nobody_on_the_network_can_have_it_fetch_what_is_not_in_the_catalogue(opened: Any) -> None:
    for act in ("get", "resume"):
        refused = Status(opened(host="0.0.0.0")).act({"act": act, "name": "somebody/some-model"})
        assert refused is not None and refused.code == "only_here"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_tab_shows_it(language: Language) -> None:
    sentence = "<it leaves>"
    shown = [
        thread(None, language, {}, running=False, trust=sentence),
        thread(None, language, {}, running=False, trust=sentence, attached=True),
        summarize_pieces.empty(language, sentence),
        translate_pieces.empty(language, sentence),
        ask_pieces.empty(language, sentence, documents=0),
        analyze_pieces.empty(language, sentence),
    ]
    assert all("&lt;it leaves&gt;" in one for one in shown)
