"""Sentences a second by the language model: one after another, several at once, and as the product does it.

The last row has everything that a visitor waits for: checking, and asking again where a sentence is doubtful.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from llm_core.events import collect
from llm_core.messages import Language
from llm_core.settings import Settings
from llm_core.tasks.glossary import Glossary
from llm_core.tasks.segments import segments
from llm_core.tasks.sentence_writer import SentenceWriter, Way
from llm_core.workbench import Workbench

TEXTS: dict[Language, str] = {
    "zh": "The ferry to the outer islands leaves at 7:40. The crossing takes 55 minutes in calm weather. "
    "Tickets that were bought before the change stay valid. Bicycles are not carried on Sundays. The harbour "
    "office keeps twelve beds for those who miss the last boat. The kettle belongs to the night watch. "
    "Nobody needs to have sailed before. A model learns from a text of your choice.",
    "en": "镇子东头的老窑停火已经三十年了。去年冬天，几个年轻人把它租了下来。第一窑烧了四十八个小时。"
    "一千二百件坯子里只成了九十件。老师傅没有生气。他说温度升得太快。第二窑每小时只升四十度。"
    "开窑那天下着小雨，邻居们都来看热闹。",
}


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), offline=True, model=str(options.model), context_tokens=2048)
        with Workbench(settings) as workbench:
            collect(workbench.translate("The kettle boils.", to="zh"))  # opens the model and the encoder
            rows = [row for to in TEXTS for row in measured(workbench, to, options.rounds)]
    report.show("translation", rows, {"model": options.model.name, "slots": settings.slots, "rounds": options.rounds})


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks translation", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--rounds", type=int, default=2, help="times that the eight sentences are translated")
    return parser.parse_args(arguments)


def measured(workbench: Workbench, to: Language, rounds: int) -> list[dict[str, Any]]:
    """One direction, the three ways taking turns."""
    text = TEXTS[to]
    found = [(segment, Way()) for segment in segments(text, to)]
    entry = workbench.models.choice("chat").entry
    writer = SentenceWriter(workbench.models.engine(entry), entry.parameters, Glossary({}, to), to, "")
    ways: dict[str, Callable[[], object]] = {
        "alone": lambda: [list(writer.write([one])) for one in found],
        "together": lambda: list(writer.write(found)),
        "as the product does": lambda: collect(workbench.translate(text, to=to)),
    }
    seconds = dict.fromkeys(ways, 0.0)
    for _ in range(rounds):
        for name, run in ways.items():
            began = time.perf_counter()
            run()
            seconds[name] += time.perf_counter() - began
    alone = seconds["alone"]
    return [
        {"to": to, "way": name, "sentences/s": rounds * len(found) / took, "times alone": alone / took}
        for name, took in seconds.items()
    ]
