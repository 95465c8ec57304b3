"""Libraries of visitors: adding documents is a job, asking is a job, and files can be asked without a library.

What a visitor adds, asks or deletes goes through here. `owner` is the visitor's token everywhere.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from llm_core.documents.document import Document
from llm_core.engines.base import Message
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item
from llm_core.jobs import Job, Jobs
from llm_core.settings import Settings
from llm_core.store.libraries import Entry
from llm_core.store.passages import Passages
from llm_core.store.tantivy_passages import TantivyPassages
from llm_core.tasks import answer
from llm_core.tasks.attached import Source
from llm_core.tasks.tools import Tools
from llm_core.workbench import answers
from llm_core.workbench.attachments import told
from llm_core.workbench.intake import Files, Intake
from llm_core.workbench.models import Models
from llm_core.workbench.replies import check_text

ADDING, ASKING = "documents", "question"  # subjects of jobs
ANSWER_LIMIT_S = 600.0
ANSWERS_SHOWN = 30


class Desk:
    """What can be done with documents.

    Args:
        intake: how they come into a library, and where they are kept.
        models: where the language model comes from.
        tools: where the reader is; asked for with the first question.
        jobs: where adding and asking run.
        settings: limits.
    """

    def __init__(
        self, intake: Intake, models: Models, tools: Callable[[], Tools], jobs: Jobs, settings: Settings
    ) -> None:
        self._intake = intake
        self._models = models
        self._tools = tools
        self._jobs = jobs
        self._settings = settings

    # ---------------------------------------------------------------- documents

    def documents(self, owner: str) -> list[Entry]:
        """What the visitor's library holds, in the order in which it was added."""
        return self._intake.store.documents(owner, self._library(owner))

    def add(self, owner: str, files: Files, *, done: Callable[[Path], object] = lambda path: None) -> Job:
        """Read files into the library, in a job that goes on when nobody watches.

        Args:
            owner: the visitor.
            files: their places on this disk and their names. A file that cannot be read costs a Notice.
            done: called with each file's place when it is no longer needed, however the reading ended.

        Raises:
            UserError: `library_busy`, while other files are being added; `address_disk`.
        """
        if self.adding(owner):
            raise UserError("library_busy")
        self._intake.check_room(owner, files)
        return self._jobs.start(
            self._intake.added(owner, self._library(owner), files, done),
            owner=owner,
            subject=ADDING,
            unwatched_s=float("inf"),
            limit_s=self._settings.library_add_s,
        )

    def adding(self, owner: str) -> Job | None:
        """The job that adds files right now."""
        return self._jobs.running(owner, ADDING)

    def added(self, owner: str) -> Job | None:
        """The job that adds files, or the last that did: its failures are told though it was quick."""
        return self._jobs.latest(owner, ADDING)

    def stop_adding(self, owner: str) -> None:
        """Stop reading files; those that were read stay."""
        self._jobs.stop(owner, ADDING)

    def open(self, owner: str, document: str) -> Document:
        """A document as it was read, to be looked at.

        Raises:
            UserError: `library_document_unknown`.
        """
        return self._intake.store.document(owner, self._library(owner), document)

    def delete(self, owner: str, document: str) -> None:
        """Delete a document, its text and its passages, from the disk too."""
        self._intake.delete(owner, self._library(owner), document)

    def count(self, owner: str) -> int:
        """How many documents there are in all libraries, those of conversations too."""
        return self._intake.store.count(owner)

    def kept_bytes(self, owner: str) -> int:
        """What they take on the disk."""
        return self._intake.store.kept_bytes(owner)

    def delete_everything(self, owner: str) -> None:
        """Delete all libraries, those of conversations too; jobs of the owner were stopped."""
        self._intake.let_go()
        self._intake.store.delete_all(owner)

    def rewrite(self, owner: str) -> None:
        """Keep everything as it is to be kept now, sealed or plainly; see `Mine`."""
        self._intake.let_go()
        self._intake.store.rewrite(owner)

    # ---------------------------------------------------------------- questions

    def ask(self, owner: str, question: str, model: str | None = None) -> Job:
        """Answer a question from the library's documents, and keep the answer.

        The events are those of `tasks.answer.answer`, with `answers.Piece` and `answers.Record` as values.

        Raises:
            UserError: `text_empty`, `text_too_long`, `text_unusable`, `library_empty`, `model_unknown`.
        """
        self._check(question)
        if not self.documents(owner):
            raise UserError("library_empty")
        self._jobs.stop(owner, ASKING, wait_s=1)
        return self._jobs.start(
            self._asked(owner, question, model),
            owner=owner,
            subject=ASKING,
            unwatched_s=self._settings.reply_unwatched_s,
            limit_s=ANSWER_LIMIT_S,
        )

    def answers(self, owner: str, limit: int = ANSWERS_SHOWN) -> list[tuple[str, answers.Record]]:
        """The latest answers, the newest first, each with its id."""
        kept = self._intake.store.answers(owner, self._library(owner), limit)
        return [(name, cast(answers.Record, record)) for name, record in kept]

    def delete_answer(self, owner: str, name: str) -> None:
        """Delete one answer."""
        self._intake.store.delete_answer(owner, self._library(owner), name)

    def asking(self, owner: str) -> Job | None:
        """The answer that is being made right now."""
        return self._jobs.running(owner, ASKING)

    def stop(self, owner: str) -> None:
        """Stop the answer under way."""
        self._jobs.stop(owner, ASKING)

    def measured(self, folder: Path, *, written: bool, model: str | None = None, limit: int | None = None) -> Events:
        """How answers do on development sets; see `evaluation.answer_sets`.

        Args:
            folder: with the sets; never from a visitor.
            written: whether a language model puts the answers in words.
            model: which one.
            limit: questions of a kind in a set.
        """
        from llm_core.evaluation import answer_sets

        writer = self._writer(model, "") if written else None
        return answer_sets.evaluate(folder, self._intake.encoder, writer, self._tools(), limit=limit)

    @contextmanager
    def shelf(self) -> Iterator[Shelf]:
        """An own, passing library for a program: nothing of it stays."""
        with tempfile.TemporaryDirectory(prefix="llm-workbench-", ignore_cleanup_errors=True) as folder:
            shelf = Shelf(self, TantivyPassages(Path(folder)))
            try:
                yield shelf
            finally:
                shelf.passages.close()

    # ---------------------------------------------------------------- inside

    def _check(self, question: str) -> None:
        if not question.strip():
            raise UserError("text_empty")
        check_text(question, self._settings.question_chars_max)

    def _library(self, owner: str) -> str:
        return self._intake.store.first(owner).id

    def _asked(self, owner: str, question: str, model: str | None) -> Events:
        library = self._library(owner)
        yield from self._intake.mended(owner, library)
        document_of = functools.partial(self._intake.document, owner, library)
        store = self._intake.store.passages(owner, library)
        for event in self._answered(question, store, lambda name: document_of(name).text, self._writer(model, owner)):
            if isinstance(event, Item):
                event = Item(answers.piece(event.value, document_of(event.value.found.document)))
            elif isinstance(event, Done):
                event = Done(answers.record(question, event.result, document_of))
                quoted = [one["id"] for one in event.result["evidence"]]
                self._intake.store.add_answer(owner, library, event.result, quoted)
            yield event

    def _answered(
        self, question: str, store: Passages, text_of: Callable[[str], str], writer: answer.Writer | None
    ) -> Events:
        return answer.answer(question, store, text_of, self._intake.encoder, writer, self._tools())

    def _writer(self, model: str | None, visitor: str) -> answer.Writer | None:
        """The model that chats, where one is here; nobody waits for a fetch to get a sentence out of a document."""
        entry = self._models.choice("chat", model).entry
        if entry.path is None:
            return None
        return answer.Writer(self._models.engine(entry), entry.parameters, visitor)


