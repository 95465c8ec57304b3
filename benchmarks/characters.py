"""A character-level Transformer on a megabyte of text: what it has learned two and three minutes after Start.

The text is generated here. What it writes is judged by the share of its words that occur in the text; before it has
learned anything that share is next to nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from llm_core.settings import Settings
from llm_core.training.samples import grammar
from llm_core.training.state import UNDER_WAY
from llm_core.workbench.runs import Runs

GRAMMAR = Path(grammar.__file__).parent / "stories_en.toml"
PROMPTS = ("The ", "In the morning ", "She ", "He ", "They ", "When the ", "At last ", "It was ", "Nobody ", "But ")
LOOK_S = 0.2


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ |= {"LLM_CORE_HOME": home, "LLM_CORE_THREADS": str(options.threads)}
        text = "\n\n".join(grammar.documents(GRAMMAR, options.characters, seed=1))
        path = Path(home, "text.txt")
        path.write_text(text, encoding="utf-8")
        runs = Runs(Settings())
        looks = _trained(runs, path, options)
    known = set(words(text))
    rows = [
        {
            "seconds after Start": seconds,
            "updates": look["step"],
            "loss": look["valid_loss"],
            "bits a character": look["bits_per_char"],
            "words known": _known(look["samples"], known),
        }
        for seconds, look in looks
    ]
    for sample in looks[-1][1]["samples"]:
        print(" ", " ".join(sample.split()))
    facts = {name: getattr(options, name) for name in ("characters", "seconds", "threads")}
    report.show("characters", rows, facts | {"parameters": looks[-1][1]["parameters"]})


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks characters", description=__doc__)
    parser.add_argument("--characters", type=int, default=1_000_000, help="of the text")
    parser.add_argument("--seconds", type=float, default=180.0, help="of training")
    parser.add_argument("--every", type=int, default=100, help="updates from one look to the next")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(arguments)


def words(text: str) -> list[str]:
    """Of an English text, in small letters."""
    return re.findall(r"[a-z]+", text.lower())


def _trained(runs: Runs, path: Path, options: argparse.Namespace) -> list[tuple[float, dict[str, Any]]]:
    """Seconds from Start to each look, and the look; the last is the finished run, with the samples of before."""
    more = {
        "tokenizer": {"kind": "char", "vocabulary": 512},
        "prompts": PROMPTS,
        "budget": {"evaluate_every": options.every},
    }
    config = runs.plan("", texts=[path], name="characters", size="tiny", seconds=options.seconds, more=more)
    started, at = time.monotonic(), 0
    runs.start("", config, follows=os.getpid())
    looks: list[tuple[float, dict[str, Any]]] = []
    under_way = True
    while under_way:
        time.sleep(LOOK_S)
        under_way = runs.get("", config.name).state in UNDER_WAY
        lines, at = runs.metrics("", config.name, at)
        looks += [(time.monotonic() - started, line) for line in lines if "samples" in line]
    run = runs.get("", config.name)
    if run.error:
        raise run.error
    end = {"valid_loss": run.valid_loss, "bits_per_char": run.bits_per_char, "parameters": run.parameters}
    return [*looks, (time.monotonic() - started, looks[-1][1] | end | {"step": run.step})]


def _known(samples: Sequence[str], known: set[str]) -> float:
    """The share of the words after each prompt that the text has; the last one is cut off, and left out."""
    written = [words(sample)[len(words(prompt)) : -1] for prompt, sample in zip(PROMPTS, samples, strict=True)]
    said = [word for some in written for word in some]
    return sum(word in known for word in said) / max(1, len(said))
