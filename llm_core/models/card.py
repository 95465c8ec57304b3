"""The card of a model: what it is, where from, how good, and what it cannot do. It stands beside it as card.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from llm_core import atomic

CARD_FILE = "card.json"


class ModelCard(BaseModel):
    """One model, known by the hash of its files wherever they are."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    title: dict[str, str] = Field(default_factory=dict)  # language -> name that a person reads
    tasks: tuple[str, ...]
    languages: tuple[str, ...]
    parameters: int
    bytes: int
    sha256: dict[str, str] = Field(default_factory=dict)  # file name -> hash
    sources: tuple[str, ...] = ()
    licence: str
    date: str = ""
    recipe: str = ""
    scores: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, str] = Field(default_factory=dict)  # language -> what it cannot do, in plain words

    @classmethod
    def read(cls, folder: Path) -> ModelCard:
        """The card of the model in `folder`."""
        return cls.model_validate_json((folder / CARD_FILE).read_text("utf-8"))

    def write(self, folder: Path) -> None:
        """Put the card beside its model."""
        with atomic.writing(folder / CARD_FILE, "w") as file:
            file.write(self.model_dump_json(indent=1) + "\n")
