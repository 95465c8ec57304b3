"""Begin the process of a run, so that it goes on when whoever began it has ended. Knows nothing of torch."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from llm_core.training import state
from llm_core.training.state import State

LOG_FILE = "job.log"
# A thread that waits for another sleeps rather than spins: on a busy machine, where a run gives way, that was
# 6 to 75 times as fast (two cores, load 8).
WAIT = {"OMP_WAIT_POLICY": "PASSIVE"}
# Large blocks stay with the process instead of going back to the system after each step: 1.1 times as fast.
MALLOC = {"MALLOC_TRIM_THRESHOLD_": "8000000000", "MALLOC_MMAP_THRESHOLD_": "8000000000"}


def launch(
    folder: Path,
    first: State,
    *,
    threads: int,
    follows: int = 0,
    keep_free_bytes: int = 0,
    seconds_max: float = 0.0,
) -> State:
    """Begin the process for the run in `folder`, and put it in the line.

    Args:
        folder: with its config.json.
        first: the state that it begins with.
        threads: for computing.
        follows: a process without which it pauses; 0 for none.
        keep_free_bytes: of the disk; it pauses before a checkpoint that would leave less.
        seconds_max: of training, after which it ends with what it has learned; 0 for no such limit.

    Returns:
        The state as it stands on the disk.
    """
    state.forget_wish(folder)
    ticket = time.time()
    command = [sys.executable, "-m", "llm_core.training.job", str(folder), "--ticket", repr(ticket)]
    command += ["--threads", str(threads), "--follows", str(follows)]
    command += ["--keep-free-bytes", str(keep_free_bytes), "--seconds-max", str(seconds_max)]
    with (folder / LOG_FILE).open("ab") as said:
        process = psutil.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=_root(),
            env=os.environ | MALLOC | WAIT | {"PYTHONUTF8": "1"},
            **_apart(),
        )
    # Somebody has to hear of its end while we live, or its number stays taken.
    threading.Thread(target=process.wait, name=f"run-{folder.name}", daemon=True).start()
    queued = dataclasses.replace(
        first,
        state="queued",
        ticket=ticket,
        pid=process.pid,
        pid_started=process.create_time(),
        updated=ticket,
        error=None,
    )
    queued.write(folder)
    return queued


def _root() -> Path:
    """Where `python -m llm_core` is run."""
    return Path(__file__).parents[2]


def _apart() -> dict[str, Any]:
    """A process of its own: Ctrl-C, a closed window and our own end do not reach it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
