"""How far a fetch has come, for whoever looks at it from outside: bytes, speed, time left, how it ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from llm_core.catalog.listing import Entry
from llm_core.errors import UserError
from llm_core.events import Events, Notice, Progress
from llm_core.jobs import unexpected
from llm_core.messages import Language

SPEED_OVER_S = 5.0  # the speed is the mean of the last seconds
State: TypeAlias = Literal["running", "cancelled", "failed", "done"]


@dataclass(frozen=True, slots=True)
class FetchState:
    """How far the model that is being fetched has come."""

    id: str
    title: Mapping[Language, str]
    done: int  # bytes
    total: int  # bytes
    bytes_per_s: float = 0.0
    state: State = "running"
    error: UserError | None = None

    @property
    def seconds_left(self) -> float | None:
        """At the present speed; None while that is unknown."""
        return (self.total - self.done) / self.bytes_per_s if self.bytes_per_s else None


class FetchMeter:
    """Passes the events of a fetch on and keeps its state.

    Args:
        entries: what is to be fetched, then what may be taken instead.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.wanted = {entry.id: entry for entry in entries}
        self.state = _begun(entries[0])
        self._window: deque[tuple[float, float]] = deque()

    def follow(self, events: Events) -> Events:
        """The same events; `state` follows them to whatever end they come."""
        try:
            for event in events:
                match event:
                    case Progress(stage="fetching"):
                        self._measure(event)
                    case Notice("model_instead"):
                        self.state = _begun(self.wanted[event.facts["taken"]])
                        self._window.clear()
                yield event
            self.state = replace(self.state, done=self.state.total, state="done")
        except GeneratorExit:
            self.state = replace(self.state, state="cancelled")
            raise
        except UserError as error:
            self.state = replace(self.state, state="failed", error=error)
            raise
        except Exception as error:
            told = unexpected(f"fetching {self.state.id}")
            self.state = replace(self.state, state="failed", error=told)
            raise told from error
        finally:
            events.close()

    def _measure(self, event: Progress) -> None:
        now = time.monotonic()
        self._window.append((now, event.done))
        while now - self._window[0][0] > SPEED_OVER_S:
            self._window.popleft()
        then, had = self._window[0]
        speed = (event.done - had) / (now - then) if now - then > 0.5 else self.state.bytes_per_s
        total = int(event.total or self.state.total)
        self.state = replace(self.state, done=int(event.done), total=total, bytes_per_s=max(0.0, speed))


def _begun(entry: Entry) -> FetchState:
    return FetchState(entry.id, entry.title, entry.fetched_bytes, entry.bytes)
