"""Files into a library: read in the guarded worker, kept, indexed, and opened again. Knows no question and no job."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from llm_core.documents import guard
from llm_core.documents.document import Document
from llm_core.engines.base import Encoder
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Notice
from llm_core.settings import Settings
from llm_core.store.libraries import Entry, Libraries
from llm_core.store.passages import Passages
from llm_core.tasks import passages
from llm_core.tasks.indexing import vectors
from llm_core.workbench.disk import MayKeep, anything, bytes_of

DOCUMENTS_KEPT = 32  # in memory, of those that were asked last

Files = Sequence[tuple[Path, str]]  # where a file is, and what the person calls it


class Intake:
    """The way of a document into a library, and out of it.

    Args:
        store: opens the place where libraries are kept.
        encoder: makes the passages' vectors.
        settings: limits.
        may_keep: asked before files are read; see `disk.Disk.check`.
    """

    def __init__(
        self, store: Callable[[], Libraries], encoder: Encoder, settings: Settings, may_keep: MayKeep = anything
    ) -> None:
        self._open_store = store
        self._may_keep = may_keep
        self.encoder = encoder
        self._settings = settings
        self._kept = functools.lru_cache(DOCUMENTS_KEPT)(self._document)

    @functools.cached_property
    def store(self) -> Libraries:
        """Opened with the first call."""
        return self._open_store()

    def check_room(self, owner: str, files: Files) -> None:
        """Whether these files may be kept.

        Raises:
            UserError: `address_disk`.
        """
        self._may_keep(owner, bytes_of(path for path, _ in files))

    def added(self, owner: str, library: str, files: Files, done: Callable[[Path], object]) -> Events:
        """Read files into a library, one after the other.

        Args:
            owner: the visitor's token.
            library: its id.
            files: their places on this disk and their names. A file that cannot be read costs a Notice.
            done: called with each file's place when it is no longer needed, however the reading ended.

        Yields:
            Notice("file"), Progress ("reading_file", "indexing"), Item(Entry), Notice("document_failed"), and
            Done with the entries.
        """
        added: list[Entry] = []
        waiting = list(files)
        try:
            while waiting:
                path, name = waiting[0]
                yield Notice("file", {"name": name})
                try:
                    entry = yield from self._one(owner, library, path, name)
                    added.append(entry)
                    yield Item(entry)
                except UserError as error:
                    yield Notice("document_failed", {"name": name, "error": error})
                done(waiting.pop(0)[0])
            yield Done(added)
        finally:
            for path, _ in waiting:  # stopped: what was not read is not needed either
                done(path)

    def read(self, path: Path, name: str) -> Generator[Event, None, Document]:
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

    def indexed(self, store: Passages, document: str, content: Document) -> Events:
        """Put the passages of a document into `store`, under its id."""
        cut = passages.cut(content)
        made = yield from vectors(cut, self.encoder)
        store.add(document, cut, made)

    def mended(self, owner: str, library: str) -> Events:
        """Index again what lost its passages to damage or a power cut."""
        for entry in self.store.missing(owner, library):
            content = self.store.document(owner, library, entry.id)
            yield from self.indexed(self.store.passages(owner, library), entry.id, content)

    def document(self, owner: str, library: str, document: str) -> Document:
        """A document as it was read; those that were asked last stay in memory.

        Raises:
            UserError: `library_unknown`, `library_document_unknown`, `sealed_locked`.
        """
        self.store.check_open(owner)
        return self._kept(owner, library, document)

    def let_go(self) -> None:
        """Forget the documents that are in memory."""
        self._kept.cache_clear()

    def delete(self, owner: str, library: str, document: str) -> None:
        """Delete a document, its text and its passages, from the disk and from memory."""
        self.let_go()
        self.store.delete_document(owner, library, document)

    def close(self) -> None:
        """Let go of files and memory."""
        if "store" in self.__dict__:
            self.store.close()

    def _one(self, owner: str, library: str, path: Path, name: str) -> Generator[Event, None, Entry]:
        document = yield from self.read(path, name)
        entry = self.store.add(owner, library, document, len(passages.cut(document)))
        try:
            yield from self.indexed(self.store.passages(owner, library), entry.id, document)
        except BaseException:  # stopped, too: half a document is none
            self.store.delete_document(owner, library, entry.id)
            raise
        return entry

    def _document(self, owner: str, library: str, document: str) -> Document:
        return self.store.document(owner, library, document)
