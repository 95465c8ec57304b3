"""Models that travel with the repository: small, nearly all made here, each with its card."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from llm_core.models.card import CARD_FILE, ModelCard

FOLDER = Path(__file__).parents[2] / "assets" / "models"
WRITING = "continue"  # the task of those that write
TRANSLATING = "translate"  # of those that translate; encoders have engines of their own


@dataclass(frozen=True, slots=True)
class Bundled:
    """A Transformers folder and what its card says."""

    path: Path
    card: ModelCard

    @property
    def context_tokens(self) -> int:
        """The longest context it was trained for; 0 where it has no limit."""
        return int(json.loads((self.path / "config.json").read_text("utf-8")).get("max_position_embeddings") or 0)


def folder(name: str) -> Path | None:
    """Where the bundled model of this name stands that reads, analyzes or searches; None for all others."""
    for path in sorted(FOLDER.glob(f"*/{CARD_FILE}")):
        if path.parent.name == name:
            tasks = ModelCard.read(path.parent).tasks
            return None if {WRITING, TRANSLATING} & set(tasks) else path.parent
    return None


@functools.cache
def models(folder: Path = FOLDER) -> tuple[Bundled, ...]:
    """All of them, by name."""
    return tuple(Bundled(path.parent, ModelCard.read(path.parent)) for path in sorted(folder.glob(f"*/{CARD_FILE}")))
