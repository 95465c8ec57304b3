"""Finished runs are models, for those who may see the run."""

import json
from pathlib import Path

import pytest

from llm_core.catalog import choose, listing, runs, verify
from llm_core.errors import UserError
from llm_core.models.card import ModelCard
from llm_core.settings import Settings


def finished(
    settings: Settings, name: str, owner: str, *, state: str = "done", tasks: tuple[str, ...] = ("continue",)
):
    folder = settings.paths.run(name)
    (folder / "model").mkdir(parents=True)
    (folder / "state.json").write_text(json.dumps({"state": state, "owner": owner}), "utf-8")
    (folder / "model" / "config.json").write_text('{"max_position_embeddings": 128}', "utf-8")
    card = ModelCard(id=name, tasks=tasks, languages=("zh",), parameters=5, bytes=9, licence="yours")
    card.write(folder / "model")


@pytest.fixture
def public(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", offline=True, host="0.0.0.0")


def ids(settings: Settings, owner: str) -> list[str]:
    return [entry.id for entry in listing.entries(settings, owner=owner) if "run" in entry.sources]


def test_at_this_computer_all_runs_are_one_persons(settings: Settings) -> None:
    finished(settings, "故事", "")
    finished(settings, "of-the-page", "token")
    finished(settings, "still-at-it", "", state="training")
    assert ids(settings, "") == ids(settings, "token") == ["of-the-page", "故事"]
    entry = choose.find("故事", settings)
    assert (entry.format, entry.tasks, entry.context_tokens, entry.usable) == (
        "transformers",
        ("continue",),
        128,
        True,
    )


def test_on_a_public_server_nobody_sees_or_names_anothers(public: Settings) -> None:
    finished(public, "mine", "token")
    finished(public, "theirs", "other")
    assert ids(public, "token") == ["mine"]
    assert choose.choose("chat", public, "mine", owner="token").entry.id == "mine"
    with pytest.raises(UserError, match="model_unknown"):
        choose.choose("chat", public, "theirs", owner="token")
    assert ids(public, "") == []


def test_what_writes_no_text_is_listed_and_says_so(settings: Settings) -> None:
    finished(settings, "classifier", "", tasks=("classify",))
    entry = choose.find("classifier", settings)
    assert not entry.usable
    assert entry.problem
    assert entry.problem.code == "model_not_writing"


def test_a_run_without_a_whole_model_is_no_model_and_harms_no_list(settings: Settings) -> None:
    finished(settings, "whole", "")
    for name, file, content in (
        ("cut", "model/card.json", "{"),
        ("odd", "state.json", "[]"),
        ("gone", "state.json", ""),
    ):
        finished(settings, name, "")
        (settings.paths.run(name) / file).write_text(content, "utf-8")
    assert [model.name for model in runs.models(settings)] == ["whole"]


def test_removing_the_model_removes_its_run(settings: Settings) -> None:
    finished(settings, "old", "")
    assert verify.remove(choose.find("old", settings), settings) > 0
    assert not settings.paths.run("old").exists()
