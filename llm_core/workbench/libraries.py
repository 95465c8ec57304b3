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

from llm_core.documents import guard
from llm_core.documents.document import Document
from llm_core.engines.base import Encoder, Message
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Notice
from llm_core.jobs import Job, Jobs
from llm_core.settings import Settings
from llm_core.store.libraries import Entry, Libraries
from llm_core.store.passages import Passages
from llm_core.store.tantivy_passages import TantivyPassages
from llm_core.tasks import answer, attached, passages
from llm_core.tasks.indexing import vectors
from llm_core.workbench import answers
from llm_core.workbench.models import Models
from llm_core.workbench.replies import check_text

ADDING, ASKING = "documents", "question"  # subjects of jobs
ANSWER_LIMIT_S = 600.0
ANSWERS_SHOWN = 30
DOCUMENTS_KEPT = 32  # in memory, of those that were asked last

Files = Sequence[tuple[Path, str]]  # where a file is, and what the person calls it


class Desk:
    """What can be done with documents.

    Args:
        store: where they are kept.
        encoder: makes their vectors.
        models: where the language model comes from.
        jobs: where adding and asking run.
        settings: limits.
    """

    def __init__(
        self, store: Callable[[], Libraries], encoder: Encoder, models: Models, jobs: Jobs, settings: Settings
    ) -> None:
        self._open_store = store
        self._encoder = encoder
        self._models = models
        self._jobs = jobs
        self._settings = settings
        self._document = functools.lru_cache(DOCUMENTS_KEPT)(self._read_document)

    @functools.cached_property
    def _store(self) -> Libraries:
        return self._open_store()

    # ---------------------------------------------------------------- documents

    def documents(self, owner: str) -> list[Entry]:
        """What the visitor's library holds, in the order in which it was added."""
        return self._store.documents(owner, self._library(owner))

    def add(self, owner: str, files: Files, *, done: Callable[[Path], object] = lambda path: None) -> Job:
        """Read files into the library, in a job that goes on when nobody watches.

        Args:
            owner: the visitor.
            files: their places on this disk and their names. A file that cannot be read costs a Notice.
            done: called with each file's place when it is no longer needed, however the reading ended.

        Raises:
            UserError: `library_busy`, while other files are being added.
        """
        if self.adding(owner):
            raise UserError("library_busy")
        return self._jobs.start(
            self._added(owner, files, done),
            owner=owner,
            subject=ADDING,
            unwatched_s=float("inf"),
            limit_s=self._settings.library_add_s,
        )

    def adding(self, owner: str) -> Job | None:
        """The job that adds files right now."""
        return self._jobs.running(owner, ADDING)

    def stop_adding(self, owner: str) -> None:
        """Stop reading files; those that were read stay."""
        self._jobs.stop(owner, ADDING)

    def open(self, owner: str, document: str) -> Document:
        """A document as it was read, to be looked at.

        Raises:
            UserError: `library_document_unknown`.
        """
        return self._store.document(owner, self._library(owner), document)

    def delete(self, owner: str, document: str) -> None:
        """Delete a document, its text and its passages, from the disk too."""
        self._document.cache_clear()
        self._store.delete_document(owner, self._library(owner), document)

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
        kept = self._store.answers(owner, self._library(owner), limit)
        return [(name, cast(answers.Record, record)) for name, record in kept]

    def delete_answer(self, owner: str, name: str) -> None:
        """Delete one answer."""
        self._store.delete_answer(owner, self._library(owner), name)

    def asking(self, owner: str) -> Job | None:
        """The answer that is being made right now."""
        return self._jobs.running(owner, ASKING)

    def stop(self, owner: str) -> None:
        """Stop the answer under way."""
        self._jobs.stop(owner, ASKING)

    def consult(self, messages: Sequence[Message], owner: str) -> Generator[Event, None, Sequence[Message]]:
        """Put what the visitor's documents say about the last message before it.

        Yields:
            Progress("searching"), Notice("consulted") with the names of the documents, or ("consulted_none").
        """
        library = self._library(owner)
        names = {entry.id: entry.name for entry in self._store.documents(owner, library)}
        if not names:
            yield Notice("consulted_none")
            return messages
        store = self._store.passages(owner, library)
        text_of = functools.partial(self._text_of, owner, library)
        asked = messages[-1].content[: self._settings.question_chars_max]
        evidence = yield from answer.look(asked, store, text_of, self._encoder)
        told, used = attached.with_passages(messages, evidence, text_of)
        known = [names[name] for name in used if name in names]
        yield Notice("consulted", {"names": ", ".join(known)}) if known else Notice("consulted_none")
        return told

    @contextmanager
    def shelf(self) -> Iterator[Shelf]:
        """An own, passing library for a program: nothing of it stays."""
        with tempfile.TemporaryDirectory(prefix="llm-workbench-", ignore_cleanup_errors=True) as folder:
            shelf = Shelf(self, TantivyPassages(Path(folder)))
            try:
                yield shelf
            finally:
                shelf.passages.close()

    def close(self) -> None:
        """Let go of files and memory."""
        if "_store" in self.__dict__:
            self._store.close()

    # ---------------------------------------------------------------- inside

    def _check(self, question: str) -> None:
        if not question.strip():
            raise UserError("text_empty")
        check_text(question, self._settings.question_chars_max)

    def _library(self, owner: str) -> str:
        return self._store.first(owner).id

    def _added(self, owner: str, files: Files, done: Callable[[Path], object]) -> Events:
        library = self._library(owner)
        added: list[Entry] = []
        for path, name in files:
            yield Notice("file", {"name": name})
            try:
                document = yield from self._read(path, name)
                cut = passages.cut(document)
                entry = self._store.add(owner, library, document, len(cut))
                try:
                    yield from self._indexed(self._store.passages(owner, library), entry.id, document)
                except BaseException:  # stopped, too: half a document is none
                    self._store.delete_document(owner, library, entry.id)
                    raise
                added.append(entry)
                yield Item(entry)
            except UserError as error:
                yield Notice("document_failed", {"name": name, "error": error})
            finally:
                done(path)
        yield Done(added)

    def _read(self, path: Path, name: str) -> Generator[Event, None, Document]:
        """As `guard.read`, but it returns the document."""
        events = guard.read(path, name, self._settings)
        try:
            for event in events:
                if isinstance(event, Done):
                    document: Document = event.result
                    return document
                yield event
        finally:
            events.close()
        raise AssertionError("a reading without a result")

    def _indexed(self, store: Passages, document: str, content: Document) -> Events:
        cut = passages.cut(content)
        made = yield from vectors(cut, self._encoder)
        store.add(document, cut, made)

    def _asked(self, owner: str, question: str, model: str | None) -> Events:
        library = self._library(owner)
        for entry in self._store.missing(owner, library):  # damage, or a power cut
            content = self._store.document(owner, library, entry.id)
            yield from self._indexed(self._store.passages(owner, library), entry.id, content)
        document_of = functools.partial(self._document, owner, library)
        store = self._store.passages(owner, library)
        writer = self._writer(model, owner)
        for event in answer.answer(question, store, lambda name: document_of(name).text, self._encoder, writer):
            if isinstance(event, Item):
                event = Item(answers.piece(event.value, document_of(event.value.found.document)))
            elif isinstance(event, Done):
                event = Done(answers.record(question, event.result, document_of))
                quoted = [one["id"] for one in event.result["evidence"]]
                self._store.add_answer(owner, library, event.result, quoted)
            yield event

    def _writer(self, model: str | None, visitor: str) -> answer.Writer | None:
        """The model that chats, where one is here; nobody waits for a fetch to get a sentence out of a document."""
        entry = self._models.choice("chat", model).entry
        if entry.path is None:
            return None
        return answer.Writer(self._models.engine(entry), entry.parameters, visitor)

    def _text_of(self, owner: str, library: str, document: str) -> str:
        return self._document(owner, library, document).text

    def _read_document(self, owner: str, library: str, document: str) -> Document:
        return self._store.document(owner, library, document)


class Shelf:
    """Documents of one program, asked and then forgotten."""

    def __init__(self, desk: Desk, store: Passages) -> None:
        self.passages = store
        self.documents: dict[str, Document] = {}
        self._desk = desk

    def add(self, path: Path, name: str) -> Events:
        """Read one file; `Done` holds its document.

        Raises:
            UserError: whatever is wrong with the file.
        """
        document = yield from self._desk._read(path, name)
        identity = str(len(self.documents))
        yield from self._desk._indexed(self.passages, identity, document)
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
        return answer.answer(
            question, self.passages, lambda document: self.documents[document].text, self._desk._encoder, writer
        )
