"""Models trained here in int8 by CTranslate2, beside `transformers.generate` on the same weights and threads, greedy.

The bundled decoder goes through our engines, the bundled translator through ours and the library's own beams.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from llm_core.catalog.bundled import FOLDER
from llm_core.engines import ct2_cache
from llm_core.engines.base import Finished, Message, Sampling
from llm_core.engines.ct2_decoder import Int8Decoder
from llm_core.engines.ct2_translator import SentenceTranslator
from llm_core.engines.transformers import Transformers
from llm_core.settings import Settings

DECODER, TRANSLATOR = FOLDER / "decoder-zh-en", FOLDER / "translator-zh-en"
SENTENCES = [f">>zh<< The boat with number {n} left the harbour before the storm came." for n in range(32)]


def main(arguments: Sequence[str]) -> None:
    """Measure and print: the ways take turns, so that other work on the machine meets all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks int8", description=__doc__)
    parser.add_argument("--tokens", type=int, default=128, help="length of each text")
    parser.add_argument("--rounds", type=int, default=3, help="texts of each way")
    parser.add_argument("--threads", type=int, default=1, help="for computing, the same for all")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), offline=True, threads=options.threads)
        rows = _rows("tokens/s", _decoders(settings, options.tokens), options.rounds)
        if TRANSLATOR.exists():
            rows += _rows("sentences/s", _translators(settings), options.rounds)
    report.show("int8", rows, {"tokens": options.tokens, "threads": options.threads})


def _rows(unit: str, ways: dict[str, Callable[[], float]], rounds: int) -> list[dict[str, Any]]:
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            speeds[name].append(run())
    peer = statistics.median(speeds[next(reversed(ways))])
    found = {name: statistics.median(each) for name, each in speeds.items()}
    return [{"way": name, "unit": unit, "speed": speed, "of peer": speed / peer} for name, speed in found.items()]


def _decoders(settings: Settings, tokens: int) -> dict[str, Callable[[], float]]:
    assert ct2_cache.converted(DECODER, settings.paths.conversions)
    sampling = Sampling(temperature=0, repetition_penalty=1, max_tokens=tokens)

    def through(engine: Transformers) -> Callable[[], float]:
        def run() -> float:
            steps = list(engine.generate([[Message("user", "Once upon a time")]], sampling))
            return next(step.tokens_per_second for step in steps if isinstance(step, Finished))

        run()
        return run

    return {
        "ours, int8": through(Int8Decoder("decoder", DECODER, settings)),
        "ours, Transformers": through(Transformers("decoder", DECODER, settings)),
        "transformers.generate": _peer(settings, tokens),
    }


def _peer(settings: Settings, tokens: int) -> Callable[[], float]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(settings.threads)
    given = AutoTokenizer.from_pretrained(DECODER)("Once upon a time", return_tensors="pt")
    model = AutoModelForCausalLM.from_pretrained(DECODER, dtype=torch.float32).eval()

    def run() -> float:
        torch.set_num_threads(settings.threads)
        began = time.perf_counter()
        model.generate(**given, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False)
        return tokens / (time.perf_counter() - began)

    return run


def _translators(settings: Settings) -> dict[str, Callable[[], float]]:
    ours = SentenceTranslator(TRANSLATOR, settings.paths.conversions, settings.threads)
    assert ours.is_int8

    def fast() -> float:
        began = time.perf_counter()
        ours.translate(SENTENCES)
        return len(SENTENCES) / (time.perf_counter() - began)

    return {"ours, int8, 2 beams": fast, "transformers.generate, 2 beams": _peer_translator(settings)}


def _peer_translator(settings: Settings) -> Callable[[], float]:
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    given = AutoTokenizer.from_pretrained(TRANSLATOR)(SENTENCES, return_tensors="pt", padding=True)
    model = AutoModelForSeq2SeqLM.from_pretrained(TRANSLATOR, dtype=torch.float32).eval()

    def run() -> float:
        torch.set_num_threads(settings.threads)
        began = time.perf_counter()
        model.generate(
            input_ids=given["input_ids"], attention_mask=given["attention_mask"], num_beams=2, max_new_tokens=64
        )
        return len(SENTENCES) / (time.perf_counter() - began)

    return run
