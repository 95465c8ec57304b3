"""One asyncio loop in one thread of the process: where every request to an engine's server runs.

Started with the first request. Knows nothing of engines; it runs coroutines for threads and can cancel them.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


@functools.cache
def loop() -> asyncio.AbstractEventLoop:
    """The loop, running."""
    made = asyncio.new_event_loop()
    threading.Thread(target=made.run_forever, name="engine-requests", daemon=True).start()
    return made


def wait_for(work: Coroutine[Any, Any, Result], timeout_s: float) -> Result:
    """Run `work` in the loop and wait for its result.

    Raises:
        TimeoutError: it took longer than `timeout_s` and was cancelled.
    """
    return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, timeout_s), loop()).result()


class Call:
    """One coroutine under way. `ended` is called in the loop when it is over, also when it never began."""

    def __init__(self, work: Coroutine[Any, Any, None], ended: Callable[[], None]) -> None:
        self._work = work
        self._ended = ended
        self._task: asyncio.Task[None] | None = None
        loop().call_soon_threadsafe(self._start)

    def cancel(self) -> None:
        """Ask it to end; returns at once. The loop takes requests in order, so it has started by then."""
        loop().call_soon_threadsafe(self._cancel)

    def _start(self) -> None:
        self._task = loop().create_task(self._work)
        self._task.add_done_callback(self._over)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._ended()
        if not task.cancelled():
            task.result()  # a coroutine hands its errors over by itself: what comes out here is a bug of ours
