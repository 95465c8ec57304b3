"""Twenty visitors at once, each with a conversation of their own: errors, mixed-up replies, first token, fairness."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import report
from llm_core.errors import UserError
from llm_core.events import Delta
from llm_core.settings import Settings
from llm_core.workbench import Workbench

# fmt: off
THINGS = (
    "walnut", "lighthouse", "bicycle", "umbrella", "kitchen", "violin", "glacier", "candle", "harbour", "tractor",
    "penguin", "bakery", "compass", "orchard", "telescope", "blanket", "waterfall", "hammer", "library", "volcano",
)
# fmt: on


@dataclass
class Visitor:
    """One person with one question."""

    number: int
    said: str = ""
    first_s: float = 0.0
    whole_s: float = 0.0
    errors: list[str] = field(default_factory=list)

    @property
    def question(self) -> str:
        """Everybody asks about something else."""
        return f"Write two short sentences about the {self.word}."

    @property
    def word(self) -> str:
        """What this visitor alone asks about."""
        return f"{THINGS[self.number % len(THINGS)]}" + (
            f" number {self.number}" if self.number >= len(THINGS) else ""
        )

    def heard_of_another(self, others: Sequence[Visitor]) -> bool:
        """Whether the reply speaks of what somebody else asked about, and not of what this visitor did."""
        said = self.said.lower()
        return self.word not in said and any(each.word in said for each in others)

    def ask(self, workbench: Workbench, tokens: int) -> None:
        """One turn, through conversations and jobs as on the page."""
        owner, began = f"visitor {self.number} " + "x" * 20, time.perf_counter()
        self.said = ""
        try:
            talk = workbench.chats.create(owner, max_tokens=tokens, temperature=0.0)
            for _, event in workbench.chats.send(owner, talk.id, self.question, head=None).watch():
                if isinstance(event, Delta):
                    self.first_s = self.first_s if self.said else time.perf_counter() - began
                    self.said += event.text
            kept = workbench.chats.get(owner, talk.id).messages
            if [m.content for m in kept] != [self.question, self.said]:
                self.errors.append("kept something else than was said")
        except UserError as error:
            self.errors.append(str(error))
        self.whole_s = time.perf_counter() - began


def main(arguments: Sequence[str]) -> None:
    """Measure and print: everybody alone first, which says what each should hear, then all together."""
    options = parse(arguments)
    visitors = [Visitor(number) for number in range(options.visitors)]
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), offline=True, model=str(options.model), context_tokens=1024)
        with Workbench(settings) as workbench:
            for visitor in visitors:
                visitor.ask(workbench, options.tokens)
            alone = [(visitor.said, visitor.first_s, visitor.whole_s) for visitor in visitors]
            began = time.perf_counter()
            together(visitors, workbench, options.tokens)
            seconds = time.perf_counter() - began
    mixed = sum(visitor.heard_of_another(visitors) for visitor in visitors)
    shares = [visitor.whole_s for visitor in visitors]
    rows = [
        row("alone", [first for _, first, _ in alone], sum(whole for _, _, whole in alone)),
        row("together", [visitor.first_s for visitor in visitors], seconds),
    ]
    facts = {
        "model": options.model.name,
        "visitors": options.visitors,
        "errors": sum(len(visitor.errors) for visitor in visitors),
        "replies that were another visitor's": mixed,
        "slowest / median": max(shares) / statistics.median(shares),
    }
    report.show("visitors", rows, facts)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks visitors", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--visitors", type=int, default=20, help="how many at once")
    parser.add_argument("--tokens", type=int, default=48, help="length of each reply")
    return parser.parse_args(arguments)


def together(visitors: Sequence[Visitor], workbench: Workbench, tokens: int) -> None:
    """All of them at the same moment."""
    threads = [threading.Thread(target=visitor.ask, args=(workbench, tokens)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def row(name: str, firsts: Sequence[float], seconds: float) -> dict[str, object]:
    """First tokens and the time for all."""
    p95 = sorted(firsts)[max(0, round(len(firsts) * 0.95) - 1)]
    return {"asked": name, "first token p50, s": statistics.median(firsts), "p95, s": p95, "all, s": seconds}
