"""The models that a run may begin with: finished runs, what comes along, and what is here beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llm_core.catalog import bundled, local
from llm_core.settings import Settings

if TYPE_CHECKING:
    from llm_core.workbench.run_state import RunState

KINDS = {"decoder": ("llama", "qwen2", "qwen3"), "encoder": ("bert", "xlm-roberta")}
"""What the families that come along or are fetched are called in a config.json."""
GOES_ON = ("mlp", "cnn", "rnn", "lstm", "gru", *KINDS)
"""Families whose training goes on from weights."""


def beginnings(settings: Settings, runs: Sequence[RunState], family: str) -> list[str]:
    """Their names, runs first, the newest of them before the others.

    Args:
        settings: places; models that were put here are offered to people at this computer alone.
        runs: those of the person who asks.
        family: of the model that is to be trained.
    """
    if family not in GOES_ON:
        return []
    named = [run.name for run in runs if run.state == "done" and run.family == family]
    named += _folders(bundled.FOLDER, family)
    if settings.is_local and settings.paths.models.is_dir():
        named += _folders(settings.paths.models, family)
        if family == "decoder":
            named += [file.stem for file in sorted(settings.paths.models.glob(f"*{local.SUFFIX}"))]
    return list(dict.fromkeys(named))


def _folders(place: Path, family: str) -> Iterator[str]:
    for config in sorted(place.glob("*/config.json")):
        try:
            kind = json.loads(config.read_text("utf-8")).get("model_type")
        except (OSError, ValueError, AttributeError):
            continue  # a damaged folder is nothing to begin with
        if kind in KINDS.get(family, ()):
            yield config.parent.name
