"""Libraries of documents that survive a restart: names in SQLite, each document's text and passages in files.

A library is a folder: `documents/ID.json` is the text as it was read, `passages/` what is searched. Both are seen by
their owner alone, whose token stands in the database as a hash only. The uploaded file itself is not kept. Where the
owner has a passphrase, `documents/ID.sealed` and `passages/sealed/` stand instead, and names and answers are sealed.
"""

from __future__ import annotations

import json
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from llm_core import atomic
from llm_core.documents.document import Document
from llm_core.errors import UserError
from llm_core.store.database import Database
from llm_core.store.document_files import DocumentFiles
from llm_core.store.library_rows import SCHEMA, Entry, Library, entry_of
from llm_core.store.owners import hashed
from llm_core.store.passages import Passages
from llm_core.store.sealed import Cells, Seals
from llm_core.store.sealed_passages import SealedPassages

__all__ = ["SCHEMA", "Entry", "Libraries", "Library"]

OPEN_MAX = 8  # libraries whose passages stay open

OpenPassages = Callable[[Path], Passages]


class Libraries:
    """All libraries of all visitors. `owner` is the visitor's token everywhere.

    Args:
        database: an open file with this module's SCHEMA.
        folder: where each library has a folder of its own.
        seals: who keeps theirs under a passphrase.
        open_passages: the kind of passage store, where there is none.
        documents_max: how many documents one library may hold.
    """

    def __init__(
        self, database: Database, folder: Path, seals: Seals, open_passages: OpenPassages, *, documents_max: int
    ) -> None:
        self._database = database
        self._folder = folder
        self._seals = seals
        self._open_passages = open_passages
        self._documents_max = documents_max
        self._opened: OrderedDict[str, Passages] = OrderedDict()
        self._lock = threading.Lock()
        seals.on_lock.append(self._let_go_of)

    # ---------------------------------------------------------------- libraries

    def of(self, owner: str) -> list[Library]:
        """The owner's libraries, the oldest first."""
        rows = self._database.read("SELECT * FROM libraries WHERE owner = ? ORDER BY created", (hashed(owner),))
        return [Library(row["id"], row["name"], row["created"]) for row in rows]

    def create(self, owner: str, name: str = "") -> Library:
        """A new, empty library."""
        library = Library(secrets.token_hex(8), name, time.time())
        with self._database.change() as change:
            change(
                "INSERT INTO libraries VALUES (?, ?, ?, ?)",
                (library.id, hashed(owner), library.name, library.created),
            )
        return library

    def first(self, owner: str) -> Library:
        """The owner's library without a name, which is made where there is none."""
        return self.named(owner, "")

    def named(self, owner: str, name: str) -> Library:
        """The owner's library of this name, which is made where there is none."""
        with self._lock:
            return self.find(owner, name) or self.create(owner, name)

    def find(self, owner: str, name: str) -> Library | None:
        """The owner's oldest library of this name."""
        return next((library for library in self.of(owner) if library.name == name), None)

    def delete(self, owner: str, library: str) -> None:
        """Delete a library with all its documents, from the disk too.

        Raises:
            UserError: `library_unknown`; somebody else's is as unknown as one that never was.
        """
        self._check(owner, library)
        with self._database.change() as change:
            change("DELETE FROM libraries WHERE id = ?", (library,))
        self._database.erase()
        self._let_go([library])
        shutil.rmtree(self._folder / library, ignore_errors=True)

    def passages(self, owner: str, library: str) -> Passages:
        """What of the library is searched; opened with the first call, and mended where it is damaged.

        Raises:
            UserError: `library_unknown`.
        """
        self._check(owner, library)
        seal = self._seals.writer(hashed(owner))
        with self._lock:
            if library not in self._opened:
                folder = self._folder / library / "passages"
                self._opened[library] = SealedPassages(folder, seal) if seal else self._open_passages(folder)
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
        cells = Cells(self._seals, hashed(owner))
        return [entry_of(row, cells) for row in rows]

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
        files = DocumentFiles(self._folder / library, self._seals, hashed(owner))
        files.write(entry.id, document)
        name = Cells(self._seals, hashed(owner)).kept(entry.name, f"name of {entry.id}")
        with self._database.change() as change:
            change(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (entry.id, library, name, entry.format, entry.chars, entry.pages, entry.passages, entry.added),
            )
        return entry

    def document(self, owner: str, library: str, document: str) -> Document:
        """A document as it was read.

        Raises:
            UserError: `library_unknown`, `library_document_unknown`.
        """
        self._entry(owner, library, document)
        try:
            return DocumentFiles(self._folder / library, self._seals, hashed(owner)).read(document)
        except (OSError, ValueError, KeyError) as error:
            raise UserError("library_document_unknown") from error

    def delete_document(self, owner: str, library: str, document: str) -> None:
        """Delete a document with its passages and the answers that quote it, from the disk too.

        Raises:
            UserError: `library_unknown`, `library_document_unknown`.
        """
        self._entry(owner, library, document)
        with self._database.change() as change:
            change("DELETE FROM answers WHERE id IN (SELECT answer FROM cited WHERE document = ?)", (document,))
            change("DELETE FROM documents WHERE id = ?", (document,))
        self._database.erase()
        DocumentFiles(self._folder / library, self._seals, hashed(owner)).delete(document)
        self.passages(owner, library).delete(document)

    # ---------------------------------------------------------------- answers

    def add_answer(self, owner: str, library: str, record: Mapping[str, Any], documents: Iterable[str]) -> None:
        """Keep an answer as what JSON can hold, with the documents that it quotes and goes with."""
        self._check(owner, library)
        answer = secrets.token_hex(8)
        cells = Cells(self._seals, hashed(owner))
        written = cells.kept(json.dumps(record, ensure_ascii=False), f"record of {answer}")
        with self._database.change() as change:
            change("INSERT INTO answers VALUES (?, ?, ?, ?)", (answer, library, written, time.time()))
            for document in set(documents):
                change("INSERT INTO cited VALUES (?, ?)", (answer, document))

    def answers(self, owner: str, library: str, limit: int) -> list[tuple[str, dict[str, Any]]]:
        """The latest answers, the newest first, each with its id."""
        self._check(owner, library)
        rows = self._database.read(
            "SELECT id, record FROM answers WHERE library = ? ORDER BY created DESC, rowid DESC LIMIT ?",
            (library, limit),
        )
        cells = Cells(self._seals, hashed(owner))
        return [(row["id"], json.loads(cells.told(row["record"], f"record of {row['id']}"))) for row in rows]

    def delete_answer(self, owner: str, library: str, answer: str) -> None:
        """Delete one answer; nothing happens where there is none."""
        self._check(owner, library)
        with self._database.change() as change:
            change("DELETE FROM answers WHERE id = ? AND library = ?", (answer, library))
        self._database.erase()

    # ---------------------------------------------------------------- mending

    def missing(self, owner: str, library: str) -> list[Entry]:
        """The documents whose passages are not whole, after damage or a power cut; add their passages again."""
        whole = self.passages(owner, library).documents()
        return [entry for entry in self.documents(owner, library) if entry.id not in whole]

    def close(self) -> None:
        """Let go of all passages."""
        self._let_go(list(self._opened))

    # ---------------------------------------------------------------- passphrase

    def count(self, owner: str) -> int:
        """How many documents there are in all of the owner's libraries."""
        rows = self._database.read(
            "SELECT count(*) AS n FROM documents d JOIN libraries l ON l.id = d.library WHERE l.owner = ?",
            (hashed(owner),),
        )
        return int(rows[0]["n"])

    def kept_bytes(self, owner: str) -> int:
        """What all of the owner's libraries take on the disk."""
        return sum(atomic.folder_bytes(self._folder / library.id) for library in self.of(owner))

    def delete_all(self, owner: str) -> None:
        """Delete every library of the owner, those of conversations too."""
        for library in self.of(owner):
            self.delete(owner, library.id)

    def check_open(self, owner: str) -> None:
        """Whether what the owner keeps can be read; before something is shown that is still in memory.

        Raises:
            UserError: `sealed_locked`.
        """
        self._seals.writer(hashed(owner))

    def rewrite(self, owner: str) -> None:
        """Write all that the owner keeps as it is to be kept now: sealed, or plainly. Nothing happens where it is so.

        Raises:
            UserError: `sealed_locked`.
        """
        cells, libraries = Cells(self._seals, hashed(owner)), [library.id for library in self.of(owner)]
        self._let_go(libraries)
        for library in libraries:
            DocumentFiles(self._folder / library, self._seals, cells.owner).rewrite()
        with self._database.change() as change:
            for library in libraries:
                for table, column in (("documents", "name"), ("answers", "record")):
                    rows = change(f"SELECT id, {column} FROM {table} WHERE library = ?", (library,))  # noqa: S608
                    for row in rows.fetchall():
                        bound = f"{column} of {row['id']}"
                        kept = cells.kept(cells.told(row[column], bound), bound)
                        change(f"UPDATE {table} SET {column} = ? WHERE id = ?", (kept, row["id"]))  # noqa: S608
        self._database.erase()

    # ---------------------------------------------------------------- inside

    def _let_go_of(self, owner: str) -> None:
        """Whose key has left memory, theirs are to leave it, too."""
        self._let_go([row["id"] for row in self._database.read("SELECT id FROM libraries WHERE owner = ?", (owner,))])

    def _let_go(self, libraries: Iterable[str]) -> None:
        with self._lock:
            opened = [self._opened.pop(library) for library in libraries if library in self._opened]
        for one in opened:
            one.close()

    def _check(self, owner: str, library: str) -> None:
        rows = self._database.read("SELECT id FROM libraries WHERE id = ? AND owner = ?", (library, hashed(owner)))
        if not rows:
            raise UserError("library_unknown")

    def _entry(self, owner: str, library: str, document: str) -> Entry:
        self._check(owner, library)
        rows = self._database.read("SELECT * FROM documents WHERE id = ? AND library = ?", (document, library))
        if not rows:
            raise UserError("library_document_unknown")
        return entry_of(rows[0], Cells(self._seals, hashed(owner)))
