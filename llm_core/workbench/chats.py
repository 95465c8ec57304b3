"""Conversations of visitors: every change goes through here, and each reply is a job that saves what it writes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core import atomic
from llm_core.engines.base import Message, Token
from llm_core.errors import UserError
from llm_core.jobs import Job, Jobs
from llm_core.messages import Language, say
from llm_core.settings import Settings
from llm_core.store import exchange
from llm_core.store.branches import ChatMessage, branch, latest_leaf
from llm_core.store.conversations import Conversation, Conversations, Summary
from llm_core.store.owners import hashed
from llm_core.tasks.options import ChatOptions
from llm_core.workbench.disk import MayKeep, anything
from llm_core.workbench.kept import kept, unpacked
from llm_core.workbench.replies import Replies, check_message, check_text

if TYPE_CHECKING:
    from llm_core.workbench.attachments import Attachments
    from llm_core.workbench.intake import Files

ALTERNATIVES = 5  # kept with each token of a reply, for "what else could have stood here"
STOPPED_S = 5.0
BESIDE = "/beside"  # the job of the second reply, where two models answer, is on the conversation's id with this
REPLY_LIMIT_S = 3600.0  # a reply of thousands of tokens on a slow machine still ends by itself


class Chats:
    """What a visitor can do with conversations. `owner` is the visitor's token everywhere.

    `head` is the message that the caller believes is the last one shown; where that is no longer so, the caller
    gets `conversation_moved` and nothing is changed.

    Args:
        store: where they are kept.
        replies: how a reply is made.
        attachments: the documents of conversations.
        jobs: where replies run.
        settings: limits.
        may_keep: asked before conversations are read in; see `disk.Disk.check`.
    """

    def __init__(
        self,
        store: Conversations,
        replies: Replies,
        attachments: Attachments,
        jobs: Jobs,
        settings: Settings,
        may_keep: MayKeep = anything,
    ) -> None:
        self._may_keep = may_keep
        self._store = store
        self._replies = replies
        self._attachments = attachments
        self._jobs = jobs
        self._settings = settings

    # ---------------------------------------------------------------- conversations

    def list(self, owner: str, search: str = "") -> list[Summary]:
        """The latest first; with `search`, those that hold it in their name or text."""
        return self._store.summaries(owner, search[: self._settings.title_chars_max])

    def create(self, owner: str, **options: Any) -> Conversation:
        """A new, empty conversation."""
        return self._store.create(owner, self._checked(options))

    def get(self, owner: str, conversation: str) -> Conversation:
        """The branch that is shown. A reply that grew when the server ended is shown as stopped."""
        found = self._store.get(owner, conversation)
        if self.running(owner, conversation):
            return found
        messages = tuple(
            dataclasses.replace(m, state="stopped") if m.state == "growing" else m for m in found.messages
        )
        return dataclasses.replace(found, messages=messages)

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give it another name."""
        title = " ".join(title.split())[: self._settings.title_chars_max]
        check_text(title, self._settings.title_chars_max)
        self._store.rename(owner, conversation, title)

    def set_options(self, owner: str, conversation: str, options: Mapping[str, Any]) -> None:
        """Keep how the next reply is to be made."""
        self._store.set_options(owner, conversation, self._checked(options))

    def delete(self, owner: str, conversation: str) -> None:
        """Delete it with its documents; a reply under way is stopped first."""
        self.stop(owner, conversation)
        self._attachments.forget(owner, conversation)
        self._store.delete(owner, conversation)

    def delete_all(self, owner: str) -> int:
        """Delete everything of this visitor; says how many conversations that were."""
        for conversation in self._store.ids(owner):
            self.stop(owner, conversation)
            self._attachments.forget(owner, conversation)
        self._thumbs(owner).unlink(missing_ok=True)
        return self._store.delete_all(owner)

    def count(self, owner: str) -> int:
        """How many conversations there are."""
        return self._store.count(owner)

    def kept_bytes(self, owner: str) -> int:
        """What they take on the disk."""
        return self._store.kept_bytes(owner)

    def rewrite(self, owner: str) -> None:
        """Keep everything as it is to be kept now, sealed or plainly; see `Mine`."""
        self._store.rewrite(owner)
        self._thumbs(owner).unlink(missing_ok=True)

    def attach(self, owner: str, conversation: str, files: Files, *, done: Callable[[Path], object]) -> Job:
        """Read files that belong to the conversation from now on; see `Attachments.add`.

        Raises:
            UserError: `conversation_unknown`, `attaching`.
        """
        self._store.get(owner, conversation)
        return self._attachments.add(owner, conversation, files, done=done)

    def export_json(self, owner: str, conversations: Sequence[str] | None = None) -> str:
        """All branches of the named conversations, or of all, as text that `import_json` reads."""
        ids = self._ids(owner, conversations)
        return exchange.to_json((self.get(owner, i), self._store.tree(owner, i)) for i in ids)

    def export_markdown(self, owner: str, conversations: Sequence[str] | None, language: Language) -> str:
        """The shown branch of the named conversations, or of all, for reading."""
        names = {role: say(language, f"chat.by_{role}") for role in ("user", "assistant")}
        return exchange.to_markdown((self.get(owner, i) for i in self._ids(owner, conversations)), names)

    def import_json(self, owner: str, content: bytes) -> int:
        """Add the conversations of an exported file; says how many.

        Raises:
            UserError: `import_too_large`, `import_unreadable`, `conversations_full`, `address_disk`.
        """
        if len(content) > self._settings.import_bytes_max:
            raise UserError("import_too_large", size=len(content), limit=self._settings.import_bytes_max)
        self._may_keep(owner, len(content))
        file = exchange.read_json(content)
        for record in file.conversations:
            try:
                self._checked(record.options)
            except UserError:  # of another version: the words matter more than the dials
                record.options = {}
        return exchange.store(file, self._store, owner, self._settings.title_chars_max)

    # ---------------------------------------------------------------- turns

    def send(self, owner: str, conversation: str, text: str, *, head: str | None) -> Job:
        """Say something and have it answered."""
        return self._turn(owner, conversation, parent=head, head=head, text=text)

    def retry(self, owner: str, conversation: str, message: str, *, head: str | None) -> Job:
        """Have the user's message, or the one that the reply `message` answers, answered once more."""
        found = self._message(owner, conversation, message)
        question = message if found.role == "user" else found.parent
        return self._turn(owner, conversation, parent=question, head=head, text=None)

    def edit(self, owner: str, conversation: str, message: str, text: str, *, head: str | None) -> Job:
        """Say something else in place of the user's message; the old branch stays."""
        parent = self._message(owner, conversation, message).parent
        return self._turn(owner, conversation, parent=parent, head=head, text=text)

    def undo(self, owner: str, conversation: str, *, head: str | None) -> Conversation:
        """Step back before the last question; the branch stays and can be found again."""
        self.stop(owner, conversation)
        questions = [m for m in self._store.get(owner, conversation).messages if m.role == "user"]
        if not questions:
            return self.get(owner, conversation)
        return self._store.show(owner, conversation, questions[-1].parent, head)

    def switch(self, owner: str, conversation: str, message: str) -> Conversation:
        """Show the newest branch that goes through `message`."""
        self._message(owner, conversation, message)
        self.stop(owner, conversation)
        tree = {m.id: m for m in self._store.tree(owner, conversation)}
        head = self._store.get(owner, conversation).head
        return self._store.show(owner, conversation, latest_leaf(tree, message), head)

    def running(self, owner: str, conversation: str) -> Job | None:
        """The reply that is being made right now, the first of two."""
        return next(iter(self.under_way(owner, conversation)), None)

    def under_way(self, owner: str, conversation: str) -> tuple[Job, ...]:
        """The replies that are being made right now: none, one, or two side by side."""
        jobs = (self._jobs.running(owner, subject) for subject in (conversation, conversation + BESIDE))
        return tuple(job for job in jobs if job)

    def stop(self, owner: str, conversation: str) -> None:
        """Stop the reply under way, or both; what has been written stays."""
        for job in self.under_way(owner, conversation):
            job.stop()
        for job in self.under_way(owner, conversation):
            job.stop(wait_s=STOPPED_S)

    def beside(self, owner: str, conversation: str) -> tuple[ChatMessage, ...]:
        """The two replies to the last question, where two models answered it; else none."""
        shown = self.get(owner, conversation).messages
        pair = shown[-1].facts.get("beside") if shown else None
        if not pair:
            return ()
        tree = {message.id: message for message in self._store.tree(owner, conversation)}
        return tuple(tree[message] for message in pair if message in tree)

    def pick(self, owner: str, conversation: str, message: str, *, head: str | None) -> Conversation:
        """Go on with one of two replies: it is shown from now on, and its model answers first."""
        pair = self.beside(owner, conversation)
        if message not in [each.id for each in pair]:
            raise UserError("message_unknown")
        options = dict(self._store.get(owner, conversation).options)
        first, second = (each.facts.get("asked", "") for each in sorted(pair, key=lambda each: each.id != message))
        options |= {"model": first, "compare": second or pair[-1].model}
        self._store.set_options(owner, conversation, self._checked({n: v for n, v in options.items() if v}))
        return self._store.show(owner, conversation, message, head)

    def tokens(self, owner: str, message: str) -> Sequence[Token]:
        """The tokens of a reply, each with what else could have stood there."""
        return [unpacked(token) for token in self._store.tokens(owner, message)]

    # ---------------------------------------------------------------- thumbs

    def rate(self, owner: str, conversation: str, message: str, thumb: int) -> None:
        """Say that a reply is good (1) or not (-1); saying the same again takes it back."""
        same = self._message(owner, conversation, message).facts.get("thumb") == thumb
        self._store.rate(owner, conversation, message, 0 if same else thumb)

    def save_thumbs(self, owner: str) -> Path | None:
        """Write the owner's rated replies as chat JSON lines with a `thumb`, to train on; None where there are none.

        On a server for this computer alone, everybody's.
        """
        rows = [
            {"messages": [{"role": m.role, "content": m.content} for m in path], "thumb": thumb}
            for path, thumb in self._store.rated(None if self._settings.is_local else owner)
        ]
        if not rows:
            return None
        path = self._thumbs(owner)
        with atomic.writing(path, "w") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return path

    # ---------------------------------------------------------------- inside

    def _turn(self, owner: str, conversation: str, *, parent: str | None, head: str | None, text: str | None) -> Job:
        """Add a question, unless `text` is None, and a reply that grows; start the job that writes it."""
        if text is not None:
            check_message(text, self._settings)
        if self.running(owner, conversation):
            raise UserError("conversation_busy")
        self._jobs.check_room()
        found = self._store.get(owner, conversation)
        options = ChatOptions.of(found.options)
        growing = ChatMessage("", None, "assistant", "", state="growing")
        new = [] if text is None else [ChatMessage("", None, "user", text)]
        first = self._store.add(owner, conversation, parent, head, [*new, growing])[-1]
        if not options.compare:
            return self._reply(owner, conversation, conversation, first, options, {})
        [second] = self._store.add(owner, conversation, first.parent, first.id, [growing])
        self._store.show(owner, conversation, first.id, second.id)
        pair = [first.id, second.id]
        other = options.model_copy(update={"model": options.compare})
        job = self._reply(owner, conversation, conversation, first, options, {"beside": pair})
        self._reply(owner, conversation, conversation + BESIDE, second, other, {"beside": pair})
        return job

    def _reply(
        self,
        owner: str,
        conversation: str,
        subject: str,
        message: ChatMessage,
        options: ChatOptions,
        facts: dict[str, Any],
    ) -> Job:
        """Start the job that writes one reply; `facts` are kept with it."""
        tree = {m.id: m for m in self._store.tree(owner, conversation)}
        events = self._replies.events(
            [Message(m.role, m.content) for m in branch(tree, message.parent) if m.content],
            options,
            visitor=owner,
            alternatives=ALTERNATIVES,
            consult=partial(self._attachments.consult, owner, conversation, library=options.documents),
        )
        facts = facts | {"asked": options.model or ""} if facts else facts
        return self._jobs.start(
            kept(self._store, message.id, events, facts),
            owner=owner,
            subject=subject,
            unwatched_s=self._settings.reply_unwatched_s,
            limit_s=REPLY_LIMIT_S,
        )

    def _thumbs(self, owner: str) -> Path:
        return self._settings.paths.thumbs / f"{hashed(owner)[:24]}.jsonl"

    def _message(self, owner: str, conversation: str, message: str) -> ChatMessage:
        for found in self._store.tree(owner, conversation):
            if found.id == message:
                return found
        raise UserError("message_unknown")

    def _ids(self, owner: str, conversations: Sequence[str] | None) -> Sequence[str]:
        if conversations is not None:
            return conversations
        return self._store.ids(owner)

    def _checked(self, options: Mapping[str, Any]) -> dict[str, Any]:
        checked = ChatOptions.of(options)
        check_text(checked.system or "", self._settings.system_chars_max)
        return checked.model_dump(exclude_defaults=True)
