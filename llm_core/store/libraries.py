"""Libraries of documents that survive a restart: names in SQLite, each document's text and passages in files.

A library is a folder: `documents/ID.json` is the text as it was read, `passages/` what is searched. Both are seen by
their owner alone, whose token stands in the database as a hash only. The uploaded file itself is not kept.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from llm_core import atomic
from llm_core.documents.document import Document
from llm_core.errors import UserError
from llm_core.store.database import Database, Row
from llm_core.store.passages import Passages

SCHEMA = """
CREATE TABLE libraries (id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX libraries_of ON libraries (owner, created);
CREATE TABLE documents (
  id TEXT PRIMARY KEY, library TEXT NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
  name TEXT NOT NULL, format TEXT NOT NULL, chars INTEGER NOT NULL, pages INTEGER, passages INTEGER NOT NULL,
  added REAL NOT NULL);
CREATE INDEX documents_of ON documents (library, added);
"""
OPEN_MAX = 8  # libraries whose passages stay open

OpenPassages = Callable[[Path], Passages]


@dataclass(frozen=True, slots=True)
class Library:
    """A shelf of documents that are searched together."""

    id: str
    name: str
    created: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of a library."""

    id: str
    name: str
    format: str
    chars: int
    pages: int | None
    passages: int
    added: float  # seconds since 1970


class Libraries:
    """All libraries of all visitors. `owner` is the visitor's token everywhere.

    Args:
        database: an open file with this module's SCHEMA.
        folder: where each library has a folder of its own.
        open_passages: the kind of passage store.
        documents_max: how many documents one library may hold.
    """

    def __init__(self, database: Database, folder: Path, open_passages: OpenPassages, *, documents_max: int) -> None:
        self._database = database
        self._folder = folder
        self._open_passages = open_passages
        self._documents_max = documents_max
        self._opened: OrderedDict[str, Passages] = OrderedDict()
        self._lock = threading.Lock()

    # ---------------------------------------------------------------- libraries

    def of(self, owner: str) -> list[Library]:
        """The owner's libraries, the oldest first."""
        rows = self._database.read("SELECT * FROM libraries WHERE owner = ? ORDER BY created", (_hash(owner),))
        return [Library(row["id"], row["name"], row["created"]) for row in rows]

    def create(self, owner: str, name: str = "") -> Library:
        """A new, empty library."""
        library = Library(secrets.token_hex(8), name, time.time())
        with self._database.change() as change:
            change(
                "INSERT INTO libraries VALUES (?, ?, ?, ?)", (library.id, _hash(owner), library.name, library.created)
            )
        return library

    def first(self, owner: str) -> Library:
        """The owner's first library, which is made where there is none."""
        with self._lock:
            return next(iter(self.of(owner)), None) or self.create(owner)

    def delete(self, owner: str, library: str) -> None:
        """Delete a library with all its documents, from the disk too.

        Raises:
            UserError: `library_unknown`; somebody else's is as unknown as one that never was.
        """
        self._check(owner, library)
        with self._database.change() as change:
            change("DELETE FROM libraries WHERE id = ?", (library,))
        self._database.erase()
        with self._lock:
            opened = self._opened.pop(library, None)
        if opened:
            opened.close()
        shutil.rmtree(self._folder / library, ignore_errors=True)

    def passages(self, owner: str, library: str) -> Passages:
        """What of the library is searched; opened with the first call, and mended where it is damaged.

        Raises:
            UserError: `library_unknown`.
        """
        self._check(owner, library)
        with self._lock:
            if library not in self._opened:
                self._opened[library] = self._open_passages(self._folder / library / "passages")
            self._opened.move_to_end(library)
            left = [self._opened.popitem(last=False)[1] for _ in range(len(self._opened) - OPEN_MAX)]
            opened = self._opened[library]
        for one in left:
            one.close()
        return opened

    # ---------------------------------------------------------------- documents

    def documents(self, owner: str, library: str) -> list[Entry]:
        """The documents of a library, in the order in which they were added.

        Raises:
            UserError: `library_unknown`.
        """
        self._check(owner, library)
        rows = self._database.read("SELECT * FROM documents WHERE library = ? ORDER BY added, rowid", (library,))
        return [_entry(row) for row in rows]

    def add(self, owner: str, library: str, document: Document, passages: int) -> Entry:
        """Keep a document whose `passages` passages are to be added under the id that it gets here.

        Raises:
            UserError: `library_unknown`, `library_full`, `disk_full`.
        """
        if len(self.documents(owner, library)) >= self._documents_max:
            raise UserError("library_full", n=self._documents_max)
        entry = Entry(
            secrets.token_hex(8), document.name, document.format, len(document.text), document.pages, passages,
            time.time(),
        )  # fmt: skip
        with atomic.writing(self._file(library, entry.id), "w") as file:
            json.dump(document.to_json(), file, ensure_ascii=False)
        with self._database.change() as change:
            change(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (entry.id, library, entry.name, entry.format, entry.chars, entry.pages, entry.passages, entry.added),
            )
        return entry

    def document(self, owner: str, library: str, document: str) -> Document:
        """A document as it was read.

        Raises:
            UserError: `library_unknown`, `library_document_unknown`.
        """
        self._entry(owner, library, document)
        try:
            return Document.from_json(json.loads(self._file(library, document).read_text("utf-8")))
        except (OSError, ValueError, KeyError) as error:
            raise UserError("library_document_unknown") from error

    def delete_document(self, owner: str, library: str, document: str) -> None:
        """Delete a document with its passages, from the disk too.

        Raises:
            UserError: `library_unknown`, `library_document_unknown`.
        """
        self._entry(owner, library, document)
        with self._database.change() as change:
            change("DELETE FROM documents WHERE id = ?", (document,))
        self._database.erase()
        self._file(library, document).unlink(missing_ok=True)
        self.passages(owner, library).delete(document)

    def missing(self, owner: str, library: str) -> list[Entry]:
        """The documents whose passages are not whole, after damage or a power cut; add their passages again."""
        whole = self.passages(owner, library).documents()
        return [entry for entry in self.documents(owner, library) if entry.id not in whole]

    def close(self) -> None:
        """Let go of all passages."""
        with self._lock:
            opened = [self._opened.popitem()[1] for _ in range(len(self._opened))]
        for one in opened:
            one.close()

    # ---------------------------------------------------------------- inside

    def _check(self, owner: str, library: str) -> None:
        rows = self._database.read("SELECT id FROM libraries WHERE id = ? AND owner = ?", (library, _hash(owner)))
        if not rows:
            raise UserError("library_unknown")

    def _entry(self, owner: str, library: str, document: str) -> Entry:
        self._check(owner, library)
        rows = self._database.read("SELECT * FROM documents WHERE id = ? AND library = ?", (document, library))
        if not rows:
            raise UserError("library_document_unknown")
        return _entry(rows[0])

    def _file(self, library: str, document: str) -> Path:
        """Both ids are of our own making: known ones only get here."""
        return self._folder / library / "documents" / f"{document}.json"


def _entry(row: Row) -> Entry:
    return Entry(row["id"], row["name"], row["format"], row["chars"], row["pages"], row["passages"], row["added"])


def _hash(owner: str) -> str:
    return hashlib.sha256(owner.encode()).hexdigest()
