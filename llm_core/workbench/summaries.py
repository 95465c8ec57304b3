"""Summaries: of a text that a caller holds, or of a visitor's text in a job that survives a reload of the page."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator as Generating
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_core.documents import guard
from llm_core.documents.document import Document
from llm_core.documents.languages import is_foreign
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Notice
from llm_core.jobs import Job, Jobs
from llm_core.settings import Settings
from llm_core.tasks.summarize import Writer, rewritten, summarize
from llm_core.tasks.summary import SummaryOptions
from llm_core.workbench.models import Models
from llm_core.workbench.replies import check_text

SUBJECT = "summary"  # of jobs: a visitor has one summary under way
LIMIT_S = 3600.0
WORKS_MAX = 64  # visitors whose last text is kept in memory


@dataclass(slots=True)
class Work:
    """What a visitor is having summarized, and the job that does it."""

    source: str | Document | None  # None while a file is being read
    options: SummaryOptions
    job: Job
    started: float = field(default_factory=time.monotonic)

    @property
    def text(self) -> str:
        """The text itself, as far as it has been read."""
        return self.source.text if isinstance(self.source, Document) else self.source or ""


class Summaries:
    """What can be summarized.

    Args:
        models: where the language model comes from.
        jobs: where the page's summaries run.
        settings: limits.
    """

    def __init__(self, models: Models, jobs: Jobs, settings: Settings) -> None:
        self._models = models
        self._jobs = jobs
        self._settings = settings
        self._works: dict[str, Work] = {}
        self._lock = threading.Lock()

    def events(self, source: str | Document, options: Mapping[str, Any], *, visitor: str = "") -> Events:
        """Summarize a text; see `tasks.summarize` for the events.

        Args:
            source: a text, or a document that was read.
            options: fields of `tasks.summary.SummaryOptions`.
            visitor: for the waiting line.

        Raises:
            UserError: `text_empty`, `text_too_long`, `text_unusable`, what is wrong with an option, those of the
                model.
        """
        return self._events(source, self.checked(source, options), visitor)

    def checked(self, source: str | Document, options: Mapping[str, Any]) -> SummaryOptions:
        """The options, where they and the text will do.

        Raises:
            UserError: as `events`, without those of the model.
        """
        text = source if isinstance(source, str) else source.text
        checked = SummaryOptions.of(options)
        if not text.strip():
            raise UserError("text_empty")
        check_text(text, self._settings.document_chars_max)
        return checked

    def start(self, owner: str, source: str | Document, options: Mapping[str, Any]) -> Job:
        """Summarize for a visitor of the page, in place of what was under way for them.

        It goes on to its end when nobody watches: a file's summary is worth more than the seconds it takes.

        Raises:
            UserError: as `checked`.
        """
        checked = self.checked(source, options)
        return self._run(owner, source, checked, self._events(source, checked, owner))

    def start_file(self, owner: str, path: Path, name: str, options: Mapping[str, Any]) -> Job:
        """The same for a file, which is read first.

        Args:
            owner: the visitor.
            path: where the file is; it is only read.
            name: as the person knows it.
            options: fields of `SummaryOptions`.

        Raises:
            UserError: what is wrong with an option; what is wrong with the file ends the job.
        """
        checked = SummaryOptions.of(options)
        return self._run(owner, None, checked, self._of_file(owner, path, name, checked))

    def again(self, owner: str, options: Mapping[str, Any]) -> Job | None:
        """The last text once more with other options; None where there is none any more."""
        work = self.last(owner)
        return self.start(owner, work.source, options) if work and work.source is not None else None

    def _run(self, owner: str, source: str | Document | None, options: SummaryOptions, events: Events) -> Job:
        self._jobs.stop(owner, SUBJECT, wait_s=1)
        job = self._jobs.start(events, owner=owner, subject=SUBJECT, unwatched_s=LIMIT_S, limit_s=LIMIT_S)
        with self._lock:
            self._forget()
            self._works[owner] = Work(source, options, job)
        return job

    def _of_file(self, owner: str, path: Path, name: str, options: SummaryOptions) -> Events:
        document: Document | None = None
        with contextlib.closing(guard.read(path, name, self._settings)) as events:
            for event in events:
                if isinstance(event, Done):
                    document = event.result
                else:
                    yield event
        assert document is not None
        self.checked(document, options.model_dump())
        with self._lock:
            if owner in self._works:
                self._works[owner].source = document
        yield Item(document)
        yield from self._events(document, options, owner)

    def last(self, owner: str) -> Work | None:
        """What the visitor last had summarized, done or under way, for as long as jobs are kept."""
        with self._lock:
            self._forget()
            return self._works.get(owner)

    def forget(self, owner: str) -> None:
        """Stop it, and let its text go."""
        self.stop(owner)
        with self._lock:
            self._works.pop(owner, None)

    def stop(self, owner: str) -> None:
        """Stop it; the key sentences and the parts that are whole stay."""
        self._jobs.stop(owner, SUBJECT)

    def _forget(self) -> None:
        """Old works go, the oldest first."""
        now = time.monotonic()
        for owner, work in list(self._works.items()):
            if work.job.done and now - work.job.ended_at > self._settings.jobs_kept_s:
                del self._works[owner]
        for owner in sorted(self._works, key=lambda one: self._works[one].started)[:-WORKS_MAX]:
            if self._works[owner].job.done:
                del self._works[owner]

    def _events(self, source: str | Document, options: SummaryOptions, visitor: str) -> Events:
        if isinstance(source, str) and is_foreign(source):
            yield Notice("text_language")
        if options.method == "key":
            yield from summarize(source, options)
        else:
            yield from rewritten(source, options, lambda: self.ready(options.model), visitor=visitor)

    def ready(self, model: str | None = None) -> Generating[Event, None, Writer]:
        """Wait until the language model is here, and return it with its size."""
        entry, generator = yield from self._models.ready("chat", model)
        yield Notice("model", {"id": entry.id, "title": entry.title})
        return Writer(generator, entry.parameters)
