"""What a run costs beside its training: the job process, its logs, and a page that looks each second.

The same configuration is trained by the bare loop of the trainer, and as a job whose metrics this process asks for as
the page does. They take turns, and a row's figures are those of its best turn: other work only makes one slower.
Seconds of computing, which other work changes less, are of the training process and, for the job, of this one too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks import report
from llm_core.settings import Settings
from llm_core.training.config import TrainConfig
from llm_core.training.launch import MALLOC, WAIT
from llm_core.training.state import UNDER_WAY, State
from llm_core.workbench.runs import Runs

WARM = 5
"""Updates before the clock starts."""
PAGE_S = 1.0
"""The page asks so often."""


def main(arguments: Sequence[str]) -> None:
    """Measure and print; or, with --bare, be the loop."""
    options = parse(arguments)
    if options.bare:
        print(json.dumps(bare(options.bare, options.threads)))
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ |= {"LLM_CORE_HOME": home, "LLM_CORE_THREADS": str(options.threads)}
        runs = Runs(Settings())
        taken: dict[str, list[Mapping[str, float]]] = {"bare loop": [], "job and page": []}
        for turn in range(options.rounds):
            config = _config(runs, f"turn-{turn}", options)
            taken["bare loop"].append(_child(config, Path(home, f"bare-{turn}"), options.threads))
            taken["job and page"].append(_job(runs, config, options.look_every))
    best = {
        way: {"tokens/s": max(t["tokens"] / t["seconds"] for t in turns),
              "CPU s / M tokens": min(1e6 * t["cpu"] / t["tokens"] for t in turns)}
        for way, turns in taken.items()
    }  # fmt: skip
    rows = [{"way": way, **figures, **_beside(best["bare loop"], figures)} for way, figures in best.items()]
    facts = {name: getattr(options, name) for name in ("family", "size", "updates", "rounds", "threads")}
    report.show("overhead", rows, facts)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks overhead", description=__doc__)
    parser.add_argument("--family", choices=("rnn", "lstm", "decoder"), default="decoder")
    parser.add_argument("--size", choices=("tiny", "small"), default="tiny")
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--look-every", type=float, default=PAGE_S, help="seconds between two looks of the page")
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def bare(folder: Path, threads: int) -> Mapping[str, float]:
    """Train the configuration in `folder` with nothing around the loop."""
    import torch

    from llm_core.training.run import Run

    torch.set_num_threads(threads)
    run = Run(TrainConfig.model_validate_json((folder / "config.json").read_text(encoding="utf-8")), folder)
    run.prepare()
    marks = []
    for record in run.trainer(folder / "checkpoints").run():
        if record.step == WARM or record.step == run.config.budget.steps:
            marks.append((record.tokens, record.seconds, time.process_time()))
    return _between(*marks)


def _config(runs: Runs, name: str, options: argparse.Namespace) -> TrainConfig:
    budget = {"evaluate_every": 10 * options.updates, "checkpoint_every_seconds": 10**6}
    return runs.plan(
        "", name=name, samples=["stories-en"], family=options.family, size=options.size, steps=options.updates,
        more={"budget": budget},
    )  # fmt: skip


def _child(config: TrainConfig, folder: Path, threads: int) -> Mapping[str, float]:
    """The bare loop in a process of its own, begun as the workbench begins its jobs, and as considerate."""
    folder.mkdir()
    (folder / "config.json").write_text(config.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks", "overhead", "--bare", str(folder), "--threads", str(threads)]
    process = psutil.Popen(command, env=os.environ | MALLOC | WAIT, stdout=subprocess.PIPE, encoding="utf-8")
    lower = psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else min(19, process.nice() + 10)
    process.nice(lower)
    said = json.loads(process.communicate()[0].splitlines()[-1])
    assert isinstance(said, dict)
    return said


def _job(runs: Runs, config: TrainConfig, look_every: float) -> Mapping[str, float]:
    """The same as a job, looked at as the page does; only what lies between two of these looks is counted."""
    runs.start("", config, follows=os.getpid())
    folder, at, marks, records = Settings().paths.run(config.name), 0, [], []
    while (run := runs.get("", config.name)).state in UNDER_WAY:
        lines, at = runs.metrics("", config.name, at)
        records += [line for line in lines if "tokens" in line]
        kept = State.read(folder)
        with suppress(psutil.Error):
            if kept and len(records) >= WARM and lines:
                cpu = sum(psutil.Process(kept.pid).cpu_times()[:2]) + time.process_time()
                marks.append((records[-1]["tokens"], records[-1]["seconds"], cpu))
        time.sleep(look_every)
    if run.error:
        raise run.error
    last = runs.metrics("", config.name, at)[0]
    records += [line for line in last if "tokens" in line]
    whole = _between(*((r["tokens"], r["seconds"], 0.0) for r in (records[WARM - 1], records[-1])))
    if len({tokens for tokens, *_ in marks}) < 2:
        sys.exit("the run was over before the page had looked at it twice: give it more --updates")
    part = _between(marks[0], marks[-1])
    return {**whole, "cpu": part["cpu"] / part["tokens"] * whole["tokens"]}


def _between(first: tuple[float, float, float], last: tuple[float, float, float]) -> Mapping[str, float]:
    tokens, seconds, cpu = (b - a for a, b in zip(first, last, strict=True))
    return {"tokens": tokens, "seconds": seconds, "cpu": cpu}


def _beside(bare: Mapping[str, float], own: Mapping[str, float]) -> dict[str, Any]:
    """Percent more than the bare loop takes."""
    return {
        "% more time": 100 * (bare["tokens/s"] / own["tokens/s"] - 1),
        "% more computing": 100 * (own["CPU s / M tokens"] / bare["CPU s / M tokens"] - 1),
    }
