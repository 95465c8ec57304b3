"""k-fold cross-validation: the run as often as there are folds, each time with another part held out, then the model.

One folder serves all of it in turn; folds.json says which folds are done, and what each of them scored.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from llm_core.atomic import writing
from llm_core.training.config import TrainConfig

FOLDS_FILE = "folds.json"
DIGITS = 2
_TOLD = ("accuracy", "macro_f1", "f1", "recall@1")
"""Figures that a fold is announced with, where it has them."""

Scores = Mapping[str, Any]


def current(config: TrainConfig, folder: Path) -> TrainConfig:
    """What the run in `folder` trains next: the first fold without scores, or, after the last, the model itself."""
    return config.model_copy(update={"fold": len(kept(folder))}) if pending(config, folder) else config


def pending(config: TrainConfig, folder: Path) -> bool:
    """Whether folds are left to be trained."""
    return config.folds is not None and config.fold is None and len(kept(folder)) < config.folds


def kept(folder: Path) -> list[Scores]:
    """The scores of the folds that are done."""
    path = folder / FOLDS_FILE
    scores: list[Scores] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return scores


def keep(folder: Path, checkpoints: Path, scores: Scores) -> None:
    """End a fold. Its checkpoints go first: the next fold must never go on from a model that has seen its part."""
    shutil.rmtree(checkpoints, ignore_errors=True)
    scored = [*kept(folder), scores]
    with writing(folder / FOLDS_FILE, "w") as out:
        json.dump(scored, out, ensure_ascii=False)


def forget(folder: Path) -> None:
    """Begin with the first fold again."""
    (folder / FOLDS_FILE).unlink(missing_ok=True)


def with_folds(scores: Scores, folder: Path, rows: Mapping[str, Any]) -> dict[str, Any]:
    """Scores of the model itself, and beside them, under `cross_validation`, those of the folds before it.

    Args:
        scores: of the model.
        folder: of the run.
        rows: how many the model itself learned from, and how many it was watched and judged with.
    """
    done = kept(folder)
    if not done:
        return dict(scores)
    return {"cross_validation": {"folds": len(done), "rows_of_the_model": rows, **summary(done)}, **scores}


def summary(scores: Sequence[Scores]) -> dict[str, Any]:
    """Mean and sample standard deviation of every figure over the folds that have it, and of nothing else."""
    found: dict[str, Any] = {}
    for name in dict.fromkeys(name for each in scores for name in each):
        values = [each[name] for each in scores if name in each]
        if all(isinstance(value, Mapping) for value in values):
            if inner := summary(values):
                found[name] = inner
        elif all(isinstance(value, int | float) for value in values):
            spread = stdev(values) if len(values) > 1 else 0.0
            found[name] = {"mean": round(mean(values), DIGITS), "deviation": round(spread, DIGITS)}
    return found


def headline(scores: Scores, prefix: str = "") -> list[str]:
    """The figures that say most, as "opinions: accuracy 91.2"."""
    own = [f"{name.replace('_', ' ')} {_shown(scores[name])}" for name in _TOLD if name in scores]
    inner = [line for name, each in scores.items() if isinstance(each, Mapping) and name != "classes"
             for line in headline(each, f"{name}: ")]  # fmt: skip
    return ([prefix + ", ".join(own)] if own else []) + inner


def _shown(value: Any) -> str:
    return f"{value['mean']} ± {value['deviation']}" if isinstance(value, Mapping) else str(value)
