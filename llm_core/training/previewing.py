"""python -m llm_core.training.previewing RUNS < question.json: a preview of a run's data as JSON.

The question is {"config": ..., "sentence": ...}; the answer {"answer": a `preview.DataPreview`} or {"error": ...}.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.training.config import TrainConfig
from llm_core.training.families import FAMILIES
from llm_core.training.preview import DataPreview, preview_data
from llm_core.training.preview_examples import preview_examples
from llm_core.training.state import told

PLAIN = ("language", "masked")
"""Objectives that learn from running text."""


def _preview(config: TrainConfig, sentence: str, runs: Path) -> DataPreview:
    if config.objective in PLAIN and not config.start:
        return preview_data(config, sentence, tuple(FAMILIES[config.family].own_pieces(config.languages)))
    return preview_examples(config, sentence, runs)


def main() -> None:
    """Answer one question."""
    question = json.load(sys.stdin)
    config = TrainConfig.model_validate(question["config"])
    try:
        said: dict[str, Any] = {
            "answer": dataclasses.asdict(_preview(config, question["sentence"], Path(sys.argv[1])))
        }
    except UserError as error:
        said = {"error": told(error)}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
