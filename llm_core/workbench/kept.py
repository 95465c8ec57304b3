"""A reply of a conversation as it is kept: saved while it grows and however it ends, with its tokens and figures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from llm_core.engines.base import Choice, Token
from llm_core.errors import UserError
from llm_core.events import Delta, Done, Events, Item, Notice
from llm_core.store.branches import State
from llm_core.store.conversations import Conversations

SAVE_EVERY_S = 1.0


def kept(store: Conversations, message: str, events: Events, facts: dict[str, Any]) -> Events:
    """The same events, with the reply `message` saved as it grows and however it ends.

    Args:
        store: where it stands.
        message: its id.
        events: of the reply.
        facts: kept with it, beside those that it brings itself.
    """
    text, model = "", ""
    tokens: list[Any] = []
    state: State = "stopped"
    saved = time.monotonic()
    try:
        for event in events:
            match event:
                case Delta():
                    text += event.text
                    if time.monotonic() - saved > SAVE_EVERY_S:
                        store.grow(message, text)
                        saved = time.monotonic()
                case Item():
                    tokens.extend(_packed(token) for token in event.value)
                case Notice("model"):
                    model = event.facts["id"]
                case Notice("consulted" | "consulted_none"):
                    facts = facts | {"consulted": event.facts.get("places", [])}
                case Notice("leaves" | "leaves_masked"):
                    facts = facts | {"sent_to": event.facts["host"], "masked": event.facts.get("n", 0)}
                case Done():
                    state, facts = "whole", facts | event.result.facts()
            yield event
    except UserError as error:
        state, facts = "failed", facts | {"error": error.code, "error_facts": _plain(error.facts)}
        raise
    finally:
        events.close()
        if state == "stopped" and tokens:
            facts = facts | {"reply_tokens": len(tokens)}
        store.finish(message, text, state, model=model, facts=facts, tokens=tokens)


def _packed(token: Token) -> list[Any]:
    """A token as it is kept: its text, its log-probability, and the same of what could have stood there."""
    return [token.text, round(token.logprob, 4), [[c.text, round(c.logprob, 4)] for c in token.choices]]


def unpacked(row: Sequence[Any]) -> Token:
    """A token as it was kept."""
    text, logprob, choices = row
    return Token(text, logprob, tuple(Choice(*choice) for choice in choices))


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts that JSON can hold, so that the sentence can be said again after a reload."""
    return {name: value if isinstance(value, (int, float)) else str(value) for name, value in facts.items()}
