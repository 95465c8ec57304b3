"""Classifiers: a Transformers folder that gives a text, or a pair of texts, a label; torch comes with the first use.

Safetensors hold numbers and nothing that runs; the class is one of Transformers' own or of ours, never the folder's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.models import register

CHARS_MAX = 8_000  # of a text are looked at; the model's own limit lies far below
BATCH_TOKENS = 4096  # with padding
_HEAD = "ForSequenceClassification"


@dataclass(frozen=True, slots=True)
class Labelled:
    """The likeliest label of a text, and the probability of each label of its set, likeliest first."""

    label: str
    score: float
    scores: dict[str, float]


def classifies(folder: Path) -> bool:
    """Whether the model in `folder` gives labels."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return any(str(name).endswith(_HEAD) for name in config.get("architectures") or ())


class Classifier:
    """One open model. Safe from several threads.

    Args:
        folder: the Transformers folder.
        threads: for computing.

    Raises:
        UserError: `model_unlabelling`.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        if not classifies(folder):
            raise UserError("model_unlabelling", name=folder.name)
        self._folder, self._threads = folder, threads
        self._lock = threading.Lock()
        self._opened: tuple[Any, Any] | None = None

    @property
    def label_sets(self) -> dict[str, tuple[int, int]]:
        """The classes [first, end) of each set of labels; one without a name where the folder names none."""
        config = json.loads((self._folder / "config.json").read_text("utf-8"))
        sets = config.get("label_sets") or {"": [0, len(config["id2label"])]}
        return {name: (first, end) for name, (first, end) in sets.items()}

    def classify(self, texts: Sequence[str | tuple[str, str]], label_set: str | None = None) -> list[Labelled]:
        """The label of each text, in their order.

        Args:
            texts: or pairs of texts, for a model that was trained on pairs.
            label_set: one of `label_sets`; the first one where none is given.

        Raises:
            UserError: `label_set_unknown`.
        """
        sets = self.label_sets
        if label_set is not None and label_set not in sets:
            raise UserError("label_set_unknown", name=label_set[:80], known=", ".join(sets))
        first, end = sets[label_set or next(iter(sets))]
        import torch

        with self._lock:
            tokenizer, model = self._open()
            prefix = f"{label_set or next(iter(sets))}/" if len(sets) > 1 else ""
            names = [str(model.config.id2label[i]).removeprefix(prefix) for i in range(first, end)]
            found: list[Labelled | None] = [None] * len(texts)
            for rows, inputs in _batches(tokenizer, texts, model.config.max_position_embeddings):
                with torch.no_grad():
                    chances = model(**inputs).logits[:, first:end].float().softmax(-1).tolist()
                for row, some in zip(rows, chances, strict=True):
                    ranked = sorted(zip(names, some, strict=True), key=lambda pair: -pair[1])
                    found[row] = Labelled(ranked[0][0], ranked[0][1], dict(ranked))
        return [each for each in found if each is not None]

    def _open(self) -> tuple[Any, Any]:
        if self._opened is None:
            import torch
            from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast
            from transformers.utils import logging

            register()
            logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            torch.set_num_threads(self._threads)
            model = AutoModelForSequenceClassification.from_pretrained(
                self._folder, dtype=torch.float32, trust_remote_code=False
            )
            self._opened = PreTrainedTokenizerFast.from_pretrained(self._folder), model.eval()
        return self._opened


def _batches(tokenizer: Any, texts: Sequence[str | tuple[str, str]], longest: int) -> Any:
    """(rows, what the model reads of them), texts of like length side by side."""
    cut = [
        text[:CHARS_MAX] if isinstance(text, str) else (text[0][:CHARS_MAX], text[1][:CHARS_MAX]) for text in texts
    ]
    ids = [
        tokenizer(*([each] if isinstance(each, str) else each), truncation=True, max_length=longest) for each in cut
    ]
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]["input_ids"]))
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and len(ids[order[stop]]["input_ids"]) * (stop + 1 - start) <= BATCH_TOKENS:
            stop += 1
        rows = order[start:stop]
        yield rows, tokenizer.pad({"input_ids": [ids[row]["input_ids"] for row in rows]}, return_tensors="pt")
        start = stop
