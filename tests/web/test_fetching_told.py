"""The model that is being fetched, in the header and in the terminal: how far, how fast, how long, and what then."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from llm_core.errors import UserError
from llm_core.messages import LANGUAGES
from llm_core.settings import Settings
from llm_core.web.header import Status
from llm_core.web.telling import tell
from llm_core.workbench.fetching import FetchState

RUNNING = FetchState("m", {"en": "Model <b>", "zh": "模型"}, 620_000_000, 1_240_000_000, 6.2e6)
OUTSIDE = ("somebody/model-GGUF",)
ENTRY = SimpleNamespace(id="small", title={"en": "Small", "zh": "小"}, path=None, served=None)


class Models:
    """Stands for `workbench.models`: what is here, and the states of a fetch one after the other."""

    def __init__(self, *states: FetchState | None, here: bool = False) -> None:
        self._states = list(states)
        self._here = here
        self.asked: list[str] = []
        self.supply = SimpleNamespace(is_outside=OUTSIDE.__contains__, check_local=self._check_local)

    def _check_local(self) -> None:
        raise UserError("only_here")

    def fetching(self) -> FetchState | None:
        return self._states.pop(0) if len(self._states) > 1 else self._states[0]

    def choice(self, task: str, name: str | None = None) -> Any:
        entry = SimpleNamespace(**{**vars(ENTRY), "path": "here" if self._here else None})
        return SimpleNamespace(entry=entry)

    def start_fetch(self, name: str) -> None:
        self.asked.append(name)
        if name == "unknown":
            raise UserError("model_unknown", name=name)

    def cancel_fetch(self) -> None:
        self.asked.append("cancel")


def status(models: Models, **settings: Any) -> Status:
    return Status(SimpleNamespace(models=models, settings=Settings(**settings)))  # type: ignore[arg-type]


def test_a_fetch_under_way_shows_its_figures_and_a_way_to_cancel() -> None:
    news = status(Models(RUNNING)).news("en")
    for figure in ("Model &lt;b&gt;", "50%", "1.2 GB", "6 MB/s", "1 min 40 s", 'data-act="cancel"', "--w:0.5"):
        assert figure in news["html"]
    assert news["busy"] and "<b>Model" not in news["html"]


def test_what_ended_before_its_end_can_be_resumed() -> None:
    cancelled = status(Models(replace(RUNNING, state="cancelled"))).news("en")
    assert 'data-act="resume" data-name="m"' in cancelled["html"] and not cancelled["busy"]
    failed = status(Models(replace(RUNNING, state="failed", error=UserError("disk_full", path="/x")))).news("zh")
    assert 'data-act="resume"' in failed["html"] and "磁盘" in failed["html"]


def test_a_model_that_came_changes_the_mark() -> None:
    done = replace(RUNNING, state="done")
    before, after = status(Models(RUNNING)).news("en"), status(Models(done, here=True)).news("en")
    assert before["mark"] != after["mark"] and "Small" in after["html"] and "fetch" not in after["html"]


def test_without_a_model_one_can_be_got_unless_offline() -> None:
    assert 'data-act="get"' in status(Models(None)).news("en")["html"]
    assert 'data-act="get"' not in status(Models(None), offline=True).news("en")["html"]


@pytest.mark.parametrize(
    ("wish", "asked"),
    [({"act": "get", "name": "m"}, ["m"]), ({"act": "resume", "name": ""}, ["recommended"]),
     ({"act": "cancel"}, ["cancel"]), ({"act": "rm -rf"}, []), ({}, [])],
)  # fmt: skip
def test_the_buttons_do_what_they_say_and_nothing_else(wish: dict[str, str], asked: list[str]) -> None:
    models = Models(RUNNING)
    assert status(models).act(wish) is None
    assert models.asked == asked


def test_what_cannot_be_fetched_is_said() -> None:
    error = status(Models(None)).act({"act": "get", "name": "unknown"})
    assert error is not None and error.code == "model_unknown"


def test_a_visitor_of_the_network_has_nothing_fetched_from_outside_the_catalog() -> None:
    models = Models(None)
    error = status(models).act({"act": "get", "name": OUTSIDE[0]})
    assert error is not None and error.code == "only_here" and models.asked == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_says_how_far_it_is_and_how_it_ended(monkeypatch: pytest.MonkeyPatch, language: Any) -> None:
    monkeypatch.setattr("llm_core.web.telling.EVERY_S", 0)
    states = [replace(RUNNING, done=RUNNING.total * n // 100) for n in range(100)]
    out = io.StringIO()
    tell(Models(*states, replace(RUNNING, state="done"), here=True), language, out).join(10)  # type: ignore[arg-type]
    lines = out.getvalue().splitlines()
    assert 8 <= len(lines) <= 12
    assert "50%" in out.getvalue() and RUNNING.title[language] in lines[-1]


def test_the_terminal_is_silent_where_nothing_is_fetched() -> None:
    out = io.StringIO()
    tell(Models(None), "en", out).join(10)  # type: ignore[arg-type]
    assert out.getvalue() == ""
