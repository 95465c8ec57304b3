"""The card of a model that a run leaves: data, settings, curves, scores, licence notes, and what it cannot do."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.messages import LANGUAGES, say
from llm_core.models.card import ModelCard, TextSource, contents
from llm_core.training.config import TrainConfig
from llm_core.training.metrics import earlier

if TYPE_CHECKING:
    from llm_core.training.run import Outcome

LICENCE = "yours (the weights); each source keeps its own licence"
POINTS = 200  # of a curve
TASKS = {
    "masked": "fill",
    "contrastive": "embed",
    "label": "classify",
    "relation": "classify",
    "tags": "tag",
    "span": "answer",
    "chat": "chat",
    "preference": "chat",
}


def describe(folder: Path, config: TrainConfig, outcome: Outcome) -> ModelCard:
    """Write `folder`/model/card.json.

    Args:
        folder: of the run, its model saved.
        config: of the run.
        outcome: of the run.
    """
    model = folder / "model"
    task = task_of(config)
    report, scores = _read(folder / "report.json"), _read(folder / "scores.json")
    card = ModelCard(
        id=config.name,
        title=config.card.title if config.card else dict.fromkeys(LANGUAGES, config.name),
        tasks=config.card.tasks if config.card else (task,),
        languages=config.languages,
        parameters=outcome.parameters,
        **contents(model),
        sources=text_sources(report),
        licence=LICENCE,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        trained={
            "family": config.family,
            "objective": config.objective,
            "updates": outcome.steps,
            "seconds": round(outcome.seconds),
            "tokens_per_second": round(outcome.tokens_per_second),
        },
        scores={"validation_loss": outcome.valid_loss, "bits_per_character": outcome.bits_per_char}
        | outcome.extra
        | scores,
        limits=config.card.limits if config.card else {one: say(one, f"runs.limits_{task}") for one in LANGUAGES},
        settings=config.model_dump(mode="json", exclude={"sources", "card", "prompts"}),
        curves=_curves(folder),
    )
    card.write(model)
    return card


def task_of(config: TrainConfig) -> str:
    """What the model can be asked for: a task of a card."""
    if config.objective == "language":
        return "translate" if config.family == "seq2seq" else "continue"
    return TASKS[config.objective]


def _curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Losses over updates, thinned out."""
    lines = list(earlier(folder))
    train = [(line["step"], line["loss"]) for line in lines if "loss" in line]
    valid = [(line["step"], line["valid_loss"]) for line in lines if "valid_loss" in line]
    return {"train": _thinned(train), "validation": _thinned(valid)}


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    step = max(1, -(-len(points) // POINTS))
    return list(points[::step])


def text_sources(report: dict[str, Any]) -> tuple[TextSource, ...]:
    """The sources that a run's report names."""
    kept = TextSource.model_fields
    return tuple(TextSource(**{name: source[name] for name in kept}) for source in report.get("sources", ()))


def _read(path: Path) -> dict[str, Any]:
    entries: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return entries
