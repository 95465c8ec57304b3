"""Conversations that survive a restart: SQLite, one tree of messages each, seen by their owner alone.

A message has a parent; a conversation's `head` is the last message of the branch that is shown. Retry and edit add a
sibling, undo moves the head up, nothing is overwritten. Every change says which head it was made on: a stale browser
tab gets `conversation_moved` and cannot write over what is newer. The database holds hashes of owners' tokens only.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from llm_core.errors import UserError
from llm_core.store.branches import ChatMessage, State, branch
from llm_core.store.database import Database, Row

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


class Conversations:
    """All conversations of all visitors, in one SQLite file.

    Args:
        database: an open file with this module's SCHEMA.
        conversations_max: how many a visitor may keep.
        messages_max: how many messages one conversation may hold, all branches together.
    """

    def __init__(self, database: Database, *, conversations_max: int, messages_max: int) -> None:
        self._database = database
        self._conversations_max = conversations_max
        self._messages_max = messages_max

    # ---------------------------------------------------------------- reading

    def summaries(self, owner: str, search: str = "", limit: int = 200) -> list[Summary]:
        """The owner's conversations, the latest first; with `search`, those whose title or messages hold it."""
        if not search.strip():
            rows = self._database.read(
                "SELECT id, title, updated FROM conversations WHERE owner = ? ORDER BY updated DESC LIMIT ?",
                (_hash(owner), limit),
            )
            return [Summary(row["id"], row["title"], row["updated"]) for row in rows]
        pattern = "%" + "".join("\\" + c if c in "%_\\" else c for c in search.strip()) + "%"
        rows = self._database.read(
            """SELECT c.id, c.title, c.updated, min(m.content) AS content FROM conversations c
               LEFT JOIN messages m ON m.conversation = c.id AND m.content LIKE ? ESCAPE '\\'
               WHERE c.owner = ? AND (m.id IS NOT NULL OR c.title LIKE ? ESCAPE '\\')
               GROUP BY c.id ORDER BY c.updated DESC LIMIT ?""",
            (pattern, _hash(owner), pattern, limit),
        )
        return [
            Summary(row["id"], row["title"], row["updated"], _around(row["content"] or "", search.strip()))
            for row in rows
        ]

    def get(self, owner: str, conversation: str) -> Conversation:
        """The conversation on its current branch.

        Raises:
            UserError: `conversation_unknown`; somebody else's is as unknown as one that never was.
        """
        return _shown(self._owned(owner, conversation), self._messages(conversation))

    def tree(self, owner: str, conversation: str) -> list[ChatMessage]:
        """Every message of every branch, oldest first."""
        self._owned(owner, conversation)
        return list(self._messages(conversation).values())

    def tokens(self, owner: str, message: str) -> list[Any]:
        """What was kept of a reply's tokens (see `finish`); empty where nothing was."""
        rows = self._database.read(
            """SELECT tokens FROM tokens JOIN messages m ON m.id = message
               JOIN conversations c ON c.id = m.conversation WHERE message = ? AND owner = ?""",
            (message, _hash(owner)),
        )
        return list(json.loads(rows[0]["tokens"])) if rows else []

    # ---------------------------------------------------------------- conversations

    def create(self, owner: str, options: Mapping[str, Any], title: str = "") -> Conversation:
        """A new, empty conversation."""
        return self.restore(owner, title=title, options=options, head=None, messages=())

    def restore(
        self,
        owner: str,
        *,
        title: str,
        options: Mapping[str, Any],
        head: str | None,
        messages: Sequence[ChatMessage],
    ) -> Conversation:
        """A new conversation with a tree of messages that stand elsewhere already; they get new ids.

        Args:
            owner: the visitor's token.
            title: its name.
            options: how its next reply is to be made.
            head: the id, among those given, of the message that its shown branch ends with.
            messages: parents before their children.
        """
        owned = self._database.read("SELECT count(*) AS n FROM conversations WHERE owner = ?", (_hash(owner),))
        if owned[0]["n"] >= self._conversations_max:
            raise UserError("conversations_full", n=self._conversations_max)
        if len(messages) > self._messages_max:
            raise UserError("conversation_full", n=self._messages_max)
        identity, now = _new_id(), time.time()
        ids: dict[str | None, str | None] = {None: None} | {m.id: _new_id() for m in messages}
        shown = ids.get(head)
        with self._database.change() as change:
            change(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?)",
                (identity, _hash(owner), title, shown, _json(options), now, now),
            )
            for m in messages:
                moved = replace(m, id=ids[m.id] or "", parent=ids[m.parent], created=m.created or now)
                change(_INSERT, _columns(identity, moved))
        return self.get(owner, identity)

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give it another name."""
        self._set(owner, conversation, "title", title)

    def set_options(self, owner: str, conversation: str, options: Mapping[str, Any]) -> None:
        """Keep how the next reply is to be made."""
        self._set(owner, conversation, "options", _json(options))

    def delete(self, owner: str, conversation: str) -> None:
        """Delete it with all its messages; the file's pages are overwritten."""
        self._owned(owner, conversation)
        with self._database.change() as change:
            change("DELETE FROM conversations WHERE id = ?", (conversation,))
        self._database.erase()

    def delete_all(self, owner: str) -> int:
        """Delete everything of this owner; says how many conversations that were."""
        with self._database.change() as change:
            deleted = change("DELETE FROM conversations WHERE owner = ?", (_hash(owner),)).rowcount
        self._database.erase()
        return deleted

    # ---------------------------------------------------------------- messages

    def add(
        self, owner: str, conversation: str, parent: str | None, head: str | None, messages: Iterable[ChatMessage]
    ) -> list[ChatMessage]:
        """Append a chain of messages below `parent` and show the branch that ends with the last of them.

        Args:
            owner: the visitor's token.
            conversation: its id.
            parent: the message that the first one answers; None begins the tree.
            head: what the caller believes is shown now.
            messages: their ids and parents are set here.

        Raises:
            UserError: `conversation_moved`, `conversation_full`, `conversation_unknown`, `message_unknown`.
        """
        added: list[ChatMessage] = []
        with self._database.change() as change:
            known = self._messages(conversation)
            self._check_head(owner, conversation, head)
            if parent is not None and parent not in known:
                raise UserError("message_unknown")
            for message in messages:
                added.append(replace(message, id=_new_id(), parent=parent, created=time.time()))
                change(_INSERT, _columns(conversation, added[-1]))
                parent = added[-1].id
            if len(known) + len(added) > self._messages_max:
                raise UserError("conversation_full", n=self._messages_max)
            change("UPDATE conversations SET head = ?, updated = ? WHERE id = ?", (parent, time.time(), conversation))
            if not known:
                change(
                    "UPDATE conversations SET title = ? WHERE id = ? AND title = ''",
                    (_title(added[0].content), conversation),
                )
        return added

    def grow(self, message: str, content: str) -> None:
        """Keep a reply as far as it has come."""
        with self._database.change() as change:
            change("UPDATE messages SET content = ? WHERE id = ?", (content, message))

    def finish(
        self,
        message: str,
        content: str,
        state: State,
        *,
        model: str,
        facts: Mapping[str, Any],
        tokens: Iterable[Any] = (),
    ) -> None:
        """Keep a reply that has ended. A reply whose conversation was deleted meanwhile is let go."""
        kept = _json(list(tokens))
        with self._database.change() as change:
            row = change(
                "UPDATE messages SET content = ?, state = ?, model = ?, facts = ? WHERE id = ?",
                (content, state, model, _json(facts), message),
            )
            if row.rowcount and kept != "[]":
                change("INSERT OR REPLACE INTO tokens VALUES (?, ?)", (message, kept))

    def show(self, owner: str, conversation: str, message: str | None, head: str | None) -> Conversation:
        """Show the branch that ends with `message`; None shows none of it, as before the first message.

        Raises:
            UserError: `conversation_moved`, `message_unknown`.
        """
        with self._database.change() as change:
            self._check_head(owner, conversation, head)
            if message is not None and message not in self._messages(conversation):
                raise UserError("message_unknown")
            change("UPDATE conversations SET head = ? WHERE id = ?", (message, conversation))
        return self.get(owner, conversation)

    def rate(self, owner: str, conversation: str, message: str, thumb: int) -> None:
        """Keep what the person thinks of a reply: 1 good, -1 not good, 0 nothing any more.

        Raises:
            UserError: `conversation_unknown`, `message_unknown`.
        """
        self._owned(owner, conversation)
        found = self._messages(conversation).get(message)
        if found is None or found.role != "assistant":
            raise UserError("message_unknown")
        facts = {name: value for name, value in found.facts.items() if name != "thumb"}
        with self._database.change() as change:
            change("UPDATE messages SET facts = ? WHERE id = ?", (_json(facts | _thumb(thumb)), message))

    def rated(self, owner: str | None) -> Iterator[tuple[list[ChatMessage], int]]:
        """Each reply with a thumb: the branch that ends with it, and the thumb; of all owners for None."""
        rows = self._database.read(
            """SELECT m.conversation, m.id FROM messages m JOIN conversations c ON c.id = m.conversation
               WHERE m.facts LIKE '%"thumb":%' AND (? IS NULL OR c.owner = ?) ORDER BY m.number""",
            (None, None) if owner is None else (_hash(owner), _hash(owner)),
        )
        for row in rows:
            path = branch(self._messages(row["conversation"]), row["id"])
            if thumb := path[-1].facts.get("thumb"):
                yield path, int(thumb)

    # ---------------------------------------------------------------- inside

    def _owned(self, owner: str, conversation: str) -> Row:
        rows = self._database.read(
            "SELECT * FROM conversations WHERE id = ? AND owner = ?", (conversation, _hash(owner))
        )
        if not rows:
            raise UserError("conversation_unknown")
        return rows[0]

    def _check_head(self, owner: str, conversation: str, head: str | None) -> None:
        if self._owned(owner, conversation)["head"] != head:
            raise UserError("conversation_moved")

    def _set(self, owner: str, conversation: str, column: Literal["title", "options"], value: str) -> None:
        self._owned(owner, conversation)
        with self._database.change() as change:
            change(f"UPDATE conversations SET {column} = ? WHERE id = ?", (value, conversation))  # noqa: S608

    def _messages(self, conversation: str) -> dict[str, ChatMessage]:
        rows = self._database.read("SELECT * FROM messages WHERE conversation = ? ORDER BY number", (conversation,))
        families: dict[str | None, list[str]] = {}
        for row in rows:
            families.setdefault(row["parent"], []).append(row["id"])
        return {
            row["id"]: ChatMessage(
                row["id"], row["parent"], row["role"], row["content"], row["model"], row["state"],
                json.loads(row["facts"]), row["created"], tuple(families[row["parent"]]),
            )
            for row in rows
        }  # fmt: skip


_INSERT = (
    "INSERT INTO messages (id, conversation, parent, role, content, model, state, facts, created) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _shown(row: Row, messages: Mapping[str, ChatMessage]) -> Conversation:
    return Conversation(
        row["id"], row["title"], row["head"], json.loads(row["options"]),
        tuple(branch(messages, row["head"])), row["created"], row["updated"],
    )  # fmt: skip


def _columns(conversation: str, m: ChatMessage) -> tuple[Any, ...]:
    return m.id, conversation, m.parent, m.role, m.content, m.model, m.state, _json(m.facts), m.created


def _thumb(thumb: int) -> dict[str, int]:
    return {"thumb": thumb} if thumb else {}


def _new_id() -> str:
    return secrets.token_urlsafe(12)


def _hash(owner: str) -> str:
    return hashlib.sha256(owner.encode()).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_FROM_MESSAGE_CHARS else line[: TITLE_FROM_MESSAGE_CHARS - 1].rstrip() + "…"


def _around(text: str, search: str) -> str:
    place = text.lower().find(search.lower())
    if place < 0:
        return ""
    start = max(0, place - SNIPPET_CHARS // 2)
    piece = " ".join(text[start : place + len(search) + SNIPPET_CHARS].split())
    return ("…" if start else "") + piece