class Shelf:
    """Documents of one program, asked and then forgotten."""

    def __init__(self, desk: Desk, store: Passages) -> None:
        self.passages = store
        self.documents: dict[str, Document] = {}
        self._desk = desk
        self._intake = desk._intake

    def add(self, path: Path, name: str) -> Events:
        """Read one file; `Done` holds its document.

        Raises:
            UserError: whatever is wrong with the file.
        """
        document = yield from self._intake.read(path, name)
        identity = str(len(self.documents))
        yield from self._intake.indexed(self.passages, identity, document)
        self.documents[identity] = document
        yield Done(document)

    def ask(self, question: str, *, written: bool = True, model: str | None = None, visitor: str = "") -> Events:
        """Answer a question; see `tasks.answer.answer`.

        Args:
            question: in either language.
            written: whether a language model, where one is here, puts the answer in words.
            model: which one.
            visitor: who asks.
        """
        self._desk._check(question)
        writer = self._desk._writer(model, visitor) if written else None
        return self._desk._answered(question, self.passages, lambda name: self.documents[name].text, writer)

    def consult(self, messages: Sequence[Message]) -> Generator[Event, None, Sequence[Message]]:
        """Put what the documents say about the last message before it; see `attachments.told`."""
        names = {identity: document.name for identity, document in self.documents.items()}
        source = Source(self.passages, names, self.documents.__getitem__, attached=True)
        return (yield from told(messages, [source], self._intake.encoder, self._desk._settings))
