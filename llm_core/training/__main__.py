"""python -m llm_core.training RECIPE.yaml [--data DIR] [--runs DIR] [--seconds S] [--smoke] [--continue]

One recipe in this very process, for a bare machine that has only what training needs; at home, `python -m llm_core
train` does more.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.training.launch import MALLOC

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig

_TELL_EVERY = 20


def main() -> None:
    """Run the recipe; metrics go to the run's folder, a line now and then to the terminal."""
    if sys.platform == "linux" and not MALLOC.keys() <= os.environ.keys():  # glibc reads them when it starts
        command = [sys.executable, "-m", "llm_core.training", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | MALLOC)  # noqa: S606 - itself, with two variables more
    options = _options()

    import torch

    from llm_core.training import processes
    from llm_core.training.config import load_recipe

    torch.set_num_threads(options.threads)
    config = load_recipe(options.recipe, {"data": str(options.data)})
    config = config.smoke() if options.smoke else config.with_budget(**_budget(options))
    with processes.joined():
        _train(processes.shared(config), options)


def _train(config: TrainConfig, options: argparse.Namespace) -> None:
    from llm_core.events import Done, Item
    from llm_core.training.loop import StepRecord
    from llm_core.training.run import Run

    run = Run(config, options.runs / config.name)
    run.prepare()
    for event in run.train(resume=options.resume):
        told = event.result if isinstance(event, Done) else event.value if isinstance(event, Item) else event
        if not isinstance(told, StepRecord) or told.step % _TELL_EVERY == 0:
            print(told, flush=True)


def _budget(options: argparse.Namespace) -> dict[str, Any]:
    return {"steps": None, "seconds": options.seconds} if options.seconds else {}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m llm_core.training")
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, default=Path(), help="the folder that ${data} in the recipe stands for")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run's folder is made")
    parser.add_argument("--seconds", type=float, help="train this long instead of the recipe's budget")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="four updates, to see that all is well")
    parser.add_argument("--continue", dest="resume", action="store_true", help="go on from the last checkpoint")
    return parser.parse_args()


if __name__ == "__main__":
    main()
