"""The Analyze tab's desk: what each visitor last had analyzed, and the jobs that do it; a page finds it again.

One job is under way for a visitor; what the one before it found stays in its events for as long as jobs are kept.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator as Generating
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from llm_core.documents import guard
from llm_core.documents.document import Document
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Progress, Tick
from llm_core.jobs import Job, Jobs
from llm_core.settings import Settings
from llm_core.tasks import rows as row_task
from llm_core.tasks.analysis import AnalysisOptions
from llm_core.tasks.rows import Cells
from llm_core.tasks.waiting import ticking
from llm_core.workbench import tables
from llm_core.workbench.analyses import LIMIT_S, SUBJECT, Analyses, Source

WORKS_MAX: Final = 64  # visitors whose last texts and tables are kept in memory
WHOLE_CHARS: Final = 600  # a text as long as an example is judged in one piece
STRETCHES: Final = 6  # of a longer one, by a visitor's own labels
ROW_CHARS_MAX: Final = 2000  # of a row; own labels read no further

Kind: TypeAlias = Literal["text", "graph", "rows", "labels"]


@dataclass(frozen=True, slots=True)
class Told:
    """What a visitor's own labels say of a text: the set, and the probability of each label, likeliest first."""

    name: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted for each row of a table."""

    column: str
    what: tuple[str, ...] = ()  # parts of `tasks.rows.ROW_PARTS`
    own: tuple[str, ...] = ()  # sets that the visitor taught


@dataclass(slots=True)
class Work:
    """What a visitor is having analyzed, and the job that does it."""

    kind: Kind
    job: Job
    source: Source | None = None  # of a text; None while a file is being read
    asked: Asked | None = None  # of a table
    name: str = ""  # of the set that is learned


@dataclass(slots=True)
class _Place:
    """A visitor's works, and the table that is open."""

    works: dict[Kind, Work] = field(default_factory=dict)
    table: tuple[str, tables.Table] | None = None
    touched: float = field(default_factory=time.monotonic)


