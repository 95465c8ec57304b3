"""What size costs: tokens a second and memory in training decoders of about 1, 10, 30 and 100 million parameters.

Each is trained in a process of its own on random text, 4,096 tokens an update; memory is the most that the process
ever held. The peer is the loop that tutorials teach, on its one shape (`training`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import plot, report
from llm_core.training.launch import MALLOC, WAIT

VOCABULARY, CONTEXT, TOKENS = 8192, 256, 4096
CURVES = {"tokens/s": "tokens/s", "memory, MiB": "memory MiB"}


def main(arguments: Sequence[str]) -> None:
    """Measure and print; or, with --one, measure one size in this process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks size", description=__doc__)
    parser.add_argument("--updates", type=int, default=6)
    parser.add_argument("--picture", type=Path, help="where to draw the curves, as SVG")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(_measured(options.one, options.updates)))
        return
    rows = [_child(name, options.updates) for name in ("tiny", "small", "medium", "base")]
    facts = {"vocabulary": VOCABULARY, "context": CONTEXT, "tokens an update": TOKENS}
    if options.picture:
        _draw(options.picture, rows)
    report.show("size", [{**row, "of tiny": row["tokens/s"] / rows[0]["tokens/s"]} for row in rows], facts)


def _child(name: str, updates: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks", "size", "--one", name, "--updates", str(updates)]
    done = subprocess.run(
        command, env=os.environ | MALLOC | WAIT, stdout=subprocess.PIPE, check=True, encoding="utf-8"
    )
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def _draw(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    curves = {name: [(row["parameters"], row[key]) for row in rows] for name, key in CURVES.items()}
    values = [value for points in curves.values() for _, value in points]
    x = plot.Axis("parameters", curves["tokens/s"][0][0], curves["tokens/s"][-1][0], is_log=True)
    y = plot.Axis("tokens a second, MiB", min(values) * 0.8, max(values) * 1.25, is_log=True)
    plot.draw(path, "What size costs in training a decoder", curves, x, y)


def _measured(name: str, updates: int) -> dict[str, Any]:
    import torch

    from benchmarks import our_loop
    from llm_core.models.decoder import SIZES

    before = report.memory_peak_mib()
    speed = max(islice(our_loop.speeds(SIZES[name], VOCABULARY, CONTEXT, TOKENS), 1, updates))
    on_gpu = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0
    return {
        "size": name,
        "parameters": our_loop.parameters(SIZES[name], VOCABULARY, CONTEXT),
        "tokens/s": speed,
        "memory MiB": round(on_gpu or report.memory_peak_mib()),
        "torch alone MiB": round(before),
    }
