"""A question answered by a process of its own: it may need torch, which the server never loads, or take more than is
there.

The process reads one JSON object from stdin and prints one as its last line: {"answer": ...} or {"error": ...}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.events import Event, Progress, Tick
from llm_core.training import state

LOOK_S = 0.1
AT_ONCE = 2
ROOT = Path(__file__).parents[2]
_turns = threading.BoundedSemaphore(AT_ONCE)


def answered(
    module: str,
    question: Any,
    stage: str,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Generator[Event, None, dict[str, Any]]:
    """Ask `module`, and wait; closing it ends the process.

    Args:
        module: run as `python -m module arguments`.
        question: what it reads, as JSON holds it.
        stage: what is being done, a key of the stages.
        arguments: of the command line.
        environment: variables, beside those of this process.

    Yields:
        Progress(stage) in seconds.

    Raises:
        UserError: what the process tells; `estimate_failed` where it could not.
    """
    while not _turns.acquire(timeout=LOOK_S):
        yield Tick()
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-m", module, *arguments]
    env = os.environ | (environment or {}) | {"PYTHONUTF8": "1"}
    try:
        with subprocess.Popen(command, cwd=ROOT, env=env, encoding="utf-8", **streams) as process:  # type: ignore[call-overload]
            try:
                said = yield from _conversation(process, question, stage)
            finally:
                process.kill()
    finally:
        _turns.release()
    if not said.strip():
        raise UserError("estimate_failed")
    answer = json.loads(said.splitlines()[-1])
    if "error" in answer:
        raise state.error_of(answer["error"])
    found: dict[str, Any] = answer["answer"]
    return found


def _conversation(process: subprocess.Popen[str], question: Any, stage: str) -> Generator[Event, None, str]:
    stdin, stdout = process.stdin, process.stdout
    assert stdin and stdout
    heard: list[str] = []
    # Read beside: an answer larger than the pipe would keep the process from ending.
    listening = threading.Thread(target=lambda: heard.append(stdout.read()), daemon=True)
    listening.start()
    json.dump(question, stdin)
    stdin.close()
    began = time.monotonic()
    while process.poll() is None:
        yield Progress(stage, time.monotonic() - began, unit="seconds")
        time.sleep(LOOK_S)
    listening.join()
    return heard[0]