class AnalysisDesk:
    """Analyses of visitors of the page.

    Args:
        analyses: what does the work.
        jobs: where it runs.
        settings: limits.
    """

    def __init__(self, analyses: Analyses, jobs: Jobs, settings: Settings) -> None:
        self._analyses = analyses
        self._jobs = jobs
        self._settings = settings
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()

    # ---------------------------------------------------------------- texts

    def start_text(self, owner: str, source: Source) -> Job:
        """Everything about a text: `Analyses.analyze`, and Item(Told) for each set of labels that the visitor taught.

        Raises:
            UserError: as `Analyses.analyze`.
        """
        return self._run(owner, "text", self._text(owner, source), source=source)

    def start_file(self, owner: str, path: Path, name: str) -> Job:
        """The same for a file, which is read first: its `Document` comes as the first Item."""
        return self._run(owner, "text", self._file(owner, path, name))

    def start_graph(self, owner: str, model: str | None = None) -> Job:
        """Relations of open kinds over the last text, by the language model; `Done` holds the `Graph`.

        Raises:
            UserError: `text_empty` where there is no text any more.
        """
        work = self.last(owner, "text")
        source = (work.source if work else None) or ""
        events = self._analyses.graph(source, written=True, model=model, visitor=owner)
        return self._run(owner, "graph", events)

    def _text(self, owner: str, source: Source) -> Events:
        events = self._analyses.analyze(source)  # what is wrong with the text is said at once
        text = source if isinstance(source, str) else source.text
        return self._with_own(owner, text, events)

    def _with_own(self, owner: str, text: str, events: Events) -> Events:
        done = yield from _done(events)
        for name in self._analyses.own_labels(owner):
            scores = yield from ticking(lambda name=name: self._own_scores(owner, name, text), "opening")  # type: ignore[misc]
            yield Item(Told(name, scores))
        yield done

    def _own_scores(self, owner: str, name: str, text: str) -> dict[str, float]:
        found = self._analyses.classify(owner, name, list(_stretches(text)))
        means = {label: sum(one.scores[label] for one in found) / len(found) for label in found[0].scores}
        return dict(sorted(means.items(), key=lambda pair: -pair[1]))

    def _file(self, owner: str, path: Path, name: str) -> Events:
        done = yield from _done(guard.read(path, name, self._settings))
        document: Document = done.result
        with self._lock:
            if (place := self._places.get(owner)) and (work := place.works.get("text")):
                work.source = document
        yield Item(document)
        yield from self._text(owner, document)

    # ---------------------------------------------------------------- tables

    def open_table(self, owner: str, path: Path, name: str) -> tables.Table:
        """Read a table and keep it open for the visitor.

        Raises:
            UserError: those of `tables.read`, `column_unknown` where it has no columns.
        """
        table = tables.read(path, self._settings.analysis_rows_max)
        table.texts(None)
        self.stop(owner)
        with self._lock:
            place = self._place(owner)
            place.table = name, table
            place.works.pop("rows", None)
        return table

    def table(self, owner: str) -> tuple[str, tables.Table] | None:
        """The name and the rows of the table that is open."""
        with self._lock:
            place = self._places.get(owner)
            return place.table if place else None

    def start_rows(self, owner: str, asked: Asked) -> Job:
        """Analyze the rows of the open table; `Done` holds the `tables.Table` with columns added.

        Raises:
            UserError: `table_gone`, `column_unknown`, `nothing_asked`, what is wrong with a part.
        """
        opened = self.table(owner)
        if opened is None:
            raise UserError("table_gone")
        texts = opened[1].texts(asked.column)
        if not asked.what and not asked.own:
            raise UserError("nothing_asked")
        options = AnalysisOptions.of({"what": asked.what})
        return self._run(owner, "rows", self._rows(owner, opened[1], texts, asked, options), asked=asked)

    def _rows(
        self, owner: str, table: tables.Table, texts: Sequence[str], asked: Asked, options: AnalysisOptions
    ) -> Events:
        made: list[Cells] = []
        for start in range(0, len(texts), row_task.AT_ONCE):
            yield Progress("analyzing_rows", start, len(texts), "rows")
            some = texts[start : start + row_task.AT_ONCE]
            cells: list[Cells] = [{} for _ in some]
            if asked.what:
                done = yield from _done(row_task.analyze_rows(some, options, self._analyses.tools), quietly=True)
                cells = done.result
            for name in asked.own:
                yield from ticking(lambda c=cells, s=some, n=name: self._label(owner, n, s, c), "opening")  # type: ignore[misc]
            made += cells
            yield Item(cells)
        yield Done(self._filled(table, asked, made))

    def _label(self, owner: str, name: str, texts: Sequence[str], cells: list[Cells]) -> None:
        found = self._analyses.classify(owner, name, [text[:ROW_CHARS_MAX] for text in texts])
        for one, row in zip(found, cells, strict=True):
            row |= {name: one.label, f"{name}_score": round(one.score, 4)}

    def _filled(self, table: tables.Table, asked: Asked, made: Sequence[Cells]) -> tables.Table:
        """The rows that were made so far, with the columns that were asked for."""
        options = AnalysisOptions.of({"what": asked.what})
        columns = row_task.columns(options, self._analyses.tools) if asked.what else []
        columns += [column for name in asked.own for column in (name, f"{name}_score")]
        return tables.Table(table.columns, table.rows[: len(made)]).with_columns(columns, made)

    def result_table(self, owner: str) -> tables.Table | None:
        """The rows with their columns, as far as they have come."""
        work, opened = self.last(owner, "rows"), self.table(owner)
        if work is None or opened is None or work.asked is None:
            return None
        made = [row for event in said(work.job) if isinstance(event, Item) for row in event.value]
        return self._filled(opened[1], work.asked, made)

    # ---------------------------------------------------------------- own labels

    def start_learning(self, owner: str, name: str, examples: Sequence[tuple[str, str]]) -> Job:
        """`Analyses.learn` in a job; `Done` holds the `OwnLabels`.

        Raises:
            UserError: as `Analyses.learn`.
        """
        return self._run(owner, "labels", self._analyses.learn(owner, name, examples), name=name)

    # ---------------------------------------------------------------- what is there

    def last(self, owner: str, kind: Kind) -> Work | None:
        """What the visitor last had done of a kind, ended or under way."""
        with self._lock:
            self._sweep()
            place = self._places.get(owner)
            return place.works.get(kind) if place else None

    def running(self, owner: str) -> Work | None:
        """What is under way for the visitor."""
        with self._lock:
            place = self._places.get(owner)
            return next((work for work in place.works.values() if not work.job.done), None) if place else None

    def let_go(self, owner: str, kind: Kind) -> None:
        """Stop it, and forget what it found."""
        work = self.last(owner, kind)
        if work is not None:
            work.job.stop()
        with self._lock:
            if place := self._places.get(owner):
                for gone in (kind, "graph") if kind == "text" else (kind,):
                    place.works.pop(gone, None)

    def stop(self, owner: str) -> None:
        """Stop what is under way; what was found stays."""
        self._jobs.stop(owner, SUBJECT)

    def forget(self, owner: str) -> None:
        """Stop it, and let texts and tables go."""
        self.stop(owner)
        with self._lock:
            self._places.pop(owner, None)

    def _run(self, owner: str, kind: Kind, events: Events, **facts: Any) -> Job:
        self._jobs.stop(owner, SUBJECT, wait_s=1)
        job = self._jobs.start(events, owner=owner, subject=SUBJECT, unwatched_s=LIMIT_S, limit_s=LIMIT_S)
        with self._lock:
            self._sweep()
            works = self._place(owner).works
            if kind == "text":
                works.pop("graph", None)  # it was of the text before
            works[kind] = Work(kind, job, **facts)
        return job

    def _place(self, owner: str) -> _Place:
        place = self._places.setdefault(owner, _Place())
        place.touched = time.monotonic()
        return place

    def _sweep(self) -> None:
        """Old places go, the oldest first."""
        now = time.monotonic()
        idle = [
            owner
            for owner, place in sorted(self._places.items(), key=lambda pair: pair[1].touched)
            if all(work.job.done for work in place.works.values())
        ]
        crowd = len(self._places) - WORKS_MAX
        for number, owner in enumerate(idle):
            ended = [work.job.ended_at for work in self._places[owner].works.values()]
            if number < crowd or now - max(self._places[owner].touched, *ended, 0.0) > self._settings.jobs_kept_s:
                del self._places[owner]


def said(job: Job) -> Iterator[Event]:
    """The events of a job so far, without waiting for more."""
    with contextlib.suppress(UserError), contextlib.closing(job.watch()) as events:
        for _, event in events:
            if isinstance(event, Tick):
                return
            yield event


def _done(events: Events, *, quietly: bool = False) -> Generating[Event, None, Done[Any]]:
    """Pass on what a part of the work says, where it is `quietly` only its signs of life, and return its end."""
    with contextlib.closing(events):
        for event in events:
            if isinstance(event, Done):
                return event
            yield Tick() if quietly else event
    raise AssertionError("a task without an end")


def _stretches(text: str) -> Iterator[str]:
    """The text, or stretches of it spread evenly."""
    if len(text) <= WHOLE_CHARS:
        yield text
        return
    step = (len(text) - WHOLE_CHARS) / (STRETCHES - 1)
    for start in dict.fromkeys(round(number * step) for number in range(STRETCHES)):
        yield text[start : start + WHOLE_CHARS]
