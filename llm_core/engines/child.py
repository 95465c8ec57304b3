"""The parent's side of worker.py: starts it, hears its answer, keeps the end of what it complains, ends it."""

from __future__ import annotations

import collections
import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from typing import IO

from llm_core.engines import worker

COMPLAINT_LINES = 40  # kept of stderr
REASON_CHARS = 300
DYING_S = 1.0
END_S = 10.0  # how long the system may take to clear a killed process away
# No console window, and no Ctrl-C of the parent's console; nothing on other systems, where the flags do not exist.
WINDOWS_FLAGS: int = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
_PREFIX = re.compile(r"^[\d.]+ [EWI] ")  # llama.cpp's clock and level


class Child:
    """One process with one open model, from its start to its end."""

    def __init__(self, config: worker.Config) -> None:
        """Start it; returns at once."""
        self.key = config["key"]
        self.url = ""
        self.error = ""  # why it could not open
        self._ended = False  # by us
        self._started = time.monotonic()
        self._answered = threading.Event()
        self._complaints: collections.deque[str] = collections.deque(maxlen=COMPLAINT_LINES)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", worker.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=WINDOWS_FLAGS,
        )
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._listen, self._keep_complaints)]
        for thread in self._threads:
            thread.start()
        with contextlib.suppress(OSError):  # it is dead already, which `_listen` notices
            self._stdin.write(json.dumps(config).encode() + b"\n")
            self._stdin.flush()

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self._started

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Opening or open."""
        return self._process.poll() is None and not self.error and not self._ended

    def answered(self, timeout_s: float) -> bool:
        """Whether it has opened (`url`) or failed (`error`), waiting for that at most `timeout_s`."""
        return self._answered.wait(timeout_s)

    def lives_on(self) -> bool:
        """Whether it still runs a moment after a connection to it broke; a dying process closes connections first."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(DYING_S)
        return self.alive

    def death(self) -> str:
        """How it ended: a signal or code, and "closed" where it was us."""
        code = self._process.wait(END_S)
        return "closed" if self._ended else f"signal {-code}" if code < 0 else f"code {code}"

    def end(self, *, wait: bool = False) -> None:
        """Kill it. There is nothing to save, and asking politely can hang in native code."""
        self._ended = True
        self._process.kill()
        if wait:
            for thread in self._threads:
                thread.join(END_S)

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            try:
                answer = json.loads(answers.readline())
            except ValueError:
                answer = {}
            self.url = answer.get("url", "")
            if self.url:
                self._answered.set()
                answers.read()  # nothing more comes: this returns when the child ends
            self._process.wait()
        if not self.url:
            self.error = self._complaint() or answer.get("error") or self.death()
            self._answered.set()
        with contextlib.suppress(OSError):  # what was not written will not be read
            self._stdin.close()

    def _complaint(self) -> str:
        """The first thing that went wrong; what follows are consequences."""
        self._threads[1].join(END_S)  # its last words are in the pipe
        errors = [line for line in self._complaints if "error" in line.lower() or "fail" in line.lower()]
        return _PREFIX.sub("", errors[0])[:REASON_CHARS] if errors else ""

    def _keep_complaints(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            while line := lines.readline(4096):
                if text := line.decode(errors="replace").strip():
                    self._complaints.append(text)
