"""Bring a file's bytes onto the disk; that can take seconds, so it is waited for with chances to stop."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from llm_core.catalog.source import POLL_S
from llm_core.events import Events, Tick


def flush(path: Path) -> Events:
    """Wait until a power cut can no longer take what was written to `path`."""
    # A thread with a file of its own: where nobody waits for the end any more, it still comes to it.
    thread = threading.Thread(target=_flush, args=(path,), daemon=True)
    thread.start()
    while thread.is_alive():
        yield Tick()
        thread.join(POLL_S)


def _flush(path: Path) -> None:
    # An error of the disk shows when the file is written, or when it is compared with its hash.
    with contextlib.suppress(OSError), path.open("rb+") as file:
        os.fsync(file.fileno())
