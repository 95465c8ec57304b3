"""The lesson of the field: families of equal size, trained equally long on the same text cut into the same pieces.

They train one after the other as jobs of the workbench, as in a race; the floor is an n-gram model, which counts the
same text. A row's figure is bits a character of held-out text; other work on the machine makes all of them worse, and
not equally: `CPU s` is what each was given.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks import plot, report
from llm_core.settings import Settings
from llm_core.training.config import TrainConfig
from llm_core.training.state import UNDER_WAY, State
from llm_core.workbench.races import Races
from llm_core.workbench.runs import Runs

NAMES = {"ngram": "n-gram", "rnn": "RNN", "lstm": "LSTM", "gru": "GRU", "cnn": "CNN", "mlp": "MLP",
         "decoder": "Transformer"}  # fmt: skip
LOOK_S = 0.2


def main(arguments: Sequence[str]) -> None:
    """Measure, print, and draw."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["LLM_CORE_HOME"] = home
        runs = Runs(Settings())
        races = Races(runs)
        legs = races.plan("", sample=options.sample, seconds=options.seconds, parameters=options.parameters)
        configs = [_like(legs[0], runs, family, options) for family in options.families]
        began = [runs.start("", config, follows=os.getpid()).name for config in configs]
        cpu = [_ended(runs, name) for name in began]
        rows = [_row(runs, name, used) for name, used in zip(began, cpu, strict=True)]
        curves = {NAMES[runs.get("", name).family]: _curve(runs, name) for name in began}
    if options.picture:
        draw(options.picture, curves, options.seconds, options.sample)
    facts = {name: getattr(options, name) for name in ("sample", "seconds", "parameters")}
    report.show("families", rows, facts)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks families", description=__doc__)
    parser.add_argument("--families", nargs="+", choices=NAMES, default=["ngram", "rnn", "lstm", "decoder"])
    parser.add_argument("--sample", default="stories-en", help="the corpus, one that ships with the project")
    parser.add_argument("--seconds", type=float, default=90.0, help="of training, each")
    parser.add_argument("--parameters", type=int, default=1_000_000, help="about how many each has")
    parser.add_argument("--picture", type=Path, help="where to draw the curves, as SVG")
    return parser.parse_args(arguments)


def draw(path: Path, curves: dict[str, plot.Points], seconds: float, sample: str) -> None:
    """Bits a character over the seconds of training; the first looks, far above, are cut off."""
    times, values = zip(*(point for points in curves.values() for point in points), strict=True)
    ends = [points[-1][1] for points in curves.values()]
    x = plot.Axis("seconds of training", 0.0, max(seconds, *times))
    y = plot.Axis("bits a character, held-out text", 0.0, min(1.05 * max(values), 1.6 * max(ends)))
    counted = [name for name in (NAMES["ngram"],) if name in curves]
    plot.draw(path, f"Equal size, equal time, the same text ({sample})", curves, x, y, level=counted)


def _like(leg: TrainConfig, runs: Runs, family: str, options: argparse.Namespace) -> TrainConfig:
    """The leg of a race, for another family."""
    same = {"tokenizer": leg.tokenizer.model_dump(), "batch": leg.batch.model_dump(), "prompts": ()}
    size = {} if family == "ngram" else {"parameters": options.parameters}
    budget = {"budget": {"evaluate_every": 15}}
    return runs.plan(
        "", name=family, samples=[options.sample], family=family, seconds=options.seconds, size="tiny",
        more=same | size | budget,
    )  # fmt: skip


def _ended(runs: Runs, name: str) -> float:
    """Wait for the run's end; seconds that its process computed."""
    folder, used = runs._settings.paths.run(name), 0.0
    while runs.get("", name).state in UNDER_WAY:
        kept = State.read(folder)
        with suppress(psutil.Error):
            if kept and kept.state == "training":
                used = sum(psutil.Process(kept.pid).cpu_times()[:2])
        time.sleep(LOOK_S)
    return used


def _row(runs: Runs, name: str, cpu: float) -> dict[str, Any]:
    run = runs.get("", name)
    if run.error:
        raise run.error
    return {
        "family": NAMES[run.family],
        "parameters": run.parameters,
        "bits a character": run.bits_per_char,
        "updates": run.step,
        "tokens/s": run.tokens_per_second,
        "CPU s": cpu,
    }


def _curve(runs: Runs, name: str) -> plot.Points:
    lines, _ = runs.metrics("", name)
    run = runs.get("", name)
    looks = [(line["seconds"], line["bits_per_char"]) for line in lines if line.get("bits_per_char") is not None]
    return [*looks, (run.seconds, run.bits_per_char or looks[-1][1])]
