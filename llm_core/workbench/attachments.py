"""Documents of conversations: attached to one, read for its replies, deleted with it.

Each conversation that has documents has a library of its own, under the conversation's id. What a reply read is kept
with it as places, never as text: a document that was removed has left nothing behind.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from llm_core.documents.document import Document
from llm_core.engines.base import Encoder, Message
from llm_core.errors import UserError
from llm_core.events import Event, Notice, Progress, Tick
from llm_core.jobs import Job, Jobs
from llm_core.messages import Language, say
from llm_core.settings import Settings
from llm_core.store.libraries import Entry
from llm_core.tasks import attached
from llm_core.tasks.attached import Quoted, Source
from llm_core.text.language import language
from llm_core.text.spans import Span
from llm_core.workbench.answers import Piece
from llm_core.workbench.intake import Files, Intake

Place: TypeAlias = Mapping[str, Any]  # {"id", "document", "page", "start", "end", "passage": [start, end]}


class Attachments:
    """What can be done with the documents of a conversation. `owner` is the visitor's token everywhere.

    Args:
        intake: how documents come into a library, and where they are kept.
        jobs: where they are read.
        settings: limits.
    """

    def __init__(self, intake: Intake, jobs: Jobs, settings: Settings) -> None:
        self._intake = intake
        self._jobs = jobs
        self._settings = settings

    # ---------------------------------------------------------------- documents

    def documents(self, owner: str, conversation: str) -> list[Entry]:
        """What is attached, in the order in which it was added."""
        library = self._intake.store.find(owner, conversation)
        return self._intake.store.documents(owner, library.id) if library else []

    def add(self, owner: str, conversation: str, files: Files, *, done: Callable[[Path], object]) -> Job:
        """Read files in a job that goes on when nobody watches; see `Intake.added`.

        Raises:
            UserError: `attaching`, while other files are being read; `address_disk`.
        """
        if self.adding(owner, conversation):
            raise UserError("attaching")
        self._intake.check_room(owner, files)
        library = self._intake.store.named(owner, conversation).id
        return self._jobs.start(
            self._intake.added(owner, library, files, done),
            owner=owner,
            subject=_subject(conversation),
            unwatched_s=float("inf"),
            limit_s=self._settings.library_add_s,
        )

    def adding(self, owner: str, conversation: str) -> Job | None:
        """The job that reads files right now."""
        return self._jobs.running(owner, _subject(conversation))

    def added(self, owner: str, conversation: str) -> Job | None:
        """The job that reads files, or the last that did: its failures are told though it was quick."""
        return self._jobs.latest(owner, _subject(conversation))

    def stop_adding(self, owner: str, conversation: str) -> None:
        """Stop reading files; those that were read stay."""
        self._jobs.stop(owner, _subject(conversation))

    def open(self, owner: str, conversation: str, document: str) -> Document:
        """A document that is attached, or else of the visitor's own library.

        Raises:
            UserError: `library_document_unknown`.
        """
        if library := self._intake.store.find(owner, conversation):
            with contextlib.suppress(UserError):
                return self._intake.document(owner, library.id, document)
        return self._intake.document(owner, self._intake.store.first(owner).id, document)

    def delete(self, owner: str, conversation: str, document: str) -> None:
        """Remove a document, with its text and passages."""
        if library := self._intake.store.find(owner, conversation):
            self._intake.delete(owner, library.id, document)

    def forget(self, owner: str, conversation: str) -> None:
        """Remove all documents: the conversation goes."""
        self.stop_adding(owner, conversation)
        if library := self._intake.store.find(owner, conversation):
            self._intake.let_go()
            self._intake.store.delete(owner, library.id)

    # ---------------------------------------------------------------- replies

    def consult(
        self, owner: str, conversation: str | None, messages: Sequence[Message], *, library: bool
    ) -> Generator[Event, None, Sequence[Message]]:
        """Put what the documents say about the last message before it; see `told`.

        Args:
            owner: the visitor's token.
            conversation: whose documents are read, once they have all come; None for one that is kept elsewhere.
            messages: the turns so far.
            library: whether the visitor's own library is read, too.
        """
        sources: list[Source] = []
        if conversation:
            yield from self._waited(owner, conversation)
            if own := self._intake.store.find(owner, conversation):
                sources += yield from self._source(owner, own.id, attached=True)
        if library:
            sources += yield from self._source(owner, self._intake.store.first(owner).id, attached=False)
        elif not sources:
            return messages
        return (yield from told(messages, sources, self._intake.encoder, self._settings))

    def pieces(self, owner: str, conversation: str, places: Sequence[Place]) -> list[Piece]:
        """The sentences at these places, as far as their documents are still there."""
        found: list[Piece] = []
        for place in places:
            with contextlib.suppress(UserError):
                found.append(_piece(place, self.open(owner, conversation, place["id"])))
        return found

    def _waited(self, owner: str, conversation: str) -> Generator[Event, None, None]:
        """Nothing, for as long as files are being read: a question asked at once is about them."""
        if job := self.adding(owner, conversation):
            with contextlib.suppress(UserError):  # said where the file was attached
                for _, event in job.watch():
                    yield Progress("attaching", event.done, event.total) if isinstance(event, Progress) else Tick()

    def _source(self, owner: str, library: str, *, attached: bool) -> Generator[Event, None, list[Source]]:
        names = {entry.id: entry.name for entry in self._intake.store.documents(owner, library)}
        if not names:
            return []
        yield from self._intake.mended(owner, library)
        document_of = functools.partial(self._intake.document, owner, library)
        return [Source(self._intake.store.passages(owner, library), names, document_of, attached)]


def told(
    messages: Sequence[Message], sources: Sequence[Source], encoder: Encoder, settings: Settings
) -> Generator[Event, None, Sequence[Message]]:
    """Put what the documents say about the last message before it.

    Yields:
        Progress("searching"), Notice("consulted") with `names` for people and the `places`, or ("consulted_none").
    """
    read = attached.read(messages, sources, encoder, question_chars=settings.question_chars_max)
    with_passages, quoted = yield from read
    documents = {name: source.document_of for source in sources for name in source.names}
    places = [_place(one, documents[one.document](one.document)) for one in quoted]
    spoken: Language = language(messages[-1].content) or "en"
    yield Notice("consulted", {"names": named(places, spoken), "places": places}) if places else _NONE
    return with_passages


def named(places: Sequence[Place], spoken: Language) -> str:
    """The documents and pages of `places`, for people: each document once, each of its pages once."""
    pages: dict[str, set[int]] = {}
    for place in places:
        pages.setdefault(place["document"], set()).update([place["page"]] if place["page"] is not None else [])
    told = []
    for name, found in pages.items():
        numbers = say(spoken, "chat.list_comma").join(map(str, sorted(found)))
        told.append(say(spoken, "chat.of_pages", name=name, pages=numbers) if found else name)
    return say(spoken, "chat.list_gap").join(told)


def _place(quoted: Quoted, document: Document) -> Place:
    return {
        "id": quoted.document,
        "document": document.name,
        "page": document.place(quoted.span.start).page,
        "start": quoted.span.start,
        "end": quoted.span.end,
        "passage": list(quoted.passage),
    }


def _piece(place: Place, document: Document) -> Piece:
    start, end = place["passage"]
    return Piece(
        document=document.name,
        page=place["page"],
        start=place["start"],
        end=place["end"],
        sentence=Span(place["start"], place["end"]).of(document.text),
        passage=document.text[start:end],
        id=place["id"],
        passage_start=start,
        heading=list(document.place(place["start"]).heading),
    )


def _subject(conversation: str) -> str:
    """Of the job that reads files: not the conversation itself, which may have a reply under way."""
    return f"documents of {conversation}"


_NONE = Notice("consulted_none")
