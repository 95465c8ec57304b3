"""Twenty visitors for some minutes at a server with the settings of a Space: errors, mixed-up replies, memory.

The server is `python app.py` in a process of its own; each visitor is a client with an address of its own, as the
Space's proxy would say, and asks one question after the other.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import gradio_client
import psutil

from benchmarks import report
from benchmarks.visitors import Visitor

ROOT = Path(__file__).parents[1]
START_S = 60
SAMPLE_S = 2.0
PATIENCE_S = 120


@dataclass
class Guest:
    """One visitor who comes back with the same kind of question until the time is over."""

    number: int
    waits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    mixed: int = 0

    def come(self, url: str) -> gradio_client.Client:
        """Open the page: behind the one proxy that a Space declares, whose word for the address counts."""
        headers = {"x-forwarded-for": f"93.184.{self.number}.7"}  # of the open network: others count for nobody
        return gradio_client.Client(url, verbose=False, headers=headers, httpx_kwargs={"timeout": PATIENCE_S})

    def stay(self, client: gradio_client.Client, tokens: int, until: float, all_of_them: Sequence[Visitor]) -> None:
        """Ask until the time is over."""
        me = Visitor(self.number)
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                me.said = str(client.predict(me.question, max_tokens=tokens, temperature=0.0, api_name="/chat"))
                self.mixed += me.heard_of_another(all_of_them)
                self.waits.append(time.monotonic() - began)
            except Exception as error:
                self.errors.append(f"{type(error).__name__}: {error}"[:200])
                time.sleep(1)  # a server that refuses is not asked without end


class Memory:
    """What the server and its children hold, looked at every now and then."""

    def __init__(self, process: int) -> None:
        self._process = psutil.Process(process)
        self._gone = threading.Event()
        self.mib: list[float] = []
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._gone.wait(SAMPLE_S):
            self.mib.append(self._process.memory_info().rss / 2**20)

    def quarters(self) -> list[float]:
        """The median of each quarter of the time."""
        self._gone.set()
        self._thread.join()
        size = max(1, len(self.mib) // 4)
        return [statistics.median(self.mib[n : n + size]) for n in range(0, 4 * size, size)]


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    options = parse(arguments)
    guests = [Guest(number) for number in range(options.visitors)]
    known = [Visitor(number) for number in range(options.visitors)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, served(Path(home), options.model) as server:
        url, process = server
        clients = [guest.come(url) for guest in guests]
        memory = Memory(process)
        shared = (options.tokens, time.monotonic() + options.seconds, known)
        threads = [
            threading.Thread(target=guest.stay, args=(client, *shared))
            for guest, client in zip(guests, clients, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        quarters = memory.quarters()
        for client in clients:
            client.close()
    waits = sorted(wait for guest in guests for wait in guest.waits)
    errors = [error for guest in guests for error in guest.errors]
    served_n = [len(guest.waits) for guest in guests]
    row = {
        "guests": options.visitors,
        "replies": len(waits),
        "least, most of one": f"{min(served_n)}, {max(served_n)}",
        "whole reply p50, s": statistics.median(waits),
        "longest, s": waits[-1],
    }
    facts = {
        "model": options.model.name,
        "seconds": options.seconds,
        "errors": len(errors),
        "replies that were another visitor's": sum(guest.mixed for guest in guests),
        "memory of the server by quarter, MiB": ", ".join(f"{mib:.0f}" for mib in quarters),
        **{f"error {n}": error for n, error in enumerate(errors[:3], 1)},
    }
    report.show("space", [row], facts)


@contextmanager
def served(home: Path, model: Path) -> Iterator[tuple[str, int]]:
    """The address and the process of a server with the settings of a Space."""
    env = os.environ | {"SPACE_ID": "benchmarks/space", "LLM_CORE_MODEL": str(model.absolute()), "PYTHONUTF8": "1"}
    env |= {"LLM_CORE_CONTEXT_TOKENS": "2048", "LLM_CORE_OFFLINE": "1", "LLM_CORE_LANGUAGE": "en"}
    log = home / "server.log"
    with log.open("w", encoding="utf-8") as said:
        command = [sys.executable, "app.py", "--home", str(home), "--port", "0"]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=said, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + START_S
        while not (found := re.search(r"http://\S+", log.read_text("utf-8"))):
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(log.read_text("utf-8"))
            time.sleep(0.1)
        yield found[0], process.pid
    finally:
        process.terminate()
        process.wait(20)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks space", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--visitors", type=int, default=20, help="how many at once")
    parser.add_argument("--tokens", type=int, default=32, help="length of each reply")
    parser.add_argument("--seconds", type=float, default=600, help="how long they stay")
    return parser.parse_args(arguments)
