"""An estimate of a training run, made in a process of its own: the server has no torch, and a model may not fit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Done, Events, Progress
from llm_core.training import launch, state

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig

LOOK_S = 0.1
ROOT = Path(__file__).parents[2]


def measured(config: TrainConfig, threads: int, runs: Path) -> Events:
    """What the run will take with so many threads, tried beside the `runs`.

    `Done` holds the `training.estimate.Estimate`; closing it ends the process.

    Raises:
        UserError: what is wrong with the text; `estimate_failed`.
    """
    command = [sys.executable, "-m", "llm_core.training.estimate", str(threads), str(runs)]
    runs.mkdir(parents=True, exist_ok=True)
    environment = os.environ | launch.MALLOC | launch.WAIT | {"PYTHONUTF8": "1"}
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, env=environment, encoding="utf-8", **streams) as process:  # type: ignore[call-overload]
        try:
            assert process.stdin and process.stdout
            process.stdin.write(config.model_dump_json())
            process.stdin.close()
            began = time.monotonic()
            while process.poll() is None:
                yield Progress("estimating", time.monotonic() - began, unit="seconds")
                time.sleep(LOOK_S)
            said = process.stdout.read()
        finally:
            process.kill()
    yield Done(_estimate(said))


def _estimate(said: str) -> Any:
    from llm_core.training.estimate import Estimate

    if not said.strip():
        raise UserError("estimate_failed")
    answer = json.loads(said.splitlines()[-1])
    if "error" in answer:
        raise state.error_of(answer["error"])
    found = answer["estimate"]
    return Estimate(**found | {"warnings": tuple((code, facts) for code, facts in found["warnings"])})
