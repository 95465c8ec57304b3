"""Waiting without losing the chance to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import TypeVar

from llm_core.events import Event, Progress, Tick

Value = TypeVar("Value")

TICK_S = 0.1
SPOKEN_OF_AFTER_S = 0.4  # shorter waits are not worth a word


def ticking(work: Callable[[], Value], stage: str) -> Generator[Event, None, Value]:
    """Run `work` in a thread, yielding at least every 0.1 s, and return its value or raise what it raised.

    Args:
        work: a call that may block, e.g. counting tokens while the model opens. Closing the generator
            leaves it to end by itself.
        stage: what is said once the wait becomes noticeable.
    """
    values: list[Value] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            values.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name=f"waiting-{stage}", daemon=True)
    started = time.monotonic()
    thread.start()
    while thread.is_alive():
        thread.join(TICK_S)
        waited = time.monotonic() - started
        yield Progress(stage, waited, unit="seconds") if waited > SPOKEN_OF_AFTER_S else Tick()
    if errors:
        raise errors[0]
    return values[0]


def quietly(work: Callable[[], Value], stage: str) -> Generator[Event, None, Value]:
    """As `ticking`, where something that says more than seconds stands in sight already."""
    running = ticking(work, stage)
    while True:
        try:
            next(running)
        except StopIteration as end:
            value: Value = end.value
            return value
        yield Tick()
