"""Make the vectors of passages, a few at a time, so that it can be seen and stopped."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from llm_core.engines.base import Encoder
from llm_core.events import Event, Progress, Tick
from llm_core.store.passages import Passage
from llm_core.tasks.waiting import ticking

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AT_ONCE = 32  # passages between two signs of progress, about a second on two cores


def vectors(passages: Sequence[Passage], encoder: Encoder) -> Generator[Event, None, NDArray[np.float32]]:
    """The vectors of `passages`, array [len(passages), dimensions].

    Yields:
        Progress("indexing") in passages.
    """
    import numpy as np

    made = np.empty((len(passages), encoder.dimensions), np.float32)
    for start in range(0, len(passages), AT_ONCE):
        yield Progress("indexing", start, len(passages), "passages")
        texts = [passage.text for passage in passages[start : start + AT_ONCE]]
        made[start : start + len(texts)] = yield from _encoded(texts, encoder)
    yield Progress("indexing", len(passages), len(passages), "passages")
    return made


def _encoded(texts: list[str], encoder: Encoder) -> Generator[Event, None, NDArray[np.float32]]:
    """Without the stage of its own that a wait has: the progress in passages says more."""
    waiting = ticking(lambda: encoder.encode(texts, "passage"), "indexing")
    while True:
        try:
            event = next(waiting)
        except StopIteration as stop:
            found: NDArray[np.float32] = stop.value
            return found
        yield Tick() if isinstance(event, Progress) else event
