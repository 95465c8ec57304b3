"""The card of a model: what it is, where from, how good, and what it cannot do. It stands beside it as card.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from llm_core import atomic

CARD_FILE = "card.json"


def contents(folder: Path) -> dict[str, Any]:
    """`bytes` and `sha256` of a card: what stands in `folder` beside it."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != CARD_FILE)
    return {
        "bytes": sum(path.stat().st_size for path in files),
        "sha256": {path.name: atomic.sha256_of(path) for path in files},
    }


class TextSource(BaseModel):
    """A text that the model learned from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: str
    licence: str
    characters: int
    written_by_model: str | None = None  # the model that wrote it, where people did not


class ModelCard(BaseModel):
    """One model, known by the hash of its files wherever they are."""

    model_config = ConfigDict(frozen=True, extra="allow")  # a card may say more than is asked of all

    id: str
    title: dict[str, str] = Field(default_factory=dict)  # language -> name that a person reads
    tasks: tuple[str, ...]
    languages: tuple[str, ...]
    parameters: int
    bytes: int  # of all files together, the card not counted
    sha256: dict[str, str] = Field(default_factory=dict)  # file name -> hash
    sources: tuple[TextSource | str, ...] = ()
    licence: str
    date: str = ""
    recipe: str = ""  # path in the repository
    trained: dict[str, Any] = Field(default_factory=dict)  # updates, tokens, seconds
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

    def damaged(self, folder: Path) -> list[str]:
        """Names of files in `folder` that are missing or are not what the card says."""
        return [
            name
            for name, digest in self.sha256.items()
            if not (folder / name).is_file() or atomic.sha256_of(folder / name) != digest
        ]
