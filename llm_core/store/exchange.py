"""Conversations as files: JSON that can be imported again, Markdown that can be read anywhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_core.errors import UserError
from llm_core.store.branches import ChatMessage
from llm_core.store.conversations import Conversation, Conversations


class MessageRecord(BaseModel):
    """A message in a file; ids have a meaning inside that file only."""

    model_config = ConfigDict(extra="ignore")

    id: str
    parent: str | None = None
    role: Literal["user", "assistant"]
    content: str
    model: str = Field("", max_length=200)
    created: float = Field(0.0, ge=0)


class ConversationRecord(BaseModel):
    """A conversation in a file, with all its branches, parents before their children."""

    model_config = ConfigDict(extra="ignore")

    title: str = ""
    created: float = Field(0.0, ge=0)
    head: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    messages: list[MessageRecord]


class ExportFile(BaseModel):
    """The file as a whole."""

    format: Literal["llm-workbench-conversations"] = "llm-workbench-conversations"
    version: Literal[1] = 1
    conversations: list[ConversationRecord]


def to_json(conversations: Iterable[tuple[Conversation, Sequence[ChatMessage]]]) -> str:
    """Each conversation with the messages of all its branches, as text of the file."""
    records = [
        ConversationRecord(
            title=conversation.title,
            created=conversation.created,
            head=conversation.head,
            options=dict(conversation.options),
            messages=[
                MessageRecord(
                    id=m.id, parent=m.parent, role=m.role, content=m.content, model=m.model, created=m.created
                )
                for m in messages
            ],
        )
        for conversation, messages in conversations
    ]
    return ExportFile(conversations=records).model_dump_json(indent=1) + "\n"


def to_markdown(conversations: Iterable[Conversation], names: dict[str, str]) -> str:
    """The branch that is shown of each conversation; `names` says how a person calls "user" and "assistant"."""
    parts: list[str] = []
    for conversation in conversations:
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(conversation.created))
        parts.append(f"# {conversation.title}\n\n{day}\n")
        for message in conversation.messages:
            by = f" ({message.model})" if message.model else ""
            parts.append(f"## {names[message.role]}{by}\n\n{message.content}\n")
    return "\n".join(parts)


def read_json(content: bytes) -> ExportFile:
    """The file, checked.

    Raises:
        UserError: `import_unreadable`, where it is not one of ours or has been damaged.
    """
    try:
        file = ExportFile.model_validate_json(content)
    except ValidationError as error:
        raise UserError("import_unreadable", reason=error.errors()[0]["msg"]) from error
    for record in file.conversations:
        known: set[str] = set()
        for message in record.messages:
            if message.id in known or (message.parent is not None and message.parent not in known):
                raise UserError("import_unreadable", reason=f"{record.title}: {message.id}")
            known.add(message.id)
    return file


def store(file: ExportFile, conversations: Conversations, owner: str, title_chars_max: int) -> int:
    """Add every conversation of the file to the owner's; says how many. Nothing that was there changes."""
    for record in file.conversations:
        conversations.restore(
            owner,
            title=record.title[:title_chars_max],
            options=record.options,
            head=record.head,
            messages=[
                ChatMessage(m.id, m.parent, m.role, m.content, m.model, created=m.created) for m in record.messages
            ],
        )
    return len(file.conversations)
