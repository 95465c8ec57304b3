"""A task under way: its thread, its events so far, its owner. A page may leave and come back; only Stop is a stop.

Knows nothing of what the task does. Saving what grows is the task's own business (workbench).
"""

from __future__ import annotations

import contextvars
import logging
import secrets
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator

from llm_core.errors import UserError
from llm_core.events import Event, Events, Tick

log = logging.getLogger(__name__)

WAIT_S = 0.1  # the longest a watcher waits without a sign of life


class Job:
    """One running task and all that it has said.

    Args:
        events: the task; it yields at least every 0.1 s, and closing it ends the work.
        owner: the visitor's token; nobody else finds the job.
        subject: what it works on, e.g. a conversation's id.
        address: the network address that it was asked for from; empty for this computer itself.
        unwatched_s: how long it goes on while nobody watches.
        limit_s: how long it may take at all.
    """

    def __init__(
        self, events: Events, *, owner: str, subject: str, unwatched_s: float, limit_s: float, address: str = ""
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        self.owner = owner
        self.subject = subject
        self.address = address
        self.error: UserError | None = None
        self._source = events
        self._events: list[Event] = []
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._ended = False
        self._watchers = 0
        self._unwatched_s = unwatched_s
        self._limit_s = limit_s
        self._started = self._last_watched = time.monotonic()
        self.ended_at = 0.0
        # What the caller's context says, such as whose request this is, holds for the work as well.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=(self._run,), name=f"job-{subject[:8]}", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether the task has ended, however it did."""
        return self._ended

    def stop(self, wait_s: float = 0) -> None:
        """End the work: the task is closed at its next sign of life, at most 0.1 s from now."""
        self._stopping.set()
        if wait_s and threading.current_thread() is not self._thread:
            self._thread.join(wait_s)

    def watch(self, after: int = 0) -> Generator[tuple[int, Event], None, None]:
        """The events from number `after` on, live; `Tick` where there is nothing new for 0.1 s.

        Yields:
            The number to continue after, and the event.

        Raises:
            UserError: what ended the task, once all its events have been given out.
        """
        with self._news:
            self._watchers += 1
        try:
            while True:
                with self._news:
                    if len(self._events) <= after and not self._ended:
                        self._news.wait(WAIT_S)
                    fresh, ended = self._events[after:], self._ended
                for event in fresh:
                    after += 1
                    yield after, event
                if ended and not fresh:
                    break
                if not fresh:
                    yield after, Tick()
        finally:
            with self._news:
                self._watchers -= 1
                self._last_watched = time.monotonic()
        if self.error:
            raise self.error

    def _run(self) -> None:
        try:
            for event in self._source:
                if not isinstance(event, Tick):
                    with self._news:
                        self._events.append(event)
                        self._news.notify_all()
                if self._must_end():
                    break
        except UserError as error:
            self.error = error
        except Exception:
            self.error = unexpected(f"job on {self.subject}")
        finally:
            self._finish()

    def _finish(self) -> None:
        try:
            self._source.close()  # the task saves what it has in here
        except UserError as error:
            self.error = self.error or error
        except Exception:
            self.error = self.error or unexpected(f"closing the job on {self.subject}")
        with self._news:
            self._ended = True
            self.ended_at = time.monotonic()
            self._news.notify_all()

    def _must_end(self) -> bool:
        now = time.monotonic()
        left_alone = self._watchers == 0 and now - self._last_watched > self._unwatched_s
        return self._stopping.is_set() or left_alone or now - self._started > self._limit_s


def unexpected(where: str) -> UserError:
    """Log the bug under way with its traceback and return the sentence for it, with a number to report."""
    number = secrets.token_hex(3).upper()
    log.exception("%s: unexpected error %s", where, number)
    return UserError("unexpected", number=number)


class Jobs:
    """All jobs of this server. At most one runs on a subject.

    A visitor's token costs nothing, so that limits by visitor alone hold nobody back: jobs are counted by the address
    that they are asked for from, too. Whoever serves over a network says in `address` which one that is.

    Args:
        kept_s: how long a job that has ended can still be looked at.
        per_address_max: how many may be under way for one address.
    """

    def __init__(self, kept_s: float, per_address_max: int = sys.maxsize) -> None:
        self.address: Callable[[], str] = lambda: ""
        self._per_address_max = per_address_max
        self._kept_s = kept_s
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, events: Events, *, owner: str, subject: str, unwatched_s: float, limit_s: float) -> Job:
        """Run a task in a job of its own.

        Raises:
            UserError: `address_busy`.
        """
        try:
            self.check_room()
        except UserError:
            events.close()
            raise
        job = Job(
            events, owner=owner, subject=subject, address=self.address(), unwatched_s=unwatched_s, limit_s=limit_s
        )
        with self._lock:
            self._sweep()
            self._jobs[job.id] = job
        return job

    def check_room(self) -> None:
        """Whether one more may begin for whoever asks; for what must be known before something else is written.

        Raises:
            UserError: `address_busy`.
        """
        if address := self.address():
            under_way = sum(1 for job in self if job.address == address and not job.done)
            if under_way >= self._per_address_max:
                raise UserError("address_busy", n=under_way)

    def running(self, owner: str, subject: str) -> Job | None:
        """The job that works on `subject` right now, for its owner only."""
        with self._lock:
            jobs = list(self._jobs.values())
        return next((j for j in jobs if j.owner == owner and j.subject == subject and not j.done), None)

    def latest(self, owner: str, subject: str) -> Job | None:
        """The last job on `subject` that is still known, ended or not: one may end before anybody watches it."""
        with self._lock:
            jobs = [j for j in self._jobs.values() if j.owner == owner and j.subject == subject]
        return jobs[-1] if jobs else None

    def stop(self, owner: str, subject: str | None = None, wait_s: float = 5) -> None:
        """Stop the owner's job on `subject`, or all of the owner's jobs, and wait for their ends."""
        with self._lock:
            jobs = [j for j in self._jobs.values() if j.owner == owner and subject in (None, j.subject)]
        _stop(jobs, wait_s)

    def forget(self, owner: str, wait_s: float = 5) -> None:
        """Stop all of the owner's jobs, and let go of all that they have said."""
        self.stop(owner, wait_s=wait_s)
        with self._lock:
            self._jobs = {name: job for name, job in self._jobs.items() if job.owner != owner}

    def close(self, wait_s: float = 5) -> None:
        """Stop everything: the server ends."""
        with self._lock:
            jobs = list(self._jobs.values())
        _stop(jobs, wait_s)

    def __iter__(self) -> Iterator[Job]:
        with self._lock:
            return iter(list(self._jobs.values()))

    def _sweep(self) -> None:
        now = time.monotonic()
        for job in list(self._jobs.values()):
            if job.done and now - job.ended_at > self._kept_s:
                del self._jobs[job.id]


def _stop(jobs: list[Job], wait_s: float) -> None:
    for job in jobs:
        job.stop()
    until = time.monotonic() + wait_s
    for job in jobs:
        job.stop(wait_s=max(0.0, until - time.monotonic()))
