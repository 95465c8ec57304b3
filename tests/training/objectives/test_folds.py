"""k-fold cross-validation: every part is held out once, and what is broken off goes on where it was."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_core.errors import UserError
from llm_core.events import Done, Item, Notice
from llm_core.training import folds
from llm_core.training.config import TrainConfig
from llm_core.training.run import Run
from tests.training.objectives.conftest import TUNE

Rows = Callable[..., dict[str, Any]]
FOLDS = 3


@pytest.fixture
def folded(runs: Path, rows: Rows, opinions: list[dict[str, Any]]) -> Callable[[str], Run]:
    """A prepared run of three folds, each of six updates."""

    def make(name: str) -> Run:
        given = TUNE | {"name": name, "objective": "label", "start": "tiny-encoder", "folds": FOLDS}
        given |= {"budget": {"steps": 6, "evaluate_every": 6}, "sources": [rows("opinions", opinions)]}
        run = Run(TrainConfig.model_validate(given), runs / name)
        run.prepare()
        return run

    return make


def test_each_part_is_held_out_once_and_the_model_comes_last(folded: Callable[[str], Run]) -> None:
    run, held = folded("folded"), []
    events = []
    for event in run.train():
        if isinstance(event, Notice):
            held.append((run.folder / "data" / "valid.jsonl").read_text(encoding="utf-8").splitlines())
        events.append(event)
    texts = [line for part in held for line in part]
    assert len(held) == FOLDS
    assert len(texts) == 400
    assert sum(len(set(part)) for part in held) == len(set(texts))
    notices = [event for event in events if isinstance(event, Notice)]
    assert [event.facts["fold"] for event in notices] == [1, 2, 3]
    assert isinstance(events[-1], Done)
    scores = json.loads((run.folder / "scores.json").read_text(encoding="utf-8"))
    found = scores["cross_validation"]
    each = [fold["opinions"]["accuracy"] for fold in folds.kept(run.folder)]
    assert found["folds"] == len(each) == FOLDS
    assert found["opinions"]["accuracy"]["mean"] == pytest.approx(sum(each) / FOLDS, abs=0.01)
    assert set(found["opinions"]["classes"]["positive"]) == {"precision", "recall", "f1", "examples"}
    assert "deviation" in found["opinions"]["macro_f1"]
    assert found["rows_of_the_model"]["train"] > max(len(texts) - len(part) for part in held)
    assert (run.folder / "model" / "model.safetensors").is_file()


def test_a_pause_within_a_fold_changes_no_score(folded: Callable[[str], Run]) -> None:
    whole, broken = folded("whole"), folded("broken")
    list(whole.train())
    updates = 0

    def asked() -> Any:
        return "pause" if updates == 9 else "go"

    for event in broken.train(resume=True, asked=asked):
        updates += isinstance(event, Item) and hasattr(event.value, "loss")
    assert len(folds.kept(broken.folder)) == 1
    again = Run(broken.config, broken.folder)
    again.prepare()
    *_, done = again.train(resume=True)
    assert isinstance(done, Done)
    assert folds.kept(broken.folder) == folds.kept(whole.folder)


def test_a_run_that_is_stopped_leaves_the_folds_that_are_left(folded: Callable[[str], Run]) -> None:
    run = folded("stopped")
    *_, done = run.train(asked=lambda: "stop" if len(folds.kept(run.folder)) == 2 else "go")
    assert isinstance(done, Done)
    scores = json.loads((run.folder / "scores.json").read_text(encoding="utf-8"))
    assert scores["cross_validation"]["folds"] == 2
    assert scores["opinions"]["examples"] > 0


def test_the_summary_takes_numbers_and_skips_the_rest() -> None:
    found = folds.summary([{"a": {"f1": 1.0, "labels": ["x"]}}, {"a": {"f1": 4.0, "labels": ["y"]}, "b": 2}])
    assert found == {"a": {"f1": {"mean": 2.5, "deviation": 2.12}}, "b": {"mean": 2, "deviation": 0.0}}
    assert folds.headline({"set": {"accuracy": 90.5, "classes": {"x": {"f1": 1}}}}) == ["set: accuracy 90.5"]


def test_folds_of_text_that_is_not_split_are_refused(rows: Rows, opinions: list[dict[str, Any]]) -> None:
    sources = [rows("a", opinions, use="train"), rows("b", opinions, use="valid")]
    with pytest.raises(UserError, match="folds_unsplit"):
        TrainConfig.model_validate(TUNE | {"name": "x", "objective": "label", "folds": 3, "sources": sources})
