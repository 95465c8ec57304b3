"""An estimate of a training run, made in a process of its own: the server has no torch, and a model may not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llm_core.events import Done, Events
from llm_core.training import launch
from llm_core.workbench.aside import answered

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig


def measured(config: TrainConfig, threads: int, runs: Path) -> Events:
    """What the run will take with so many threads, tried beside the `runs`.

    `Done` holds the `training.estimate.Estimate`; closing it ends the process.

    Raises:
        UserError: what is wrong with the text; `estimate_failed`.
    """
    from llm_core.training.estimate import Estimate

    runs.mkdir(parents=True, exist_ok=True)
    found = yield from answered(
        "llm_core.training.estimate",
        config.model_dump(mode="json"),
        "estimating",
        (str(threads), str(runs)),
        launch.MALLOC | launch.WAIT,  # measured as the run will compute
    )
    yield Done(Estimate(**found | {"warnings": tuple((code, facts) for code, facts in found["warnings"])}))
