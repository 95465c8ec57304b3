"""Turn a finished, measured run into a bundled model: its files and its card.

python -m llm_core.training.publish RUN_FOLDER DESTINATION --recipe recipes/NAME.yaml --date YYYY-MM-DD
    [--curve] [--base NAME [--narrow]]

With --curve the curves of the run stand beside it, so that other runs can be compared with it. With --base the
weights that the model has in common with the one of that name beside it are left out, and with --narrow its own
layers are kept in eight bits (docs/decisions/0020).
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from llm_core.models.card import ModelCard, contents
from llm_core.models.shared import share
from llm_core.models.weights import stored
from llm_core.training.config import TrainConfig, load_recipe
from llm_core.training.describe import text_sources
from llm_core.training.record import write_curve

LICENCE = "Apache-2.0 (the weights); each source keeps its own licence"


def publish(
    run: Path, destination: Path, config: TrainConfig, recipe: str, date: str, *, curve: bool = False
) -> ModelCard:
    """Copy `run`/model to `destination` and write the card beside it.

    The words of the card stand in the recipe, its figures in the run's report, metrics
    and scores.

    Raises:
        ValueError: the recipe has no words for a card.
    """
    if config.card is None:
        raise ValueError(f"{recipe} has no entry `card`")
    destination.mkdir(parents=True, exist_ok=True)
    for name in contents(run / "model")["sha256"]:
        shutil.copyfile(run / "model" / name, destination / name)
    if curve:
        write_curve(run, destination)
    card = ModelCard(
        id=config.name,
        title=config.card.title,
        tasks=config.card.tasks,
        languages=config.languages,
        parameters=sum(tensor.values for tensor in stored(run / "model").values()),
        **contents(destination),
        sources=text_sources(_read(run / "report.json")),
        licence=LICENCE,
        date=date,
        recipe=recipe,
        trained=_training(run / "metrics.jsonl"),
        scores=_read(run / "scores.json"),
        limits=config.card.limits,
    )
    card.write(destination)
    return card


def _training(metrics: Path) -> dict[str, Any]:
    """What the last update says of the whole run."""
    updates = (json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines())
    last = [line for line in updates if "learning_rate" in line][-1]
    return {"updates": last["step"], "tokens": last["tokens"], "seconds": round(last["seconds"])}


def _read(path: Path) -> dict[str, Any]:
    entries: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return entries


def main() -> None:
    """Publish one run."""
    parser = argparse.ArgumentParser(prog="python -m llm_core.training.publish")
    parser.add_argument("run", type=Path)
    parser.add_argument("destination", type=Path)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--date", required=True)
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--base", help="the bundled model that the run began with")
    parser.add_argument("--narrow", action="store_true")
    options = parser.parse_args()
    config = load_recipe(options.recipe, {"data": ""})
    recipe = options.recipe.as_posix()
    card = publish(options.run, options.destination, config, recipe, options.date, curve=options.curve)
    if options.base:
        saved = share(options.destination, options.destination.parent / options.base, narrow=options.narrow)
        card = ModelCard.read(options.destination)
        print(f"{saved:,} bytes are those of {options.base}, or narrower")
    print(card.model_dump_json(indent=1))


if __name__ == "__main__":
    main()
