"""Ask the kinds of sources together which of them answers, and how soon."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from llm_core.catalog.recommended import Recommended
from llm_core.catalog.source import POLL_S, Probe
from llm_core.events import Event, Tick
from llm_core.settings import Settings

# While no source at all has answered, more time is given: a slow machine takes seconds to start pip.
PATIENCE = 4


@dataclass(frozen=True, slots=True)
class Ranking:
    """Kinds of sources: those that hold the file, soonest first; those silent so far; those that said no."""

    answered: tuple[str, ...]
    silent: tuple[str, ...]
    refused: tuple[str, ...]

    @property
    def order(self) -> tuple[str, ...]:
        """All of them, best first."""
        return (*self.answered, *self.silent, *self.refused)


def rank(models: Sequence[Recommended], settings: Settings) -> Generator[Event, None, Ranking]:
    """Ask each kind of source once, by the first of `models` that has it; takes settings.fetch_probe_s at most.

    It is done sooner when all have answered, and later only while none has.
    """
    probes: dict[str, Probe] = {}
    slow_starters = set()
    for model in models:
        for source in model.sources:
            if source.kind not in probes:
                probes[source.kind] = source.probe(model.target(settings), settings)
                slow_starters |= {source.kind} if source.starts_slowly else set()
    kinds = sorted(probes, key=lambda kind: kind not in slow_starters)  # their silence says least
    answers: dict[str, bool] = {}
    start = time.monotonic()
    try:
        while probes and _time_left(time.monotonic() - start, answers, settings):
            for kind in list(probes):
                try:
                    next(probes[kind])
                except StopIteration as answer:
                    answers[kind] = answer.value
                    del probes[kind]
            yield Tick()
            time.sleep(POLL_S / 2)
    finally:
        for probe in probes.values():
            probe.close()
    refused = tuple(kind for kind in answers if not answers[kind])
    return Ranking(
        answered=tuple(kind for kind in answers if answers[kind]),  # in the order in which they answered
        silent=tuple(kind for kind in kinds if kind not in answers),
        refused=refused,
    )


def _time_left(passed: float, answers: dict[str, bool], settings: Settings) -> bool:
    return passed < settings.fetch_probe_s * (1 if any(answers.values()) else PATIENCE)
