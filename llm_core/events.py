"""What a running task says, event by event. Knows nothing of who listens: page, command line, API or test."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage has come: `done` of `total` in `unit`; `total` is None while the end is unknown."""

    stage: str  # a key of messages/stages.toml
    done: float
    total: float | None = None
    unit: str = ""  # "bytes", "tokens", "sentences", ...: how a face writes the two figures
    per_second: float | None = None  # in `unit`, where the task measures it
    seconds_left: float | None = None  # to the end of the stage, where the task can tell


@dataclass(frozen=True, slots=True)
class Delta:
    """Text that grew: append it to part `part` of the result."""

    text: str
    part: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One finished piece of the result: a sentence pair, a passage, a token with its alternatives."""

    value: Any


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the person should know, though the work goes on; `code` is a key of messages/notices.toml."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing new: a chance to stop. A task that waits yields one at least every 0.1 s."""


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """The last event: the whole result."""

    result: Result


Event: TypeAlias = Progress | Delta | Item | Notice | Tick | Done[Any]
Events: TypeAlias = Generator[Event, None, None]


def collect(events: Iterable[Event]) -> Any:
    """Run a task to its end and return its result.

    Raises:
        RuntimeError: the task ended without `Done`, which only a bug can do.
    """
    for event in events:
        if isinstance(event, Done):
            return event.result
    raise RuntimeError("the task ended without a result")
