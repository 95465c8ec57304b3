"""Runs that learned to understand texts, tried: what they read, what they keep apart, what they say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.workbench import Workbench
from llm_core.workbench.trying import Trying

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def trying(understanding: Path, settings: Settings) -> Iterator[Trying]:
    """The runs that the tiny models came from, as if they had been finished on the page of "somebody"."""
    for folder in (understanding.parent / "runs").iterdir():
        there = settings.paths.runs / folder.name
        shutil.copytree(folder, there, ignore=shutil.ignore_patterns("checkpoints"))
        (there / "state.json").write_text(json.dumps({"state": "done", "owner": "somebody"}), "utf-8")
    with Workbench(settings) as workbench:
        yield workbench.trying


def test_what_a_run_reads_follows_from_what_it_learned(trying: Trying) -> None:
    assert trying.roles("tiny-names") == ("text",)
    assert trying.roles("tiny-relations") == ("text", "head", "tail")
    assert trying.roles("tiny-reader") == ("context", "question")
    assert trying.roles("tiny-encoder") == trying.roles("nobody") == ()


def test_an_example_that_was_kept_apart_can_be_read_by_the_run(trying: Trying) -> None:
    text, head, tail = trying.example("tiny-relations")
    assert head in text and tail in text and "[" not in text
    passage, question = trying.example("tiny-reader")
    assert passage and question


def test_names_answers_and_relations_are_found_by_the_run(trying: Trying) -> None:
    text = "Ann lives in Rome, 7."
    found = trying.tools("tiny-names").names([text], None)[0]["entities"]
    assert {one["text"]: one["type"] for one in found} == {"Ann": "person", "Rome": "place"}
    ends = {"head": {"text": "Ann", "start": 0}, "tail": {"text": "Rome", "start": 13}}
    (related,) = trying.tools("tiny-relations").relations([{"text": text, **ends}], None)
    assert related["label"] == "lives_in"
    passage, question = trying.example("tiny-reader")
    (answer,) = trying.tools("tiny-reader").reader().read([(question, passage)])
    assert passage[answer.start : answer.end] == answer.text
    assert trying.tools("tiny-names").quality("entities").model == "tiny-names"


def test_a_run_that_understands_nothing_is_refused(trying: Trying) -> None:
    for name in ("tiny-encoder", "nobody", "../tiny-names"):
        with pytest.raises(UserError, match="run_understands_nothing"):
            trying.tools(name)
    with pytest.raises(UserError, match="run_understands_nothing"):
        trying.encoder("tiny-names")


def test_on_a_server_for_others_nobody_tries_somebody_elses_run(trying: Trying, settings: Settings) -> None:
    shared = Trying(settings.model_copy(update={"host": "0.0.0.0"}))
    assert shared.learned("tiny-names", "somebody") == "tags"
    assert shared.learned("tiny-names", "another") == ""
