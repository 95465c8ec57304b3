"""From `python app.py` to a page that answers, and the memory it takes, beside an empty Gradio page."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import psutil

from benchmarks import report

ROOT = Path(__file__).parents[1]
START_S_MAX = 120
PEER = """
import os; os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio as gr
with gr.Blocks() as page: gr.Textbox()
page.launch(server_port={port}, quiet=True)
"""


def main(arguments: Sequence[str]) -> None:
    """Measure and print, taking turns."""
    options = parse(arguments)
    measured: dict[str, list[tuple[float, float]]] = {"ours": [], "an empty Gradio page": []}
    for turn in range(options.rounds):
        with tempfile.TemporaryDirectory() as home:
            port = options.port + 2 * turn
            command = [sys.executable, "app.py", "--offline", "--home", home, "--port", str(port)]
            measured["ours"].append(start(command, port))
        peer = [sys.executable, "-c", PEER.format(port=port + 1)]
        measured["an empty Gradio page"].append(start(peer, port + 1))
    rows = [
        {
            "page": name,
            "up after, s": statistics.median(seconds for seconds, _ in runs),
            "idle memory, MB": statistics.median(megabytes for _, megabytes in runs),
        }
        for name, runs in measured.items()
    ]
    report.show("startup", rows, {"rounds": options.rounds})


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="starts of each")
    parser.add_argument("--port", type=int, default=17860, help="the first of the ports that are used")
    return parser.parse_args(arguments)


def start(command: list[str], port: int) -> tuple[float, float]:
    """Seconds until the page is served, and megabytes of the process and its children a moment later."""
    began = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONUTF8": "1"}, **quiet) as process:
        try:
            while time.perf_counter() - began < START_S_MAX:
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.02)
            seconds = time.perf_counter() - began
            time.sleep(2)  # what starts beside the page has started
            this = psutil.Process(process.pid)
            memory = sum(each.memory_info().rss for each in [this, *this.children(recursive=True)])
        finally:
            process.terminate()
    return seconds, memory / 1e6
