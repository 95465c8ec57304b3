"""The tree of messages that a conversation is, and the branch of it that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

State: TypeAlias = Literal["whole", "growing", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message and its place in the tree."""

    id: str
    parent: str | None
    role: Literal["user", "assistant"]
    content: str
    model: str = ""
    state: State = "whole"
    facts: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0  # seconds since 1970
    siblings: tuple[str, ...] = ()  # the ids that answer the same parent, itself among them, oldest first


def branch(messages: Mapping[str, ChatMessage], head: str | None) -> list[ChatMessage]:
    """The messages from the first to `head`."""
    path: list[ChatMessage] = []
    while head is not None:
        path.append(messages[head])
        head = messages[head].parent
    return path[::-1]


def latest_leaf(messages: Mapping[str, ChatMessage], message: str) -> str:
    """The end of the newest branch that goes through `message`."""
    children: dict[str | None, str] = {m.parent: m.id for m in messages.values()}  # the newest child wins
    while message in children:
        message = children[message]
    return message
