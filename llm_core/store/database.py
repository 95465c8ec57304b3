"""One SQLite file, shared by threads and by several servers: WAL, short transactions, deletes that erase."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from llm_core.errors import UserError

Row: TypeAlias = sqlite3.Row
BUSY_S = 10  # another process may hold the file for a moment


class Change(Protocol):
    """Runs one statement inside a transaction."""

    def __call__(self, statement: str, values: Sequence[Any] = (), /) -> sqlite3.Cursor:
        """The cursor of the statement that was run."""
        ...


class Database:
    """An open file.

    Args:
        path: made where it is missing.
        schema: the statements that make an empty file ready.
        version: of the schema; a file of another version is refused rather than guessed at.

    Raises:
        UserError: `store_damaged`, `store_newer`, `disk_full`.
    """

    def __init__(self, path: Path, schema: str, version: int) -> None:
        self._path = path
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        try:
            with self._told():
                self._prepare(schema, version)
        except BaseException:
            self._connection.close()
            raise

    def read(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self._lock, self._told():
            return self._connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def change(self) -> Iterator[Change]:
        """A transaction: all of it or, when the block raises, nothing."""
        with self._lock, self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def erase(self) -> None:
        """After a delete: take what was deleted out of the write-ahead log, too."""
        with self._lock, self._told():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file; what was committed is on disk."""
        with self._lock:
            self._connection.close()

    def _prepare(self, schema: str, version: int) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self.change() as change:  # the lock keeps two servers from making the tables at the same time
            found = change("PRAGMA user_version").fetchone()[0]
            if found == 0:
                for statement in filter(str.strip, schema.split(";")):
                    change(statement)
                change(f"PRAGMA user_version = {version}")
            elif found != version:
                raise UserError("store_newer", path=str(self._path))

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                raise UserError("disk_full", path=str(self._path.parent)) from error
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise UserError("store_damaged", path=str(self._path)) from error
            raise
