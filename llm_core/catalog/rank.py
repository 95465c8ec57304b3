"""Ask the kinds of sources together which of them answers, and how soon."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

from llm_core.catalog import places
from llm_core.catalog.source import POLL_S, Probe, Source, Wanted
from llm_core.events import Event, Tick
from llm_core.settings import Settings

# While no source at all has answered, more time is given: a slow machine takes seconds to start pip.
PATIENCE = 4


Question = tuple[str, str]  # kind of source; id of the model where each has to be asked for by itself, else ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Kinds of sources: those that hold the file, soonest first; those silent so far; those that said no.

    `seconds` is how long those took that answered, `held` which of them said yes to what.
    """

    answered: tuple[str, ...]
    silent: tuple[str, ...]
    refused: tuple[str, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    held: frozenset[Question] = frozenset()

    @property
    def order(self) -> tuple[str, ...]:
        """All of them, best first."""
        return (*self.answered, *self.silent, *self.refused)

    def has(self, wanted: Wanted, settings: Settings) -> bool:
        """Whether some source said that it holds the file."""
        return any(_question(source, wanted) in self.held for source in places.sources(wanted, settings))


def rank(models: Sequence[Wanted], settings: Settings) -> Generator[Event, None, Ranking]:
    """Ask each kind of source once, by the first of `models` that has it; takes settings.fetch_probe_s at most.

    Those that hold what they hold, and no list says what, are asked for each model. It is done sooner when all have
    answered, and later only while none has.
    """
    probes: dict[Question, Probe] = {}
    slow_starters = set()
    for model in models:
        for source in places.sources(model, settings):
            if (question := _question(source, model)) not in probes:
                probes[question] = source.probe(model.target(settings), settings)
                slow_starters |= {source.kind} if source.starts_slowly else set()
    kinds = sorted({kind: None for kind, _ in probes}, key=lambda kind: kind not in slow_starters)
    answers: dict[Question, bool] = {}
    seconds: dict[str, float] = {}
    start = time.monotonic()
    try:
        while probes and _time_left(time.monotonic() - start, answers, settings):
            for question in list(probes):
                try:
                    next(probes[question])
                except StopIteration as answer:
                    answers[question] = answer.value
                    del probes[question]
                    if answer.value:
                        seconds.setdefault(question[0], time.monotonic() - start)
            yield Tick()
            time.sleep(POLL_S / 2)
    finally:
        for probe in probes.values():
            probe.close()
    asked = {kind for kind, _ in answers}
    return Ranking(
        answered=tuple(seconds),  # in the order in which they answered
        silent=tuple(kind for kind in kinds if kind not in asked),
        refused=tuple(dict.fromkeys(kind for kind, _ in answers if kind not in seconds)),
        seconds=seconds,
        held=frozenset(question for question, yes in answers.items() if yes),
    )


def _question(source: Source, wanted: Wanted) -> Question:
    return source.kind, wanted.id if source.kind in places.BY_HASH else ""


def _time_left(passed: float, answers: dict[Question, bool], settings: Settings) -> bool:
    return passed < settings.fetch_probe_s * (1 if any(answers.values()) else PATIENCE)
