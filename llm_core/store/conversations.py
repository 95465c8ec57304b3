"""Conversations that survive a restart: SQLite, one tree of messages each, seen by their owner alone.

A message has a parent; a conversation's `head` is the last message of the branch that is shown. Retry and edit add a
sibling, undo moves the head up, nothing is overwritten. Every change says which head it was made on: a stale browser
tab gets `conversation_moved` and cannot write over what is newer. The database holds hashes of owners' tokens only,
and what an owner with a passphrase keeps is sealed before it gets there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from llm_core.errors import UserError
from llm_core.store import conversation_rows as rows_of
from llm_core.store import conversation_search
from llm_core.store.branches import ChatMessage, State, branch
from llm_core.store.conversation_rows import SCHEMA, Conversation, Summary, as_json, new_id, place
from llm_core.store.database import Database, Row
from llm_core.store.owners import hashed
from llm_core.store.sealed import Cells, Seals

__all__ = ["SCHEMA", "Conversation", "Conversations", "Summary"]


class Conversations:
    """All conversations of all visitors, in one SQLite file.

    Args:
        database: an open file with this module's SCHEMA.
        seals: who keeps theirs under a passphrase.
        conversations_max: how many a visitor may keep.
        messages_max: how many messages one conversation may hold, all branches together.
    """

    def __init__(self, database: Database, seals: Seals, *, conversations_max: int, messages_max: int) -> None:
        self._database = database
        self._seals = seals
        self._conversations_max = conversations_max
        self._messages_max = messages_max

    # ---------------------------------------------------------------- reading

    def summaries(self, owner: str, search: str = "", limit: int = 200) -> list[Summary]:
        """The owner's conversations, the latest first; with `search`, those whose title or messages hold it."""
        return conversation_search.summaries(self._database, self._cells(hashed(owner)), search, limit)

    def ids(self, owner: str) -> list[str]:
        """The ids of the owner's conversations, the latest first."""
        rows = self._database.read(
            "SELECT id FROM conversations WHERE owner = ? ORDER BY updated DESC", (hashed(owner),)
        )
        return [row["id"] for row in rows]

    def count(self, owner: str) -> int:
        """How many conversations the owner has."""
        return len(self.ids(owner))

    def kept_bytes(self, owner: str) -> int:
        """What the owner's messages take on the disk, without what an index adds."""
        rows = self._database.read(
            """SELECT sum(length(CAST(content AS BLOB)) + length(CAST(facts AS BLOB))) AS n FROM messages m
               JOIN conversations c ON c.id = m.conversation WHERE c.owner = ?""",
            (hashed(owner),),
        )
        return int(rows[0]["n"] or 0)

    def get(self, owner: str, conversation: str) -> Conversation:
        """The conversation on its current branch.

        Raises:
            UserError: `conversation_unknown`; somebody else's is as unknown as one that never was.
        """
        row = self._owned(owner, conversation)
        cells = self._cells(row["owner"])
        return rows_of.conversation_of(row, self._messages(conversation, cells), cells)

    def tree(self, owner: str, conversation: str) -> list[ChatMessage]:
        """Every message of every branch, oldest first."""
        row = self._owned(owner, conversation)
        return list(self._messages(conversation, self._cells(row["owner"])).values())

    def tokens(self, owner: str, message: str) -> list[Any]:
        """What was kept of a reply's tokens (see `finish`); empty where nothing was."""
        rows = self._database.read(
            """SELECT tokens FROM tokens JOIN messages m ON m.id = message
               JOIN conversations c ON c.id = m.conversation WHERE message = ? AND owner = ?""",
            (message, hashed(owner)),
        )
        if not rows:
            return []
        told = self._cells(hashed(owner)).told(rows[0]["tokens"], place("tokens", message))
        return list(json.loads(told))

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
        if self.count(owner) >= self._conversations_max:
            raise UserError("conversations_full", n=self._conversations_max)
        if len(messages) > self._messages_max:
            raise UserError("conversation_full", n=self._messages_max)
        identity, now, cells = new_id(), time.time(), self._cells(hashed(owner))
        ids, tree = rows_of.moved(messages, now)
        kept = [cells.kept(text, place(column, identity)) for column, text in
                (("title", title), ("options", as_json(options)))]  # fmt: skip
        with self._database.change() as change:
            change(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?)",
                (identity, cells.owner, kept[0], ids.get(head), kept[1], now, now),
            )
            for message in tree:
                change(rows_of.INSERT, rows_of.columns(identity, message, cells))
        return self.get(owner, identity)

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give it another name."""
        self._set(owner, conversation, "title", title)

    def set_options(self, owner: str, conversation: str, options: Mapping[str, Any]) -> None:
        """Keep how the next reply is to be made."""
        self._set(owner, conversation, "options", as_json(options))

    def delete(self, owner: str, conversation: str) -> None:
        """Delete it with all its messages; the file's pages are overwritten."""
        self._owned(owner, conversation)
        with self._database.change() as change:
            change("DELETE FROM conversations WHERE id = ?", (conversation,))
        self._database.erase()

    def delete_all(self, owner: str) -> int:
        """Delete everything of this owner; says how many conversations that were."""
        with self._database.change() as change:
            deleted = change("DELETE FROM conversations WHERE owner = ?", (hashed(owner),)).rowcount
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
        cells = self._cells(hashed(owner))
        with self._database.change() as change:
            known = self._messages(conversation, cells)
            self._check_head(owner, conversation, head)
            if parent is not None and parent not in known:
                raise UserError("message_unknown")
            for message in messages:
                added.append(replace(message, id=new_id(), parent=parent, created=time.time()))
                change(rows_of.INSERT, rows_of.columns(conversation, added[-1], cells))
                parent = added[-1].id
            if len(known) + len(added) > self._messages_max:
                raise UserError("conversation_full", n=self._messages_max)
            change("UPDATE conversations SET head = ?, updated = ? WHERE id = ?", (parent, time.time(), conversation))
            if not known:
                change(
                    "UPDATE conversations SET title = ? WHERE id = ? AND title = ''",
                    (cells.kept(rows_of.title_of(added[0].content), place("title", conversation)), conversation),
                )
        return added

    def grow(self, message: str, content: str) -> None:
        """Keep a reply as far as it has come."""
        kept = self._cells_of(message).kept(content, place("content", message))
        with self._database.change() as change:
            change("UPDATE messages SET content = ? WHERE id = ?", (kept, message))

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
        cells, kept = self._cells_of(message), list(tokens)
        content_kept = cells.kept(content, place("content", message))
        facts_kept = cells.kept(as_json(facts), place("facts", message))
        with self._database.change() as change:
            row = change(
                "UPDATE messages SET content = ?, state = ?, model = ?, facts = ? WHERE id = ?",
                (content_kept, state, model, facts_kept, message),
            )
            if row.rowcount and kept:
                sealed = cells.kept(as_json(kept), place("tokens", message))
                change("INSERT OR REPLACE INTO tokens VALUES (?, ?)", (message, sealed))

    def show(self, owner: str, conversation: str, message: str | None, head: str | None) -> Conversation:
        """Show the branch that ends with `message`; None shows none of it, as before the first message.

        Raises:
            UserError: `conversation_moved`, `message_unknown`.
        """
        with self._database.change() as change:
            self._check_head(owner, conversation, head)
            if message is not None and message not in self._messages(conversation, self._cells(hashed(owner))):
                raise UserError("message_unknown")
            change("UPDATE conversations SET head = ? WHERE id = ?", (message, conversation))
        return self.get(owner, conversation)

    def rate(self, owner: str, conversation: str, message: str, thumb: int) -> None:
        """Keep what the person thinks of a reply: 1 good, -1 not good, 0 nothing any more.

        Raises:
            UserError: `conversation_unknown`, `message_unknown`.
        """
        cells = self._cells(self._owned(owner, conversation)["owner"])
        found = self._messages(conversation, cells).get(message)
        if found is None or found.role != "assistant":
            raise UserError("message_unknown")
        facts = {name: value for name, value in found.facts.items() if name != "thumb"}
        facts |= {"thumb": thumb} if thumb else {}
        kept = cells.kept(as_json(facts), place("facts", message))
        with self._database.change() as change:
            change("UPDATE messages SET facts = ? WHERE id = ?", (kept, message))

    def rated(self, owner: str | None) -> Iterator[tuple[list[ChatMessage], int]]:
        """Each reply with a thumb: the branch that ends with it, and the thumb; of all owners for None.

        Of owners with a passphrase nothing: what comes from here is written down to be trained on.
        """
        rows = self._database.read(
            """SELECT m.conversation, m.id, c.owner FROM messages m JOIN conversations c ON c.id = m.conversation
               WHERE typeof(m.facts) = 'text' AND m.facts LIKE '%"thumb":%' AND (? IS NULL OR c.owner = ?)
               ORDER BY m.number""",
            (None, None) if owner is None else (hashed(owner), hashed(owner)),
        )
        for row in rows:
            path = branch(self._messages(row["conversation"], self._cells(row["owner"])), row["id"])
            if thumb := path[-1].facts.get("thumb"):
                yield path, int(thumb)

    # ---------------------------------------------------------------- passphrase

    def rewrite(self, owner: str) -> None:
        """Write all that the owner keeps as it is to be kept now: sealed, or plainly. Nothing happens where it is so.

        Raises:
            UserError: `sealed_locked`.
        """
        cells = self._cells(hashed(owner))
        with self._database.change() as change:
            rows_of.rewrite(change, cells)
        self._database.erase()

    # ---------------------------------------------------------------- inside

    def _owned(self, owner: str, conversation: str) -> Row:
        rows = self._database.read(
            "SELECT * FROM conversations WHERE id = ? AND owner = ?", (conversation, hashed(owner))
        )
        if not rows:
            raise UserError("conversation_unknown")
        return rows[0]

    def _check_head(self, owner: str, conversation: str, head: str | None) -> None:
        if self._owned(owner, conversation)["head"] != head:
            raise UserError("conversation_moved")

    def _set(self, owner: str, conversation: str, column: Literal["title", "options"], value: str) -> None:
        cells = self._cells(self._owned(owner, conversation)["owner"])
        kept = cells.kept(value, place(column, conversation))
        with self._database.change() as change:
            change(f"UPDATE conversations SET {column} = ? WHERE id = ?", (kept, conversation))  # noqa: S608

    def _messages(self, conversation: str, cells: Cells) -> dict[str, ChatMessage]:
        rows = self._database.read("SELECT * FROM messages WHERE conversation = ? ORDER BY number", (conversation,))
        return rows_of.messages_of(rows, cells)

    def _cells(self, owner: str) -> Cells:
        return Cells(self._seals, owner)

    def _cells_of(self, message: str) -> Cells:
        """Of the owner of a message; of nobody where its conversation was deleted, whose statements find no row."""
        rows = self._database.read(
            "SELECT owner FROM conversations c JOIN messages m ON m.conversation = c.id WHERE m.id = ?", (message,)
        )
        return self._cells(rows[0]["owner"] if rows else "")
