"""Models that were trained here: each finished run is one, under the run's name, for those who may see the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from llm_core.models.card import ModelCard
from llm_core.settings import Settings

MODEL_FOLDER = "model"
_STATE_FILE = "state.json"


@dataclass(frozen=True, slots=True)
class Trained:
    """A Transformers folder that a run left, and what its card says."""

    name: str
    path: Path
    card: ModelCard

    @property
    def context_tokens(self) -> int:
        """The longest context it was trained for; 0 where it has no limit."""
        config = json.loads((self.path / "config.json").read_text("utf-8"))
        return int(config.get("max_position_embeddings") or 0)


def models(settings: Settings, owner: str = "") -> Iterator[Trained]:
    """The finished runs that `owner` may see, by name.

    Args:
        settings: where runs stand; on a server for this computer alone all of them are one person's.
        owner: a visitor's token, or "" for the command line.
    """
    for state in sorted(settings.paths.runs.glob(f"*/{_STATE_FILE}")):
        folder = state.parent / MODEL_FOLDER
        try:
            told = json.loads(state.read_text("utf-8"))
            if told["state"] == "done" and (settings.is_local or told["owner"] == owner):
                yield Trained(state.parent.name, folder, ModelCard.read(folder))
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            continue  # a run that is being written, or one whose model was taken away
