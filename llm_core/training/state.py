"""What a training process says of itself, state.json, and what is asked of it, request.json.

Written aside and renamed, so that a reader sees a whole file. Knows nothing of torch: the page reads it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

import psutil

from llm_core.atomic import writing
from llm_core.errors import UserError

STATE_FILE, REQUEST_FILE = "state.json", "request.json"

Stage = Literal["queued", "preparing", "training", "paused", "done", "failed"]
Wish = Literal["go", "pause", "stop"]
UNDER_WAY: tuple[Stage, ...] = ("queued", "preparing", "training")
_CLOCK_S = 5.0
"""A process's start is told by the system's clock, which may have been set right since."""


@dataclass(frozen=True, slots=True)
class State:
    """A run as its process last described it; times are seconds since 1970, losses nats a token.

    `ticket` is its place in the line: who asked first trains first. An `error` or a notice is
    {"code": ..., "facts": {...}} with a code of messages/errors.toml or notices.toml.
    """

    state: Stage
    owner: str = ""
    created: float = 0.0
    ticket: float = 0.0
    pid: int = 0
    pid_started: float = 0.0
    started: float | None = None
    updated: float = 0.0
    step: int = 0
    steps: int | None = None
    seconds: float = 0.0
    seconds_left: float | None = None
    parameters: int = 0
    train_loss: float | None = None
    valid_loss: float | None = None
    bits_per_char: float | None = None
    tokens_per_second: float | None = None
    memory_bytes: int = 0
    device: str = ""
    threads: int = 0
    error: Mapping[str, Any] | None = None
    notices: tuple[Mapping[str, Any], ...] = ()

    @property
    def under_way(self) -> bool:
        """Whether its process says that it works, or waits for its turn."""
        return self.state in UNDER_WAY

    @property
    def alive(self) -> bool:
        """Whether that process, and not another one with its number, is there."""
        try:
            process = psutil.Process(self.pid)
            born, status = process.create_time(), process.status()
        except (psutil.Error, ValueError):
            return False
        return status != psutil.STATUS_ZOMBIE and abs(born - self.pid_started) < _CLOCK_S

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The state of the run in `folder`; None where there is none."""
        try:
            kept = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = {field.name for field in fields(cls)}
        kept = {name: value for name, value in kept.items() if name in known}
        return cls(**kept | {"notices": tuple(kept.get("notices", ()))})

    def write(self, folder: Path) -> None:
        """Put it in the place of what stood there."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        with writing(folder / STATE_FILE, "w") as out:
            json.dump(plain, out, ensure_ascii=False)


def ask(folder: Path, wish: Wish) -> None:
    """Ask the run's process to pause or to stop; it obeys at its next update."""
    with writing(folder / REQUEST_FILE, "w") as out:
        json.dump({"do": wish}, out)


def asked(folder: Path) -> Wish:
    """What was asked of the run's process."""
    try:
        wish = json.loads((folder / REQUEST_FILE).read_text(encoding="utf-8"))["do"]
    except (OSError, ValueError, KeyError, TypeError):
        return "go"
    return wish if wish in ("pause", "stop") else "go"


def forget_wish(folder: Path) -> None:
    """What was asked has been done."""
    (folder / REQUEST_FILE).unlink(missing_ok=True)


def line(runs: Path) -> list[tuple[float, Path]]:
    """Runs under way, whose processes live, in the order of their turns: (ticket, folder)."""
    waiting = []
    for folder in runs.iterdir() if runs.exists() else ():
        state = State.read(folder)
        if state and state.under_way and state.alive:
            waiting.append((state.ticket, folder))
    return sorted(waiting)


def _plain(value: Any) -> Any:
    """JSON knows no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def told(error: UserError) -> dict[str, Any]:
    """An error as JSON holds it."""
    facts = {name: value if isinstance(value, int | float) else str(value) for name, value in error.facts.items()}
    return {"code": error.code, "facts": facts}


def error_of(told: Mapping[str, Any]) -> UserError:
    """The error that `told` wrote down."""
    return UserError(told["code"], **told["facts"])
