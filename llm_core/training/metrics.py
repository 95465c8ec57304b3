"""What a run writes down as it goes: metrics.jsonl, one JSON object an update or a look, and TensorBoard's curves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from llm_core.atomic import writing
from llm_core.training.tensorboard import Curves

METRICS_FILE = "metrics.jsonl"
CURVES_FOLDER = "tensorboard"


class Metrics:
    """The open files of one sitting.

    Args:
        folder: of the run.
        step: updates done; what an earlier sitting wrote of later ones is dropped, since they are done again.
    """

    def __init__(self, folder: Path, step: int) -> None:
        _forget_after(folder / METRICS_FILE, step)
        self._open = ExitStack()
        self._lines = self._open.enter_context((folder / METRICS_FILE).open("a", encoding="utf-8"))
        self._curves = self._open.enter_context(Curves(folder / CURVES_FOLDER, step))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._open.close()

    def write(self, line: Any) -> None:
        """A StepRecord or a Look: a dataclass with `step`."""
        entry = asdict(line)
        self._lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._lines.flush()
        self._curves.add(entry["step"], dict(_points(entry)))


def earlier(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of metrics.jsonl that are whole."""
    path = folder / METRICS_FILE
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []:
        if line.endswith("\n"):
            yield json.loads(line)


def _points(entry: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in (entry | entry.get("extra", {})).items():
        if name != "step" and isinstance(value, int | float):
            yield name, value


def _forget_after(path: Path, step: int) -> None:
    kept = [line for line in earlier(path.parent) if line["step"] <= step]
    with writing(path, "w") as out:
        out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in kept)
