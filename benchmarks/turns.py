"""The first token of turn 2 of a long conversation beside turn 1: what was read once is not read again."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from llm_core.engines.base import Generator, Message, Prompt, Sampling, Writing
from llm_core.engines.llama import Llama
from llm_core.settings import Settings

SENTENCE = "The ship left harbour {n} before dawn and the crew counted the lights on shore. "


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as home:
        engine = Llama("model", options.model, Settings(home=Path(home), offline=True, slots=1))
        list(engine.generate([[Message("user", "hi")]], Sampling(max_tokens=2)))  # open it
        firsts, seconds = [], []
        for turn in range(options.rounds):
            text = "".join(SENTENCE.format(n=f"{turn}-{n}") for n in range(options.sentences))
            question = Message("user", f"{text}\nWhere was the ship?")
            waited, said = first_token(engine, [question])
            firsts.append(waited)
            again = [question, Message("assistant", said), Message("user", "And who counted the lights?")]
            seconds.append(first_token(engine, again)[0])
        tokens = engine.count_tokens([question])
        engine.close()
    rows = [
        {"turn": name, "first token, s": statistics.median(times), "times sooner": statistics.median(firsts)
         / statistics.median(times)}
        for name, times in (("1", firsts), ("2", seconds))
    ]  # fmt: skip
    report.show("turns", rows, {"model": options.model.name, "prompt tokens": tokens, "rounds": options.rounds})


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks turns", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--sentences", type=int, default=60, help="length of the first message, about 20 tokens each")
    parser.add_argument("--rounds", type=int, default=3, help="conversations")
    return parser.parse_args(arguments)


def first_token(engine: Generator, prompt: Prompt) -> tuple[float, str]:
    """Seconds until the reply begins, and a short reply."""
    began, waited, said = time.perf_counter(), 0.0, ""
    for step in engine.generate([prompt], Sampling(max_tokens=16, temperature=0)):
        if isinstance(step, Writing):
            waited = waited or time.perf_counter() - began
            said += step.text
    return waited, said
