"""How the prompts of four tabs do with a model, on examples of our own, by checks that code makes.

Each task has a set of cases that was written before its prompts were tuned; the whole task is run on each, with
everything that the product does around the prompt. The checks say what is surely wrong; whether the rest is good, the
text shows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator as Generating
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from llm_core.evaluation import answer_prompts, relation_prompts, summary_prompts, translation_prompts
from llm_core.evaluation.outcome import Case, Outcome
from llm_core.events import Done, Event, Events, Item, Progress
from llm_core.tasks.roles import LARGE_FROM_PARAMETERS, Size
from llm_core.tasks.translate import Engines


class CaseSet(Protocol):
    """What the module of a task has."""

    def cases(self) -> Sequence[Case]:
        """All cases, those of one language together."""

    def outcome(self, case: Case, engines: Engines) -> Generating[Event, None, Outcome]:
        """Run one; yields what the task yields."""


# A further task is one module beside this one, and one line here.
SETS: Final[dict[str, CaseSet]] = {
    "summarize": summary_prompts.CASES,
    "translate": translation_prompts.CASES,
    "answer": answer_prompts.CASES,
    "relations": relation_prompts.CASES,
}


@dataclass(frozen=True, slots=True)
class Tried:
    """One case of one task with one model, and what came of it."""

    task: str
    model: str
    size: Size
    case: Case
    outcome: Outcome


@dataclass(slots=True)
class Row:
    """What came of the cases of one task, from one language into one, with one model."""

    cases: int = 0
    passed: int = 0
    again: int = 0  # answers of the model that the task itself took back
    faults: Counter[str] = field(default_factory=Counter)  # by kind: how many cases have it

    def count(self, outcome: Outcome) -> None:
        """Take one more into account."""
        self.cases += 1
        self.passed += outcome.passed
        self.again += len(outcome.rejected)
        self.faults.update({fault.kind for fault in outcome.faults})


class Table:
    """How the prompts do, by task, languages, and size of model."""

    HEAD: Final = ("task", "languages", "model", "cases", "passed", "again", "faults")

    def __init__(self) -> None:
        self.rows: defaultdict[tuple[str, str, str], Row] = defaultdict(Row)

    def count(self, tried: Tried) -> None:
        """Take one more case into account."""
        self.rows[tried.task, tried.case.languages, f"{tried.size} {tried.model}"].count(tried.outcome)

    def cells(self) -> Sequence[tuple[str, ...]]:
        """The head and the rows, those of one task and its languages together."""
        return [self.HEAD] + [
            (*key, str(row.cases), str(row.passed), str(row.again), _often(row.faults))
            for key, row in sorted(self.rows.items())
        ]


def _often(faults: Counter[str]) -> str:
    return " ".join(f"{kind}:{count}" for kind, count in faults.most_common()) or "-"


def evaluate(tasks: Sequence[str], engines: Engines, *, model: str, limit: int | None = None) -> Events:
    """Run the cases of some tasks.

    Args:
        tasks: keys of `SETS`.
        engines: the model, its size, and the encoder.
        model: its name, for the table.
        limit: cases of each task and language, spread evenly over its set; all where None.

    Yields:
        Progress("measuring"), Item(Tried) for each case, at last Done(Table).
    """
    size: Size = "large" if engines.parameters >= LARGE_FROM_PARAMETERS else "small"
    work = [(task, case) for task in tasks for case in spread(SETS[task].cases(), limit)]
    table = Table()
    for done, (task, case) in enumerate(work):
        yield Progress("measuring", done, len(work), "texts")
        outcome = yield from SETS[task].outcome(case, engines)
        tried = Tried(task, model, size, case, outcome)
        table.count(tried)
        yield Item(tried)
    yield Done(table)


def spread(cases: Sequence[Case], limit: int | None) -> list[Case]:
    """At most `limit` cases of each language, from the whole length of the set."""
    chosen: list[Case] = []
    for languages in dict.fromkeys(case.languages for case in cases):
        group = [case for case in cases if case.languages == languages]
        count = len(group) if limit is None else min(limit, len(group))
        chosen += [group[place * len(group) // count] for place in range(count)]
    return chosen
