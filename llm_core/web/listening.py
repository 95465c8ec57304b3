"""A task that runs in a thread, heard by a request in the event loop; it ends when the caller has gone."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

from starlette.requests import Request

from llm_core.errors import UserError
from llm_core.events import Event, Events, Tick
from llm_core.jobs import unexpected


class Listening:
    """The events of one task, for one caller.

    Args:
        events: the task; it yields at least every 0.1 s, and closing it ends the work.
        request: whose body has been read: what comes next on its connection is its end.
    """

    def __init__(self, events: Events, request: Request) -> None:
        self._events = events
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[Event | UserError | None] = asyncio.Queue()
        self._stopping = threading.Event()

    async def __aenter__(self) -> Listening:
        threading.Thread(target=self._run, name="completion", daemon=True).start()
        self._watch = asyncio.create_task(self._wait_for_end())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        self._watch.cancel()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Every event but ticks.

        Raises:
            UserError: what ended the task.
        """
        while (heard := await self._heard.get()) is not None:
            if isinstance(heard, UserError):
                raise heard
            yield heard

    async def _wait_for_end(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._stopping.set()

    def _run(self) -> None:
        try:
            for event in self._events:
                if self._stopping.is_set():
                    break
                if not isinstance(event, Tick):
                    self._tell(event)
        except UserError as error:
            self._tell(error)
        except Exception:
            self._tell(unexpected("completion"))
        finally:
            self._events.close()
            self._tell(None)

    def _tell(self, heard: Event | UserError | None) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended, and its loop with it
            self._loop.call_soon_threadsafe(self._heard.put_nowait, heard)
