"""The figures of runs as curves, thinned to what a screen can show, and read on from where they were left."""

from __future__ import annotations

import functools
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.catalog import bundled

if TYPE_CHECKING:
    from llm_core.workbench.runs import Runs

Point = tuple[int, float]

CURVE_FILE = "curve.jsonl"  # as training/record.py writes it, which is loaded with the first run alone
BUCKETS_MAX = 400  # of a curve; each shows its lowest and its highest point
LOOKS_MAX = 48  # kept of a run; the page shows fewer
RUNS_KEPT = 64
UPDATES = ("loss", "learning_rate", "gradient_norm", "tokens_per_second")
LOOKS = ("valid_loss", "bits_per_char")


class Curve:
    """One figure over the steps. Steps share a bucket where there are more than a screen has columns."""

    def __init__(self) -> None:
        self._stride = 1
        self._buckets: dict[int, tuple[Point, Point]] = {}

    def add(self, step: int, value: float) -> None:
        """A new point at the end."""
        self._put(step // self._stride, (step, value), (step, value))
        if len(self._buckets) > BUCKETS_MAX:
            self._stride *= 2
            before, self._buckets = self._buckets, {}
            for place, (low, high) in before.items():
                self._put(place // 2, low, high)

    def points(self) -> list[Point]:
        """In the order of the steps."""
        return [point for low, high in self._buckets.values() for point in sorted({low, high})]

    def _put(self, place: int, low: Point, high: Point) -> None:
        if place in self._buckets:
            here = self._buckets[place]
            low = min(here[0], low, key=lambda point: point[1])
            high = max(here[1], high, key=lambda point: point[1])
        self._buckets[place] = low, high


@dataclass
class Learned:
    """What a run has written of itself so far.

    `curves` by the name of the figure; `looks` are lines of metrics.jsonl with samples, thinned evenly.
    """

    curves: dict[str, Curve] = field(default_factory=dict)
    looks: list[Mapping[str, Any]] = field(default_factory=list)
    step: int = 0
    read_to: int = 0
    """The byte of metrics.jsonl at which to go on."""

    def add(self, lines: Iterable[Mapping[str, Any]]) -> bool:
        """Take in further lines; False where they go over steps that are known, as after a checkpoint."""
        for line in lines:
            step, is_look = line["step"], "valid_loss" in line
            if step < self.step or (step == self.step and not is_look):
                return False
            self.step = step
            for name in LOOKS if is_look else UPDATES:
                if isinstance(line.get(name), int | float):
                    self.curves.setdefault(name, Curve()).add(step, round(line[name], 6))
            if is_look:
                self._keep(line)
        return True

    def _keep(self, look: Mapping[str, Any]) -> None:
        self.looks.append(look)
        if len(self.looks) > LOOKS_MAX:
            self.looks = [*self.looks[:-1:2], self.looks[-1]]

    @property
    def step_of_look(self) -> int:
        """The step of the latest look; 0 before the first."""
        return int(self.looks[-1]["step"]) if self.looks else 0

    def points(self, name: str) -> list[Point]:
        """Of a figure; none where the run does not have it."""
        return self.curves[name].points() if name in self.curves else []


class Reader:
    """Reads the metrics of runs, each line once, for all who look at it.

    Args:
        runs: the workbench's; it knows who may see what.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._known: OrderedDict[tuple[str, float], Learned] = OrderedDict()
        self._reading = threading.Lock()

    def learned(self, owner: str, name: str) -> Learned:
        """Everything up to now; of a model that came along, what stands beside it.

        Raises:
            UserError: `run_unknown`, also for a run of somebody else.
        """
        if name in (along := came_along()):
            return _kept(along[name])
        key = (name, self._runs.get(owner, name).created)
        with self._reading:
            known = self._known.get(key) or Learned()
            if not self._read_on(owner, name, known):
                known = Learned()
                self._read_on(owner, name, known)
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > RUNS_KEPT:
                self._known.popitem(last=False)
            return known

    def _read_on(self, owner: str, name: str, known: Learned) -> bool:
        lines, known.read_to = self._runs.metrics(owner, name, known.read_to)
        return known.add(lines)


@functools.cache
def came_along() -> Mapping[str, Path]:
    """The bundled models with curves to compare with, by name, and where those stand."""
    files = {model.card.id: model.path / CURVE_FILE for model in bundled.models()}
    return {name: file for name, file in files.items() if file.is_file()}


@functools.cache
def _kept(file: Path) -> Learned:
    learned = Learned()
    learned.add(map(json.loads, file.read_text("utf-8").splitlines()))
    return learned
