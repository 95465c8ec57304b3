"""Ready-made roles of Chat: a system prompt by role, language and size of model, kept in prompts/chat.toml."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

from llm_core.errors import UserError
from llm_core.messages import Language

LARGE_FROM_PARAMETERS = 1_000_000_000

_PROMPTS = Path(__file__).parent / "prompts" / "chat.toml"


@functools.cache
def _table() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(_PROMPTS.read_text("utf-8"))


def names() -> list[str]:
    """The roles, the usual one first; each has a label `chat.role_<name>` in the messages."""
    return list(_table())


def prompt(role: str, language: Language, *, parameters: int, model: str) -> str:
    """The system prompt of `role`.

    Args:
        role: one of `names()`.
        language: of the conversation.
        parameters: the model's size.
        model: the model's name, which the assistant may tell.

    Raises:
        UserError: `role_unknown`.
    """
    if role not in _table():
        raise UserError("role_unknown", name=role[:40], names=", ".join(names()))
    sizes = _table()[role][language]
    size = "large" if parameters >= LARGE_FROM_PARAMETERS else "small"
    return sizes.get(size, next(iter(sizes.values()))).replace("{model}", model)
