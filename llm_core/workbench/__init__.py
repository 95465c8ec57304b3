"""The workbench: wires the parts once. The only object that a face holds."""

from __future__ import annotations

import functools
import logging
import logging.handlers
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llm_core.engines.base import Encoder, Message, Sampling
from llm_core.engines.pool import Pool
from llm_core.events import Events
from llm_core.jobs import Jobs
from llm_core.settings import Settings
from llm_core.tasks.options import ChatOptions
from llm_core.workbench.chats import Chats
from llm_core.workbench.models import Models
from llm_core.workbench.replies import Replies

if TYPE_CHECKING:
    from llm_core.documents.document import Document
    from llm_core.store.sealed import Seals
    from llm_core.workbench.analyses import Analyses
    from llm_core.workbench.analysis_desk import AnalysisDesk
    from llm_core.workbench.attachments import Attachments
    from llm_core.workbench.classifying import Classifying
    from llm_core.workbench.disk import Disk
    from llm_core.workbench.exports import Exports
    from llm_core.workbench.insights import Insights
    from llm_core.workbench.intake import Intake
    from llm_core.workbench.libraries import Desk, Shelf
    from llm_core.workbench.measuring import Measuring
    from llm_core.workbench.mine import Mine
    from llm_core.workbench.races import Races
    from llm_core.workbench.runs import Runs
    from llm_core.workbench.summaries import Summaries
    from llm_core.workbench.translations import Translations
    from llm_core.workbench.trying import Trying

LOG_BYTES_MAX = 2_000_000


