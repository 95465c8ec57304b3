"""Writing speed of our engine beside the bare binding: same file, same settings, same machine, taking turns.

Ours pays for a child process, HTTP and JSON; the bare binding runs in this very process. Both clocks run from the
first to the last piece of text. Processor time counts everything that works for a reply, this process included.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from benchmarks import report
from llm_core import machine
from llm_core.engines import worker
from llm_core.engines.base import Finished, Message, Prompt, Sampling, Writing
from llm_core.engines.llama import Llama
from llm_core.engines.protocol import Dialect, request
from llm_core.settings import Settings

PROMPT: Prompt = [Message("user", "Tell me a very long story about a ship that sails around the world.")]
ALTERNATIVES = 5


@dataclass
class Runner:
    """One way to write a reply, and what its replies took."""

    name: str
    run: Callable[[], tuple[int, float]]  # tokens, seconds from the first to the last
    processes: list[psutil.Process]
    speeds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)  # tokens for each second of processor time

    def measure(self) -> None:
        """One reply."""
        before = self._used()
        tokens, seconds = self.run()
        self.speeds.append((tokens - 1) / seconds)
        self.processor.append(tokens / (self._used() - before))

    def _used(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    options = parse(arguments)
    openings = [measured(options) for _ in range(options.openings)]
    runners = [merged(each) for each in zip(*openings, strict=True)]
    facts = {name: getattr(options, name) for name in ("tokens", "rounds", "openings")}
    report.show("decoding", [row(runner, runners) for runner in runners], {"model": options.model.name, **facts})


def measured(options: argparse.Namespace) -> list[Runner]:
    """All ways on models that are newly opened: where its weights come to lie in memory makes one a little faster."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), offline=True, slots=1, context_tokens=2048)
        sampling = Sampling(temperature=0, max_tokens=options.tokens)
        engine = Llama("model", options.model, settings)
        list(engine.generate([PROMPT], replace(sampling, max_tokens=2)))  # open it, read the prompt
        runners = [
            bare(options.model, settings, sampling),
            ours("ours", engine, sampling),
            ours(f"ours, {ALTERNATIVES} alternatives", engine, replace(sampling, alternatives=ALTERNATIVES)),
        ]
        for turn in range(options.rounds):
            for runner in runners[turn % 3 :] + runners[: turn % 3]:
                runner.measure()
        engine.close()
    return [replace(runner, run=nothing) for runner in runners]  # lets go of the binding, and with it of its memory


def nothing() -> tuple[int, float]:
    """What a runner does whose model is closed."""
    return 0, 0.0


def merged(same: Sequence[Runner]) -> Runner:
    """What one way took in all openings."""
    speeds = [speed for runner in same for speed in runner.speeds]
    processor = [figure for runner in same for figure in runner.processor]
    return replace(same[0], speeds=speeds, processor=processor)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks decoding", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--tokens", type=int, default=128, help="length of each reply")
    parser.add_argument("--rounds", type=int, default=4, help="replies of each kind in one opening")
    parser.add_argument("--openings", type=int, default=3, help="how often both are opened anew")
    return parser.parse_args(arguments)


def ours(name: str, engine: Llama, sampling: Sampling) -> Runner:
    """Through `generate`."""

    def run() -> tuple[int, float]:
        first = last = 0.0
        for step in engine.generate([PROMPT], sampling):
            if isinstance(step, Writing):
                last = time.perf_counter()
                first = first or last
            elif isinstance(step, Finished):
                return step.reply_tokens, last - first
        raise AssertionError("a reply has an end")

    this = psutil.Process()
    return Runner(name, run, [this, *this.children()])


def bare(model: Path, settings: Settings, sampling: Sampling) -> Runner:
    """The binding in this process, opened by the same function that our child uses."""
    config = worker.Config(
        path=str(model),
        context_tokens=settings.context_tokens,
        slots=settings.slots,
        threads=settings.threads or machine.cores(),
        batch_tokens=settings.prefill_batch_tokens,
        cache_mib=settings.prompt_cache_mib,
        key="key",
        open_s=settings.model_load_s,
    )
    server = worker.serve(config)
    body = request("model", PROMPT, sampling, Dialect.LLAMA_CPP)

    def run() -> tuple[int, float]:
        times: list[float] = []
        usage: dict[str, Any] = {}

        def hear(chunk: dict[str, Any]) -> bool:
            usage.update(chunk.get("usage") or {})
            if chunk.get("choices") and chunk["choices"][0]["delta"].get("content"):
                times.append(time.perf_counter())
            return False

        server.handle_chat_completions(body, hear)
        return usage["completion_tokens"], times[-1] - times[0]

    run()  # read the prompt
    return Runner("bare binding", run, [psutil.Process()])


def row(runner: Runner, runners: Sequence[Runner]) -> dict[str, Any]:
    """Medians, and the medians of what each round had beside the bare binding."""
    peer = runners[0]
    beside = [ours / bare for ours, bare in zip(runner.speeds, peer.speeds, strict=True)]
    return {
        "engine": runner.name,
        "tokens/s": statistics.median(runner.speeds),
        "best": max(runner.speeds),
        "of bare": statistics.median(beside),
        "best of best": max(runner.speeds) / max(peer.speeds),
        "tokens/CPU s": statistics.median(runner.processor),
        "CPU of bare": statistics.median(runner.processor) / statistics.median(peer.processor),
    }
