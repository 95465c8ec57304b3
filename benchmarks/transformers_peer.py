"""Writing speed of our engine beside `transformers.generate` on the same weights, dequantized to bfloat16."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from llm_core import machine
from llm_core.engines.base import Finished, Message, Sampling
from llm_core.engines.llama import Llama
from llm_core.settings import Settings

QUESTION = "Tell me a very long story about a ship that sails around the world."


def main(arguments: Sequence[str]) -> None:
    """Measure and print: one after the other, since both take every core."""
    options = parse(arguments)
    ours = [llama(options.model, options.tokens) for _ in range(options.rounds)]
    peer = [transformers(options.model, options.tokens)]
    rows = [
        {"engine": name, "tokens/s": max(speeds), "of peer": max(speeds) / max(peer)}
        for name, speeds in (("ours", ours), ("transformers.generate, bf16", peer))
    ]
    report.show("transformers_peer", rows, {"model": options.model.name, "tokens": options.tokens})


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks transformers_peer", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--tokens", type=int, default=64, help="length of each reply")
    parser.add_argument("--rounds", type=int, default=3, help="replies of ours")
    return parser.parse_args(arguments)


def llama(path: Path, tokens: int) -> float:
    """Tokens a second of ours."""
    with tempfile.TemporaryDirectory() as home:
        engine = Llama("model", path, Settings(home=Path(home), offline=True, slots=1, context_tokens=2048))
        prompt = [Message("user", QUESTION)]
        steps = list(engine.generate([prompt], Sampling(temperature=0, max_tokens=tokens)))
        engine.close()
    return next(step.tokens_per_second for step in steps if isinstance(step, Finished))


def transformers(path: Path, tokens: int) -> float:
    """Tokens a second of the library, as its documentation loads a GGUF file; needs the package `gguf`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(machine.cores())
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.bfloat16)
    talk = [{"role": "user", "content": QUESTION}]
    inputs = tokenizer.apply_chat_template(talk, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    times = []
    for length in (1, tokens):  # the difference leaves reading the prompt out
        began = time.perf_counter()
        model.generate(**inputs, max_new_tokens=length, min_new_tokens=length, do_sample=False)
        times.append(time.perf_counter() - began)
    return (tokens - 1) / (times[1] - times[0])
