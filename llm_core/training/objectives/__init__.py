"""The objectives that can be trained for: one line each, all of one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from llm_core.training.config import TrainConfig
from llm_core.training.objectives.base import Objective
from llm_core.training.objectives.language import Language

OBJECTIVES: Mapping[str, Callable[[TrainConfig, Path], Objective]] = {
    "language": Language,
}


def objective_of(config: TrainConfig, folder: Path) -> Objective:
    """What the configuration asks a run in `folder` to learn."""
    return OBJECTIVES[config.objective](config, folder)
