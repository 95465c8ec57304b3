"""`evaluate RUN`: what a run's model finds likely, and what it recites."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llm_core.catalog.bundled import FOLDER
from llm_core.training.state import State

TEXT = "The old ferry leaves the harbour at nine in the morning and comes back in the evening when the lamps are lit."


def test_a_run_is_measured_and_tried_for_what_it_recites(run: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "home" / "runs" / "mine"
    shutil.copytree(FOLDER / "decoder-zh-en", folder / "model")
    (folder / "data").mkdir()
    for split in ("train", "valid"):
        (folder / "data" / f"{split}.jsonl").write_text(json.dumps([TEXT]) + "\n", "utf-8")
    State("done").write(folder)
    measured = json.loads(run("evaluate", "mine").out)
    assert measured["characters"] == len(TEXT)
    ran = run("evaluate", "mine", "--privacy", language="zh")
    told = json.loads(ran.out)
    assert (ran.code, told["tried"], told["recited"]) == (0, 1, 0)
    assert "一段也没有背出来" in ran.err
    kept = json.loads((folder / "scores.json").read_text("utf-8"))
    assert (kept["evaluation"]["loss"], kept["privacy"]["tried"]) == (measured["loss"], 1)
    elsewhere = run("evaluate", "decoder-zh-en", "--privacy")
    assert (elsewhere.code, "was not trained here" in elsewhere.err) == (2, True)
