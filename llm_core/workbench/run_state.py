"""A run as a face shows it: what its process wrote, or what became of a process that could not say so itself."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.training import state
from llm_core.training.state import Stage, State


@dataclass(frozen=True, slots=True)
class RunState:
    """A run as a face shows it; losses in nats a token, times in seconds, `created` since 1970."""

    name: str
    family: str
    size: str
    objective: str
    state: Stage
    place: int  # in the line, from 1; 0 where it does not wait
    step: int
    steps: int | None
    seconds: float
    seconds_left: float | None
    parameters: int
    train_loss: float | None
    valid_loss: float | None
    bits_per_char: float | None
    perplexity: float | None
    tokens_per_second: float | None
    memory_bytes: int
    device: str
    error: UserError | None
    notices: tuple[Mapping[str, Any], ...]
    created: float
    cross_validation: Mapping[str, Any] | None = None
    """Mean and deviation of every figure over the folds, where the run had folds."""


def shown(folder: Path, kept: State, order: Sequence[Path]) -> RunState:
    """The state of the disk, or what became of a process that could not say so itself."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if kept.under_way and not kept.alive:
        kept = dataclasses.replace(kept, state="paused", error={"code": "run_interrupted", "facts": {}})
    loss = kept.valid_loss if kept.valid_loss is not None else kept.train_loss
    return RunState(
        name=folder.name,
        family=config["family"],
        size=config["size"],
        objective=config["objective"],
        state=kept.state,
        place=order.index(folder) if kept.state == "queued" and folder in order else 0,
        step=kept.step,
        steps=kept.steps,
        seconds=kept.seconds,
        seconds_left=kept.seconds_left,
        parameters=kept.parameters,
        train_loss=kept.train_loss,
        valid_loss=kept.valid_loss,
        bits_per_char=kept.bits_per_char,
        perplexity=math.exp(min(loss, 50.0)) if loss is not None else None,
        tokens_per_second=kept.tokens_per_second,
        memory_bytes=kept.memory_bytes,
        device=kept.device,
        error=state.error_of(kept.error) if kept.error else None,
        notices=kept.notices,
        created=kept.created,
        cross_validation=_cross_validation(folder) if config.get("folds") and kept.state == "done" else None,
    )


def _cross_validation(folder: Path) -> Mapping[str, Any] | None:
    scores: dict[str, Any] = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    return scores.get("cross_validation")


def new_lines(path: Path, after: int) -> tuple[list[dict[str, Any]], int]:
    """The whole JSON lines of a file since byte `after`, and the byte after them.

    All lines of a file that was cut back meanwhile, as each fold and each continued run does: it is shorter than
    before, or no line ends where one ended.
    """
    if not path.exists():
        return [], 0
    with path.open("rb") as file:
        file.seek(max(0, after - 1))
        if after and file.read(1) != b"\n":
            file.seek(0)
        content = file.read()
        whole = content.rfind(b"\n") + 1
        end = file.tell() - len(content) + whole
    return [json.loads(line) for line in content[:whole].splitlines()], end
