"""The race: four families of equal size train in turn, equally long, on the same text cut into the same pieces.

A race is four runs whose names say that they belong together, so that it needs no place of its own: they wait in
line, are found again after a restart, and can be looked into like all runs.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.messages import Language, say
from llm_core.training.state import UNDER_WAY
from llm_core.workbench.run_state import RunState

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig
    from llm_core.workbench.runs import Runs

FAMILIES = ("rnn", "lstm", "vae", "decoder")
PARAMETERS = 300_000
SECONDS = 60.0
SAMPLE = "stories-en"
NAME = re.compile(rf"(race-[0-9a-f]{{6}})-({'|'.join(FAMILIES)})")
EVERY = 15  # updates between two looks at a model


@dataclass(frozen=True, slots=True)
class Look:
    """A model as it was after `seconds` of training."""

    step: int
    seconds: float
    bits_per_char: float
    samples: Sequence[str]


@dataclass(frozen=True, slots=True)
class Leg:
    """One family's part of a race."""

    run: RunState
    looks: Sequence[Look]

    @property
    def samples(self) -> Sequence[str]:
        """What the model made of the prompts when it was last looked at."""
        return self.looks[-1].samples if self.looks else ()


@dataclass(frozen=True, slots=True)
class Race:
    """All legs, in the order in which they train."""

    name: str
    legs: Sequence[Leg]

    @property
    def under_way(self) -> bool:
        """Whether one of them trains or waits."""
        return any(leg.run.state in UNDER_WAY for leg in self.legs)

    @property
    def finished(self) -> Sequence[Leg]:
        """Those that are done, the best first: it needs the fewest bits for a character."""
        done = [leg for leg in self.legs if leg.run.state == "done" and leg.run.bits_per_char is not None]
        return sorted(done, key=lambda leg: leg.run.bits_per_char or 0.0)

    def lesson(self, language: Language) -> str:
        """What the race has shown, in a sentence; nothing before its end."""
        order = self.finished
        if self.under_way or len(order) < len(FAMILIES):
            return ""
        first, last = order[0].run, order[-1].run
        facts = {"bits": first.bits_per_char, "last_bits": last.bits_per_char}
        named = say(language, f"race.family_{last.family}")
        return say(language, f"race.lesson_{first.family}", last=named, **facts)


class Races:
    """What can be done with races. `owner` is the visitor's token everywhere, "" at the command line.

    Args:
        runs: where the legs are begun and watched.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def plan(
        self, owner: str, *, sample: str = SAMPLE, seconds: float = SECONDS, parameters: int = PARAMETERS
    ) -> Sequence[TrainConfig]:
        """The legs of a new race: alike in all but the family.

        Raises:
            UserError: what `Runs.plan` raises.
        """
        race = f"race-{secrets.token_hex(3)}"
        asked: dict[str, Any] = {"samples": [sample], "seconds": seconds, "size": "tiny"}
        first = self._runs.plan(owner, family=FAMILIES[0], **asked)
        same = {
            "parameters": parameters,
            "tokenizer": first.tokenizer.model_dump(),
            "prompts": first.prompts,
            "batch": first.batch.model_dump(),
            "budget": {"evaluate_every": EVERY, "patience": None},  # equally long, whatever comes of it
        }
        return [
            self._runs.plan(owner, name=f"{race}-{family}", family=family, more=same, **asked) for family in FAMILIES
        ]

    def start(self, owner: str, legs: Sequence[TrainConfig], *, follows: int = 0) -> Race:
        """Begin a race that was planned; see `Runs.start_together`."""
        self._runs.start_together(owner, legs, follows=follows)
        race = NAME.fullmatch(legs[0].name)
        assert race is not None
        return self.get(owner, race[1])

    def get(self, owner: str, name: str) -> Race:
        """A race as it stands now.

        Raises:
            UserError: `run_unknown`.
        """
        legs = []
        for family in FAMILIES:
            run = self._runs.get(owner, f"{name}-{family}")
            legs.append(Leg(run, self._looks(owner, run.name)))
        return Race(name, legs)

    def newest(self, owner: str) -> Race | None:
        """The race begun last; None where there is none, or a part of it was deleted."""
        for run in self._runs.list(owner):
            if named := NAME.fullmatch(run.name):
                try:
                    return self.get(owner, named[1])
                except UserError:
                    continue
        return None

    def stop(self, owner: str, name: str) -> None:
        """End it: the leg that trains keeps its model, the others do not begin."""
        for leg in self.get(owner, name).legs:
            if leg.run.state in UNDER_WAY:
                self._runs.stop(owner, leg.run.name)

    def _looks(self, owner: str, run: str) -> Sequence[Look]:
        lines, _ = self._runs.metrics(owner, run)
        looks = {
            line["step"]: Look(line["step"], line["seconds"], line["bits_per_char"], tuple(line["samples"]))
            for line in lines
            if line.get("bits_per_char") is not None
        }
        return [looks[step] for step in sorted(looks)]
