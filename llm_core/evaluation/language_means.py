"""Compute the mean vector of each language and kind of text, which the encoder subtracts (see engines/encoder.py).

    python -m llm_core.evaluation.language_means TASKS_FOLDER ENCODER_FOLDER

TASKS_FOLDER holds questions with their passages, `qa-*.train.jsonl.xz`, one JSON object a line with `context` and
`qas`. Writes language_means.json beside the model.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import numpy as np

from llm_core import atomic
from llm_core.documents.document import Block, Document
from llm_core.engines.base import EmbeddingKind
from llm_core.engines.encoder import E5, MEANS_FILE
from llm_core.evaluation.rows import read_rows
from llm_core.messages import Language
from llm_core.settings import Settings
from llm_core.tasks import passages

SETS: dict[Language, tuple[str, ...]] = {"zh": ("zh-cmrc2018", "zh-drcd"), "en": ("en-squad2", "en-shifts")}
TEXTS = 400  # of each language and kind; from 150 on the vector hardly moves
DECIMALS = 5


def texts(tasks: Path, language: Language) -> dict[EmbeddingKind, list[str]]:
    """Questions and passages to take the mean of, drawn evenly from all sets of the language."""
    found: dict[EmbeddingKind, list[str]] = {"query": [], "passage": []}
    for name in SETS[language]:
        drawn = list(read_rows(tasks / f"qa-{name}.train.jsonl.xz"))
        random.Random(0).shuffle(drawn)
        for row in drawn[: TEXTS // len(SETS[language])]:
            context = row["context"]
            document = Document("", "txt", context, (Block(0, len(context)),))
            passage = random.Random(row["id"]).choice(passages.cut(document))
            found["query"].append(row["qas"][0]["question"])
            found["passage"].append(passage.text)
    return found


def main(tasks: Path, folder: Path) -> None:
    """Write the file beside the model, which must not have one while they are computed."""
    (folder / MEANS_FILE).unlink(missing_ok=True)
    settings = Settings()
    encoder = E5(folder, settings.paths.conversions, settings.threads or 2)
    means = {
        language: {
            kind: np.round(np.mean(encoder.encode(drawn, kind), axis=0, dtype=np.float64), DECIMALS).tolist()
            for kind, drawn in texts(tasks, language).items()
        }
        for language in SETS
    }
    with atomic.writing(folder / MEANS_FILE, "w") as file:
        file.write(json.dumps(means, separators=(", ", ": ")).replace("], ", "],\n") + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