class Workbench:
    """Models, conversations, and what can be done with them.

    Args:
        settings: read from the environment where none are given.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.jobs = Jobs(self.settings.jobs_kept_s, self.settings.jobs_per_address_max)
        self._pool = Pool(self.settings)
        self.models = Models(self.settings, self._pool, self.jobs)
        self._replies = Replies(self.models, self.settings)

    @functools.cached_property
    def chats(self) -> Chats:
        """The visitors' conversations; the database is opened when they are first asked for."""
        from llm_core.store import conversations
        from llm_core.store.database import Database

        self._database = Database(self.settings.paths.conversations, conversations.SCHEMA, version=1)
        store = conversations.Conversations(
            self._database,
            self.seals,
            conversations_max=self.settings.conversations_max,
            messages_max=self.settings.messages_max,
        )
        return Chats(store, self._replies, self.attachments, self.jobs, self.settings, self.disk.check)

    @functools.cached_property
    def attachments(self) -> Attachments:
        """The documents of visitors' conversations; nothing is opened before it is needed."""
        from llm_core.workbench.attachments import Attachments

        return Attachments(self._intake, self.jobs, self.settings)

    @functools.cached_property
    def libraries(self) -> Desk:
        """The visitors' documents; nothing is opened before it is needed."""
        from llm_core.workbench.libraries import Desk

        return Desk(self._intake, self.models, lambda: self.analyses.tools, self.jobs, self.settings)

    @functools.cached_property
    def _intake(self) -> Intake:
        from llm_core.workbench.library_parts import intake

        opened = intake(self.encoder, self.seals, self.settings, self.disk.check)
        self.seals.on_lock.append(lambda owner: opened.let_go())
        return opened

    @functools.cached_property
    def disk(self) -> Disk:
        """What the visitors of one network address may keep."""
        from llm_core.workbench.disk import Disk

        def used(owner: str) -> int:
            kept = self.chats.kept_bytes(owner) + self.libraries.kept_bytes(owner) + self.runs.kept_bytes(owner)
            return kept + self.translations.kept_bytes(owner) + self.analyses.own_labels_bytes(owner)

        return Disk(lambda: self.jobs.address(), used, self.settings.disk_per_address_bytes_max)

    @functools.cached_property
    def seals(self) -> Seals:
        """Which visitors keep things under a passphrase, and whose was entered."""
        from llm_core.store.sealed import Seals

        return Seals(self.settings.paths.seals, self.settings.sealed_idle_s)

    @functools.cached_property
    def mine(self) -> Mine:
        """Everything of one visitor: counted, deleted, kept under a passphrase."""
        from llm_core.workbench.mine import Mine

        return Mine(self)

    @functools.cached_property
    def encoder(self) -> Encoder:
        """Turns texts into vectors; the bundled model is opened with the first text."""
        from llm_core.workbench.library_parts import encoder

        return encoder(self.settings)

    @functools.cached_property
    def summaries(self) -> Summaries:
        """Summaries, also of visitors."""
        from llm_core.workbench.summaries import Summaries

        return Summaries(self.models, self.jobs, self.settings)

    def summarize(self, source: str | Document, *, visitor: str = "", **options: Any) -> Events:
        """Summarize a text or a document: key sentences at once, or rewritten by the language model.

        Args:
            source: what to summarize.
            visitor: who asks; the waiting line takes turns between visitors.
            options: fields of `tasks.summary.SummaryOptions`.

        Yields:
            The events of `tasks.summarize`; `Done` holds a `tasks.summary.Summary`.
        """
        return self.summaries.events(source, options, visitor=visitor)

    @functools.cached_property
    def translations(self) -> Translations:
        """Translations, also of visitors."""
        from llm_core.workbench.translations import Translations

        return Translations(self.models, lambda: self.encoder, self.jobs, self.settings, self.disk.check)

    def translate(self, source: str | Document, *, visitor: str = "", **options: Any) -> Events:
        """Translate a text or a document between Chinese and English, sentence by sentence.

        Args:
            source: what to translate.
            visitor: who asks; the waiting line takes turns between visitors.
            options: fields of `tasks.translation.TranslationOptions`.

        Yields:
            The events of `tasks.translate`; `Done` holds a `tasks.translation.Translation`.
        """
        return self.translations.events(source, options, visitor=visitor)

    @functools.cached_property
    def runs(self) -> Runs:
        """Training runs of visitors and of the command line."""
        from llm_core.workbench.runs import Runs

        return Runs(self.settings, lambda: self.jobs.address(), self.disk.check)

    @functools.cached_property
    def races(self) -> Races:
        """Families that train against one another."""
        from llm_core.workbench.races import Races

        return Races(self.runs)

    @functools.cached_property
    def classifying(self) -> Classifying:
        """Labels for texts, by classifiers that were trained here; nothing is opened before it is needed."""
        from llm_core.workbench.classifying import Classifying

        return Classifying(self.settings)

    @functools.cached_property
    def trying(self) -> Trying:
        """Runs that learned to understand texts, on other texts; nothing is opened before it is needed."""
        from llm_core.workbench.trying import Trying

        return Trying(self.settings)

    @functools.cached_property
    def analyses(self) -> Analyses:
        """Texts taken to pieces, knowledge graphs, answers word for word, own labels."""
        from llm_core.workbench.analyses import Analyses

        return Analyses(self.models, lambda: self.encoder, self.jobs, self.settings, self.disk.check)

    @functools.cached_property
    def analysis_desk(self) -> AnalysisDesk:
        """Analyses of visitors of the page, which survive a reload."""
        from llm_core.workbench.analysis_desk import AnalysisDesk

        return AnalysisDesk(self.analyses, self.jobs, self.settings)

    @functools.cached_property
    def insights(self) -> Insights:
        """Looking inside models."""
        from llm_core.workbench.insights import Insights

        return Insights(self.models, lambda: self.runs, self.jobs, self.settings)

    @functools.cached_property
    def exports(self) -> Exports:
        """Models taken elsewhere."""
        from llm_core.workbench.exports import Exports

        return Exports(self.settings)

    @functools.cached_property
    def measuring(self) -> Measuring:
        """Models measured on held-out text."""
        from llm_core.workbench.measuring import Measuring

        return Measuring(self.models, self.settings)

    def chat(
        self, messages: Sequence[Message], *, visitor: str = "", shelf: Shelf | None = None, **options: Any
    ) -> Events:
        """Answer the last message of a conversation that the caller keeps itself.

        Args:
            messages: the turns so far; without a system message the role's prompt is taken.
            visitor: who asks; the waiting line takes turns between visitors.
            shelf: documents; what they say about the last message is put before it (`Desk.shelf`).
            options: fields of `tasks.options.ChatOptions`.

        Yields:
            The events of a reply; `Done` holds a `tasks.chat.Reply`.
        """
        dials = ChatOptions.of(options)
        consult = shelf.consult if shelf and shelf.documents else None
        if dials.documents and not consult:
            consult = functools.partial(self.attachments.consult, visitor, None, library=True)
        return self._replies.events(messages, dials, visitor=visitor, consult=consult)

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, *, model: str | None = None, visitor: str = ""
    ) -> Events:
        """Answer messages as they are: no role, no system prompt, nothing left out. For the OpenAI protocol.

        Args:
            messages: the turns, in the caller's words alone.
            sampling: every dial of the engine.
            model: an id, the beginning of one, or "chat"; never a path.
            visitor: who asks; the waiting line takes turns between visitors.

        Yields:
            The events of a reply; `Done` holds a `tasks.chat.Reply`.
        """
        return self._replies.completion(messages, sampling, model=model, visitor=visitor)

    def close(self) -> None:
        """End everything that runs: jobs first, then engines, then the database."""
        self.jobs.close()
        self._pool.close()
        if "chats" in self.__dict__:
            self._database.close()
        if "_intake" in self.__dict__:
            self._intake.close()
        if "encoder" in self.__dict__:
            self.encoder.close()
        if "trying" in self.__dict__:
            self.trying.close()
        if "analyses" in self.__dict__:
            self.analyses.close()
        if "insights" in self.__dict__:
            self.insights.close()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def log_to_file(settings: Settings) -> None:
    """Keep what goes wrong, with tracebacks, in a file of bounded size under the home folder. For servers."""
    settings.home.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        settings.paths.log, maxBytes=LOG_BYTES_MAX, backupCount=1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("llm_core").addHandler(handler)
