"""Tokens a second in training the Transformer decoder, beside the loop that tutorials teach, on the same shapes.

Each takes turns in a process of its own, ours in the environment in which the workbench begins its jobs. A row's
speed is that of its best update: other work on the machine only makes one slower.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

from benchmarks import report
from llm_core.training.launch import MALLOC, WAIT

LOOPS = ("reference", "reference, compiled", "ours", "ours, compiled")


def main(arguments: Sequence[str]) -> None:
    """Measure and print; or, with --loop, be one of the loops."""
    options = parse(arguments)
    if options.loop:
        print(json.dumps(list(islice(loop(options.loop, options.heads), options.updates))))
        return
    names = LOOPS if options.compiled else LOOPS[::2]
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            seconds[name] += _child(name, options)[2:]  # the first ones warm up
    tokens = 16 * 256
    best = {name: tokens / min(taken) for name, taken in seconds.items()}
    rows = [
        {
            "loop": name,
            "tokens/s": best[name],
            "median": tokens / statistics.median(seconds[name]),
            "of reference": best[name] / best["reference"],
        }
        for name in names
    ]
    report.show(
        "training", rows, {name: getattr(options, name) for name in ("heads", "threads", "updates", "rounds")}
    )


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks training", description=__doc__)
    parser.add_argument("--heads", type=int, default=4, help="of the width of 256, in both")
    parser.add_argument("--threads", type=int, default=0, help="0 leaves the choice to torch")
    parser.add_argument("--updates", type=int, default=10, help="of a loop in one turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each loop")
    parser.add_argument("--compiled", action="store_true", help="both under torch.compile as well")
    parser.add_argument("--loop", choices=LOOPS, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _child(name: str, options: argparse.Namespace) -> list[float]:
    command = [sys.executable, "-m", "benchmarks", "training", "--loop", name]
    command += ["--heads", str(options.heads), "--updates", str(options.updates)]
    own = MALLOC | WAIT if name.startswith("ours") else {}
    own = own | ({"OMP_NUM_THREADS": str(options.threads)} if options.threads else {})
    done = subprocess.run(command, env=os.environ | own, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    taken: list[float] = json.loads(done.stdout.splitlines()[-1])
    return taken


def loop(name: str, heads: int) -> Iterator[float]:
    """Seconds of each update of one of LOOPS."""
    from benchmarks import reference_loop

    shape, compiled = reference_loop.Shape(heads=heads), name.endswith("compiled")
    if name.startswith("ours"):
        from benchmarks import our_loop
        from llm_core.models.decoder import Shape

        # 688 a side in three matrices weigh what 1,024 a side do in two
        sizes = Shape(shape.width, shape.layers, shape.heads, shape.heads, feed_forward=688)
        tokens = shape.batch * shape.context
        return (tokens / speed for speed in our_loop.speeds(sizes, shape.vocabulary, shape.context, tokens, compiled))
    import torch

    return reference_loop.updates(shape, compiled=compiled, bf16=torch.cuda.is_available())
