"""What a conversation is, and its rows: between the columns of SQLite, sealed or not, and what is shown."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm_core.store.branches import ChatMessage, branch
from llm_core.store.database import Change, Row
from llm_core.store.sealed import Cells

SCHEMA = """
CREATE TABLE conversations (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, head TEXT, options TEXT NOT NULL,
  created REAL NOT NULL, updated REAL NOT NULL);
CREATE INDEX conversations_of ON conversations (owner, updated DESC);
CREATE TABLE messages (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
  conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  parent TEXT, role TEXT NOT NULL, content TEXT NOT NULL, model TEXT NOT NULL, state TEXT NOT NULL,
  facts TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX messages_of ON messages (conversation);
CREATE TABLE tokens (
  message TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE, tokens TEXT NOT NULL);
"""
INSERT = (
    "INSERT INTO messages (id, conversation, parent, role, content, model, state, facts, created) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# The columns that hold what a person wrote or was told: table -> its key, these columns, and which rows an owner has.
SECRETS = {
    "conversations": ("id", ("title", "options"), "owner = ?"),
    "messages": ("id", ("content", "facts"), "conversation IN (SELECT id FROM conversations WHERE owner = ?)"),
    "tokens": (
        "message",
        ("tokens",),
        "message IN (SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation WHERE c.owner = ?)",
    ),
}
TITLE_FROM_MESSAGE_CHARS = 48
SNIPPET_CHARS = 40


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it is shown: the messages from the first to `head`."""

    id: str
    title: str
    head: str | None
    options: Mapping[str, Any]
    messages: tuple[ChatMessage, ...]
    created: float
    updated: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A line in the list of conversations."""

    id: str
    title: str
    updated: float
    snippet: str = ""  # around what was searched for


def conversation_of(row: Row, messages: Mapping[str, ChatMessage], cells: Cells) -> Conversation:
    """The conversation of a row of `conversations`, with its messages."""
    return Conversation(
        row["id"], cells.told(row["title"], place("title", row["id"])), row["head"],
        json.loads(cells.told(row["options"], place("options", row["id"]))),
        tuple(branch(messages, row["head"])), row["created"], row["updated"],
    )  # fmt: skip


def messages_of(rows: Sequence[Row], cells: Cells) -> dict[str, ChatMessage]:
    """The messages of all rows of one conversation, in their order."""
    families: dict[str | None, list[str]] = {}
    for row in rows:
        families.setdefault(row["parent"], []).append(row["id"])
    return {
        row["id"]: ChatMessage(
            row["id"], row["parent"], row["role"], cells.told(row["content"], place("content", row["id"])),
            row["model"], row["state"], json.loads(cells.told(row["facts"], place("facts", row["id"]))),
            row["created"], tuple(families[row["parent"]]),
        )
        for row in rows
    }  # fmt: skip


def columns(conversation: str, m: ChatMessage, cells: Cells) -> tuple[Any, ...]:
    """A message as INSERT takes it."""
    content = cells.kept(m.content, place("content", m.id))
    facts = cells.kept(as_json(m.facts), place("facts", m.id))
    return m.id, conversation, m.parent, m.role, content, m.model, m.state, facts, m.created


def rewrite(change: Change, cells: Cells) -> None:
    """Write all texts of an owner as they are to be kept now, sealed or plainly, in one transaction."""
    for table, (key, secret_columns, of_owner) in SECRETS.items():
        for row in change(f"SELECT * FROM {table} WHERE {of_owner}", (cells.owner,)).fetchall():  # noqa: S608
            for column in secret_columns:
                bound = place(column, row[key])
                kept = cells.kept(cells.told(row[column], bound), bound)
                if type(kept) is not type(row[column]):
                    change(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (kept, row[key]))  # noqa: S608


def place(column: str, name: str) -> str:
    """What a sealed value is bound to: its column, and the id of its row."""
    return f"{column} of {name}"


def moved(messages: Sequence[ChatMessage], now: float) -> tuple[dict[str | None, str | None], list[ChatMessage]]:
    """The same tree under new ids: old id -> new id, and the messages."""
    ids: dict[str | None, str | None] = {None: None} | {m.id: new_id() for m in messages}
    return ids, [replace(m, id=ids[m.id] or "", parent=ids[m.parent], created=m.created or now) for m in messages]


def new_id() -> str:
    """For a conversation or a message; nobody guesses it."""
    return secrets.token_urlsafe(12)


def as_json(value: Any) -> str:
    """As it stands in a column."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def title_of(text: str) -> str:
    """A conversation's name, from its first message."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_FROM_MESSAGE_CHARS else line[: TITLE_FROM_MESSAGE_CHARS - 1].rstrip() + "…"


def around(text: str, search: str) -> str:
    """The words around what was searched for; empty where it is not there."""
    found = text.lower().find(search.lower())
    if found < 0:
        return ""
    start = max(0, found - SNIPPET_CHARS // 2)
    piece = " ".join(text[start : found + len(search) + SNIPPET_CHARS].split())
    return ("…" if start else "") + piece
