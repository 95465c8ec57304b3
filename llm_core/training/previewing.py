"""python -m llm_core.training.previewing < question.json: a preview of a run's data as JSON.

The question is {"config": ..., "sentence": ...}; the answer {"answer": a `preview.DataPreview`} or {"error": ...}.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

from llm_core.errors import UserError
from llm_core.training.config import TrainConfig
from llm_core.training.families import FAMILIES
from llm_core.training.preview import preview_data
from llm_core.training.state import told


def main() -> None:
    """Answer one question."""
    question = json.load(sys.stdin)
    config = TrainConfig.model_validate(question["config"])
    own_pieces = tuple(FAMILIES[config.family].own_pieces(config.languages))
    try:
        said: dict[str, Any] = {"answer": dataclasses.asdict(preview_data(config, question["sentence"], own_pieces))}
    except UserError as error:
        said = {"error": told(error)}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
