"""Looking inside models, for visitors: what can be looked into, and the jobs that do it.

What a visitor looks at is kept in memory, for as long as jobs are, and belongs to that visitor alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Progress
from llm_core.jobs import Job, Jobs
from llm_core.messages import LANGUAGES, say
from llm_core.settings import Settings
from llm_core.tasks.waiting import ticking
from llm_core.workbench.models import Models
from llm_core.workbench.subjects import Subject, Subjects

if TYPE_CHECKING:
    from llm_core.insight.look import Look
    from llm_core.insight.tree import Branch
    from llm_core.workbench.runs import Runs

Value = TypeVar("Value")

LOOKING = "inside"  # subjects of jobs: a visitor has one of each under way
SEARCHING = "inside-tree"
LIMIT_S = 600.0
WORKS_MAX = 16  # visitors whose last look is kept: some megabytes each
WIDTH_MAX, DEPTH_MAX = 6, 24
CANDIDATES = 8
GIVEN = tuple(f"inside.given_{n}" for n in range(1, 7))
GIVEN_MAX = 24  # sentences that a text is compared with


@dataclass(frozen=True, slots=True)
class Search:
    """How a tree is grown."""

    width: int
    depth: int


@dataclass(slots=True)
class Work:
    """What a visitor looks at: one text with one model, or with two side by side."""

    text: str
    subjects: tuple[Subject, ...]
    job: Job | None = None
    looks: dict[int, Look] = field(default_factory=dict)  # number of the subject -> what there is to see
    trees: dict[int, tuple[Search, Branch]] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)


class Insights:
    """What can be looked into.

    Args:
        models: those that are here.
        runs: training runs; asked for when they are first needed.
        jobs: where the looking is done.
        settings: limits.
    """

    def __init__(self, models: Models, runs: Callable[[], Runs], jobs: Jobs, settings: Settings) -> None:
        self._models = models
        self._jobs = jobs
        self._settings = settings
        self._subjects = Subjects(models, runs, settings)
        self._works: dict[str, Work] = {}
        self._lock = threading.Lock()

    def subjects(self, owner: str) -> list[Subject]:
        """Everything that the visitor can look into: models that are here, and the visitor's own runs."""
        return self._subjects.listing(owner)

    def start(self, owner: str, text: str, names: Sequence[str]) -> Job:
        """Look at a text with one model or two, in place of what was under way for this visitor.

        Args:
            owner: the visitor.
            text: what they wrote.
            names: of `subjects`; a second one that is "" is none.

        Raises:
            UserError: `text_empty`, `text_too_long`, `text_unusable`, `inside_unknown`.
        """
        check(text, self._settings)
        chosen = tuple(self._subjects.find(owner, name) for name in names if name)
        self._jobs.stop(owner, LOOKING, wait_s=1)
        work = Work(text, chosen)
        with self._lock:
            self._forget()
            self._works[owner] = work
        work.job = self._start(self._looks(owner, work), owner, LOOKING)
        return work.job

    def grow(self, owner: str, side: int, width: int, depth: int) -> Job:
        """Search the texts that may follow, as a tree.

        Raises:
            UserError: `inside_gone`, there is nothing that it could follow.
        """
        work = self.last(owner)
        if work is None or side not in work.looks or "tree" not in work.looks[side].views:
            raise UserError("inside_gone")
        search = Search(min(max(width, 1), WIDTH_MAX), min(max(depth, 1), DEPTH_MAX))
        self._jobs.stop(owner, SEARCHING, wait_s=1)
        return self._start(self._tree(owner, work, side, search), owner, SEARCHING)

    def forget(self, owner: str) -> None:
        """Stop looking, and let the text and what was seen go."""
        self.stop(owner)
        with self._lock:
            self._works.pop(owner, None)

    def last(self, owner: str) -> Work | None:
        """What the visitor last looked at, done or under way."""
        with self._lock:
            self._forget()
            return self._works.get(owner)

    def stop(self, owner: str) -> None:
        """Stop; what has been seen stays."""
        self._jobs.stop(owner, LOOKING)
        self._jobs.stop(owner, SEARCHING)

    def close(self) -> None:
        """Let go of open models."""
        self._subjects.close()

    # ---------------------------------------------------------------- inside

    def _start(self, events: Events, owner: str, subject: str) -> Job:
        unwatched = self._settings.reply_unwatched_s
        return self._jobs.start(events, owner=owner, subject=subject, unwatched_s=unwatched, limit_s=LIMIT_S)

    def _looks(self, owner: str, work: Work) -> Events:
        for number, subject in enumerate(work.subjects):
            seen = yield from self._look(owner, subject, work.text)
            work.looks[number] = seen
            yield Item((number, seen))
        yield Done(work)

    def _look(self, owner: str, subject: Subject, text: str) -> Generator[Event, None, Look]:
        from llm_core.insight import look

        if subject.entry is not None and subject.entry.format == "gguf":
            entry, far = subject.entry, _Far()

            def read() -> Look:
                with self._models.looking(entry, owner) as looking:
                    far.total = len(looking.pieces(text)) + 1
                    self._check_tokens(far.total)
                    return far.through(look.look_served(looking, text))

            return (yield from _followed(read, far, "looking"))
        opened = yield from ticking(lambda: self._subjects.opened(subject), "opening")
        if opened.family == "seq2seq":
            from llm_core.insight import translation

            most = min(self._settings.inside_tokens_max, opened.context - 1)
            self._check_tokens(len(translation.source_ids(opened, text)), opened.context)
            return (yield from ticking(lambda: _Far().through(translation.look(opened, text, most)), "looking"))
        given: list[str] = []
        if opened.head == "vector":  # the first line is looked at, further ones are what it is compared with
            text, *given = (line.strip() for line in text.strip().splitlines() if line.strip())
            given = given[:GIVEN_MAX] or [say(x, key) for x in LANGUAGES for key in GIVEN]
        pieces = opened.pieces(text)
        self._check_tokens(len(pieces) + sum(map(len, opened.marks)), opened.context)
        return (yield from ticking(lambda: _Far().through(look.look(opened, text, pieces, given)), "looking"))

    def _tree(self, owner: str, work: Work, side: int, search: Search) -> Events:
        from llm_core.insight import served
        from llm_core.insight.tree import grow

        subject, look, far = work.subjects[side], work.looks[side], _Far(search.depth)
        grown = partial(grow, width=search.width, depth=search.depth)
        if subject.entry is not None and subject.entry.format == "gguf":
            entry = subject.entry

            def search_served() -> Branch:
                with self._models.looking(entry, owner) as looking:
                    return far.through(grown(served.after(looking, look.marked, CANDIDATES)))

            root = yield from _followed(search_served, far, "growing_tree")
        else:
            opened = yield from ticking(lambda: self._subjects.opened(subject), "opening")

            def search_here() -> Branch:
                from llm_core.insight import following, translation

                source = translation.source_ids(opened, look.source) if look.source else ()
                prefix = look.marked[:1] if source else look.marked
                after = following.after(opened, prefix, CANDIDATES, source)
                return far.through(grown(after, ends=following.ends(opened)))

            root = yield from _followed(search_here, far, "growing_tree")
        work.trees[side] = (search, root)
        yield Done(root)

    def _check_tokens(self, tokens: int, context: int = 2**20) -> None:
        most = min(self._settings.inside_tokens_max, context)
        if tokens > most:
            raise UserError("inside_long", tokens=tokens, most=most)

    def _forget(self) -> None:
        """Old works go, the oldest first."""
        now = time.monotonic()
        ended = [(owner, work) for owner, work in self._works.items() if work.job and work.job.done]
        for owner, work in ended:
            if work.job and now - work.job.ended_at > self._settings.jobs_kept_s:
                self._works.pop(owner, None)
        for owner, _ in sorted(ended, key=lambda each: -each[1].started)[WORKS_MAX:]:
            self._works.pop(owner, None)


class _Far:
    """How far some work in a thread is, and whether it shall end before."""

    def __init__(self, total: int = 0) -> None:
        self.done, self.total = 0, total
        self.stopped = threading.Event()

    def through(self, steps: Generator[Any, None, Value]) -> Value:
        """Go through all steps to what they return."""
        while not self.stopped.is_set():
            try:
                next(steps)
            except StopIteration as done:
                value: Value = done.value
                return value
            self.done += 1
        raise UserError("inside_gone")  # nobody hears it: whoever stopped it has gone


def _followed(work: Callable[[], Value], far: _Far, stage: str) -> Generator[Event, None, Value]:
    """As `ticking`, with how far it is."""
    waiting = ticking(work, "opening")
    try:
        while True:
            event = next(waiting)
            yield Progress(stage, far.done, far.total, "tokens") if far.done else event
    except StopIteration as done:
        value: Value = done.value
        return value
    finally:
        far.stopped.set()


def check(text: str, settings: Settings) -> None:
    """Refuse a text that cannot be looked at.

    Raises:
        UserError: `text_empty`, `text_too_long`, `text_unusable`.
    """
    from llm_core.workbench.replies import check_text

    if not text.strip():
        raise UserError("text_empty")
    check_text(text, settings.inside_chars_max)
