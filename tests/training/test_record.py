"""Recordings of runs: small, true to the run, and one of every family that ships reads well."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_core.training.metrics import earlier
from llm_core.training.record import LOOKS_MAX, POINTS_MAX, recorded, thinned, write
from llm_core.training.run import Run
from llm_core.training.samples import SAMPLES
from llm_core.web.train.replay import picture
from llm_core.workbench import replays

FILE_BYTES_MAX = 100_000


def test_a_recording_says_what_the_run_said(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any], tmp_path: Path
) -> None:
    run = prepared(decoder_recipe, budget={"steps": 12, "evaluate_every": 4})
    *_, done = run.train()
    record = recorded(run.folder)
    lines = list(earlier(run.folder))
    assert record["parameters"] == done.result.parameters  # type: ignore[union-attr]
    assert [step for step, _ in record["curve"]] == list(range(1, 13))
    assert record["curve"][-1][1] == pytest.approx(lines[-2]["loss"], abs=1e-3)
    assert [look["step"] for look in record["looks"]] == [4, 8, 12]
    assert [look["samples"] for look in record["looks"]] == [line["samples"] for line in lines if "samples" in line]
    path = write(record, tmp_path / "replays")
    assert json.loads(path.read_text("utf-8")) == json.loads(json.dumps(record))


def test_of_many_looks_the_early_ones_are_kept() -> None:
    kept = thinned(range(1000), 20)
    assert kept[0] == 0
    assert kept[-1] == 999
    assert len(kept) <= 20
    assert sum(look < 100 for look in kept) > 10
    assert thinned(range(5), 20) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("family", replays.families())
def test_what_ships_is_small_and_can_be_shown(family: str) -> None:
    run = replays.replay(family)
    assert (replays.FOLDER / f"{family}.json").stat().st_size < FILE_BYTES_MAX
    assert run["family"] == family
    assert run["sample"] in SAMPLES
    assert len(run["curve"]) <= POINTS_MAX + 1
    assert 0 < len(run["looks"]) <= LOOKS_MAX
    steps = [look["step"] for look in run["looks"]]
    assert steps == sorted(set(steps))
    for language in ("en", "zh"):
        shown = picture(run, language)  # type: ignore[arg-type]
        assert len(shown["prompts"]) == len(shown["looks"][-1]["samples"])
        assert all(look["told"] for look in shown["looks"])
    assert run["looks"][-1]["valid_loss"] < run["looks"][0]["valid_loss"]
