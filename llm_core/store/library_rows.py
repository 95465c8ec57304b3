"""What a library and its documents are, and their rows: the columns of SQLite, sealed or not, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass

from llm_core.store.database import Row
from llm_core.store.sealed import Cells

SCHEMA = """
CREATE TABLE libraries (id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX libraries_of ON libraries (owner, created);
CREATE TABLE documents (
  id TEXT PRIMARY KEY, library TEXT NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
  name TEXT NOT NULL, format TEXT NOT NULL, chars INTEGER NOT NULL, pages INTEGER, passages INTEGER NOT NULL,
  added REAL NOT NULL);
CREATE INDEX documents_of ON documents (library, added);
CREATE TABLE answers (
  id TEXT PRIMARY KEY, library TEXT NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
  record TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX answers_of ON answers (library, created DESC);
CREATE TABLE cited (
  answer TEXT NOT NULL REFERENCES answers (id) ON DELETE CASCADE, document TEXT NOT NULL,
  PRIMARY KEY (answer, document));
CREATE INDEX cited_of ON cited (document);
"""


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


def entry_of(row: Row, cells: Cells) -> Entry:
    """The document of a row of `documents`."""
    name = cells.told(row["name"], f"name of {row['id']}")
    return Entry(row["id"], name, row["format"], row["chars"], row["pages"], row["passages"], row["added"])
