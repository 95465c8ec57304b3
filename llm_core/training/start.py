"""Find the model that a run begins with, by its name: a run's, or that of a model that is here."""

from __future__ import annotations

from pathlib import Path

from llm_core.errors import UserError
from llm_core.models.shared import whole
from llm_core.paths import safe_name

BUNDLED = Path(__file__).parents[2] / "assets" / "models"


def find_start(name: str, runs: Path) -> Path:
    """The Transformers folder of `name`.

    Args:
        name: of a finished run, of a bundled model, or of a folder among the fetched models.
        runs: where the runs stand; the fetched models stand beside it.

    Raises:
        UserError: `name_unusable`, `start_unknown`, `base_missing`, `base_other`.
    """
    safe_name(name)
    for folder in (runs / name / "model", BUNDLED / name, runs.parent / "models" / name):
        if (folder / "config.json").is_file():
            return whole(folder, runs.parent / "conversions")
    raise UserError("start_unknown", name=name)
