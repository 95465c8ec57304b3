"""What tests ask an engine, and what they look at in its steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

import psutil

from llm_core.engines.base import Finished, Generator, Message, Prompt, Sampling, Step, Token, Writing

GREEDY = Sampling(temperature=0, repetition_penalty=1, max_tokens=24)


def ask(text: str) -> Prompt:
    """A conversation of one message."""
    return [Message("user", text)]


def text_of(steps: Iterable[Step], prompt: int = 0) -> str:
    """All that was written in reply to one prompt."""
    return "".join(step.text for step in steps if isinstance(step, Writing) and step.prompt == prompt)


def tokens_of(steps: Iterable[Step]) -> list[Token]:
    """All tokens, in order."""
    return [token for step in steps if isinstance(step, Writing) for token in step.tokens]


def reply(engine: Generator, text: str, sampling: Sampling = GREEDY, visitor: str = "") -> tuple[str, Finished]:
    """One whole reply."""
    steps = list(engine.generate([ask(text)], sampling, visitor=visitor))
    assert isinstance(steps[-1], Finished)
    return text_of(steps), steps[-1]


def until(steps: Iterator[Step], wanted: Callable[[Step], bool]) -> Step:
    """Go on to the first step that is wanted."""
    return next(step for step in steps if wanted(step))


def eventually(true: Callable[[], bool], within_s: float = 20.0) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + within_s
    while not (now := true()) and time.monotonic() < end:
        time.sleep(0.02)
    return now


def cpu_s(pid: int) -> float:
    """Seconds of computing that a process has done."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def cpu_until_still(pid: int) -> float:
    """Seconds of computing from now until the process has done nothing for half a second."""
    began = last = cpu_s(pid)
    quiet = time.monotonic()
    end = quiet + 30
    while time.monotonic() - quiet < 0.5 and time.monotonic() < end:
        time.sleep(0.05)
        if (now := cpu_s(pid)) > last + 0.011:  # more than a tick of the system's clock
            last, quiet = now, time.monotonic()
    return last - began
