"""Ready-made roles of Chat: a system prompt by role, language and size of model, kept in prompts/chat.toml."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from llm_core.errors import UserError
from llm_core.messages import Language

Size: TypeAlias = Literal["small", "large"]
LARGE_FROM_PARAMETERS = 1_000_000_000

_FILE = Path(__file__).parent / "prompts" / "chat.toml"


@dataclass(frozen=True)
class Role:
    """One of the things that Chat can be for somebody; its label is the message `chat.role_<name>`."""

    name: str
    temperature: float
    prompts: dict[Language, dict[Size, str]]

    def prompt(self, language: Language, *, parameters: int, model: str) -> str:
        """The system prompt.

        Args:
            language: of the conversation.
            parameters: the model's size.
            model: the model's name, which the assistant may tell.
        """
        size: Size = "large" if parameters >= LARGE_FROM_PARAMETERS else "small"
        return self.prompts[language][size].replace("{model}", model)


@functools.cache
def table() -> dict[str, Role]:
    """All roles by name, the usual one first."""
    return {
        name: Role(name, entry["temperature"], {"en": entry["en"], "zh": entry["zh"]})
        for name, entry in tomllib.loads(_FILE.read_text("utf-8")).items()
    }


def role(name: str) -> Role:
    """The role called `name`.

    Raises:
        UserError: `role_unknown`.
    """
    if name not in table():
        raise UserError("role_unknown", name=name[:40], names=", ".join(table()))
    return table()[name]
