"""What the process of a run says of itself, once a second: a heartbeat beside the work."""

from __future__ import annotations

import _thread
import contextlib
import dataclasses
import threading
import time
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.training import state
from llm_core.training.state import State

HEARTBEAT_S = 1.0


class Said:
    """What the process says of itself: changed by the one that works, written by a thread of its own.

    Args:
        folder: of the run.
        first: the state to begin with.
    """

    def __init__(self, folder: Path, first: State) -> None:
        self.folder = folder
        self.state = first
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Said:
        self.now()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.now()

    def change(self, **changes: Any) -> None:
        """Take note; it is written within a second."""
        self.state = dataclasses.replace(self.state, **changes)

    def now(self, **changes: Any) -> None:
        """Take note, and write it at once."""
        with self._writing:
            self.change(**changes, updated=time.time())
            self.state.write(self.folder)

    def notice(self, code: str, **facts: Any) -> None:
        """Something that the person should know, though the run goes on."""
        self.now(notices=(*self.state.notices, {"code": code, "facts": facts}))

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            with contextlib.suppress(UserError, OSError):  # a full disk is found by the one that works
                self.now()
            if self.state.state in ("queued", "preparing") and state.asked(self.folder) != "go":
                _thread.interrupt_main()  # reading a large text has no other place to stop at
                return
