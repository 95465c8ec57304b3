"""Looking inside through the workbench: each visitor's own, with models that are here and runs of their own."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from llm_core.errors import UserError
from llm_core.events import Done, Item
from llm_core.insight.tree import text_of
from llm_core.settings import Settings
from llm_core.training.config import Source, TrainConfig
from llm_core.training.run import Run
from llm_core.training.state import State
from llm_core.workbench import Workbench

TEXT = "The red fox sees a river."
DECODER = "model:decoder-zh-en"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a run that has just ended."""
    home = tmp_path_factory.mktemp("trained") / "home"
    state, words = random.Random(1), ["the", "red", "fox", "sees", "a", "river", "and", "horse"]
    text = home / "text.jsonl"
    text.parent.mkdir()
    rows = [{"text": " ".join(state.choice(words) for _ in range(60))} for _ in range(40)]
    text.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    config = TrainConfig.model_validate(
        {
            "name": "小 lstm",
            "family": "lstm",
            "shape": {"hidden": 12, "layers": 1},
            "sources": [Source(path=text)],
            "tokenizer": {"kind": "byte-bpe", "vocabulary": 280},
            "batch": {"context": 16, "micro_tokens": 64},
            "budget": {"steps": 4, "evaluate_every": 2},
            "prompts": [],
        }
    )
    run = Run(config, Settings(home=home).paths.run(config.name))
    run.prepare()
    for _ in run.train():
        pass
    State("done", owner="ann", created=1.0, step=4).write(run.folder)
    return home


@pytest.fixture
def workbench(trained: Path, tiny_gguf: Path) -> Iterator[Workbench]:
    models = trained / "models"
    models.mkdir(exist_ok=True)
    (models / "tiny.gguf").write_bytes(tiny_gguf.read_bytes())
    with Workbench(Settings(home=trained, offline=True, host="0.0.0.0", context_tokens=512)) as workbench:
        yield workbench


def looked(job):
    return [event for _, event in job.watch()]


def test_two_models_are_looked_at_side_by_side(workbench: Workbench) -> None:
    events = looked(workbench.insights.start("ann", TEXT, [DECODER, "model:tiny"]))
    assert [event.value[0] for event in events if isinstance(event, Item)] == [0, 1]
    assert isinstance(events[-1], Done)
    work = workbench.insights.last("ann")
    assert work
    assert [look.family for look in work.looks.values()] == ["decoder", "gguf"]
    for look in work.looks.values():
        assert "".join(piece.of(TEXT) for piece in look.reading.pieces) == TEXT
        assert len(look.reading.candidates) == len(look.reading.pieces) + 1


def test_what_one_visitor_looks_at_is_nobody_elses(workbench: Workbench) -> None:
    looked(workbench.insights.start("ann", TEXT, [DECODER]))
    assert workbench.insights.last("bob") is None
    with pytest.raises(UserError, match="inside_gone"):
        workbench.insights.grow("bob", 0, 2, 3)
    names = {subject.name for subject in workbench.insights.subjects("bob")}
    assert DECODER in names
    assert not any(name.startswith("run:") for name in names)
    with pytest.raises(UserError, match="inside_unknown"):
        workbench.insights.start("bob", TEXT, ["run:小 lstm"])


def test_a_run_is_looked_at_as_it_is_and_as_it_was(workbench: Workbench) -> None:
    names = [subject.name for subject in workbench.insights.subjects("ann") if subject.name.startswith("run:")]
    assert names == ["run:小 lstm", "run:小 lstm:2"]
    looked(workbench.insights.start("ann", TEXT, names))
    work = workbench.insights.last("ann")
    assert work
    grown, young = (work.looks[side].reading for side in (0, 1))
    assert [piece.id for piece in grown.pieces] == [piece.id for piece in young.pieces]
    assert not np.allclose(grown.logprobs, young.logprobs)
    assert set(work.looks[1].seen) == {"states", "neighbours"}


def test_a_run_that_trains_is_looked_at_as_far_as_it_has_come(workbench: Workbench, trained: Path) -> None:
    model = workbench.settings.paths.run("小 lstm") / "model"
    aside = model.rename(model.with_name("aside"))
    try:
        names = [subject.name for subject in workbench.insights.subjects("ann") if subject.name.startswith("run:")]
        assert names == ["run:小 lstm", "run:小 lstm:2"]
        (newest, *_) = [each for each in workbench.insights.subjects("ann") if each.name == names[0]]
        assert newest.step == 4
        looked(workbench.insights.start("ann", TEXT, [names[0]]))
        now = workbench.insights.last("ann")
    finally:
        aside.rename(model)
    looked(workbench.insights.start("ann", TEXT, [names[0]]))
    then = workbench.insights.last("ann")
    assert now
    assert then
    # The model's folder is in bfloat16.
    np.testing.assert_allclose(now.looks[0].reading.logprobs, then.looks[0].reading.logprobs, atol=0.05)


@pytest.mark.parametrize("name", [DECODER, "model:tiny"])
def test_a_search_grows_from_what_was_looked_at(name: str, workbench: Workbench) -> None:
    looked(workbench.insights.start("ann", TEXT, [name]))
    root = looked(workbench.insights.grow("ann", 0, 2, 3))[-1].result
    work = workbench.insights.last("ann")
    assert work
    assert work.trees[0][1] is root
    assert text_of(root)
    assert [child.kept for child in root.children].count(True) == 2


def test_what_cannot_be_looked_at_is_said(workbench: Workbench) -> None:
    for text, code in (("  ", "text_empty"), ("x" * 2000, "text_too_long"), ("\ud800", "text_unusable")):
        with pytest.raises(UserError, match=code):
            workbench.insights.start("ann", text, [DECODER])
    for name in ("model:../../x", "run:; touch x", "/etc/passwd", "model:"):
        with pytest.raises(UserError, match="inside_unknown"):
            workbench.insights.start("ann", TEXT, [name])
    with pytest.raises(UserError, match="inside_long"):
        looked(workbench.insights.start("ann", "of the 饕 " * 60, [DECODER]))
