"""Classifiers: a Transformers folder that gives a text, or a pair of texts, a label.

An encoder's trunk runs in CTranslate2 and its head in numpy; a recurrent network runs in torch, which comes with the
first use. Safetensors hold numbers and nothing that runs; the classes are Transformers' own or ours, never the
folder's.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from llm_core.engines.bert import Floats, read_config
from llm_core.engines.trunk import Linear, Trunk, batches, log_softmax
from llm_core.errors import UserError
from llm_core.models import register

log = logging.getLogger(__name__)

CHARS_MAX = 8_000  # of a text are looked at; the model's own limit lies far below
TOKENS_MAX = 256  # of a text, where the model does not say how long those were that it learned from
_HEAD = "ForSequenceClassification"

Text: TypeAlias = "str | tuple[str, str]"
Logits: TypeAlias = Callable[[Sequence[Text]], Floats]


@dataclass(frozen=True, slots=True)
class Labelled:
    """The likeliest label of a text, and the probability of each label of its set, likeliest first."""

    label: str
    score: float
    scores: dict[str, float]


def classifies(folder: Path) -> bool:
    """Whether the model in `folder` gives labels."""
    return has_head(folder, _HEAD)


def has_head(folder: Path, head: str) -> bool:
    """Whether the model in `folder` is one whose class has this name's end."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return any(str(name).endswith(head) for name in config.get("architectures") or ())


class Classifier:
    """One open model. Safe from several threads.

    Args:
        folder: the Transformers folder.
        caches: where converted copies stand.
        threads: for computing.

    Raises:
        UserError: `model_unlabelling`.
    """

    def __init__(self, folder: Path, caches: Path, threads: int) -> None:
        if not classifies(folder):
            raise UserError("model_unlabelling", name=folder.name)
        self._folder, self._caches, self._threads = folder, caches, threads
        self._config = read_config(folder)
        self._lock = threading.Lock()
        self._opened: Logits | None = None

    @property
    def label_sets(self) -> dict[str, tuple[int, int]]:
        """The classes [first, end) of each set of labels; one without a name where the folder names none."""
        return label_sets(self._config)

    def labels(self, label_set: str) -> list[str]:
        """The labels of one set, in the model's order."""
        return labels(self._config, label_set)

    def classify(self, texts: Sequence[Text], label_set: str | None = None) -> list[Labelled]:
        """The label of each text, in their order.

        Args:
            texts: or pairs of texts, for a model that was trained on pairs.
            label_set: one of `label_sets`; the first one where none is given.

        Raises:
            UserError: `label_set_unknown`; with the first call `encoder_unusable`, `disk_full`.
        """
        sets = self.label_sets
        if label_set is not None and label_set not in sets:
            raise UserError("label_set_unknown", name=label_set[:80], known=", ".join(sets))
        chosen = label_set if label_set is not None else next(iter(sets))
        first, end = sets[chosen]
        names = self.labels(chosen)
        return [_ranked(names, row) for row in np.exp(log_softmax(self._logits(texts)[:, first:end]))]

    def close(self) -> None:
        """Free the memory; the next text opens the model again."""
        with self._lock:
            self._opened = None

    def _logits(self, texts: Sequence[Text]) -> Floats:
        cut = [text[:CHARS_MAX] if isinstance(text, str) else (text[0][:CHARS_MAX], text[1][:CHARS_MAX])
               for text in texts]  # fmt: skip
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            opened = self._opened
        return opened(cut)

    def _open(self) -> Logits:
        if self._config.get("model_type") != "bert":
            return _by_torch(self._folder, self._threads)
        try:
            return _by_trunk(self._folder, self._caches, self._threads, tokens_max(self._config, TOKENS_MAX))
        except UserError as error:  # such as a tiny one that eight bits do not suffice for
            if error.code != "encoder_unusable":
                raise
            log.warning("%s is served by torch: %s", self._folder, error)
            return _by_torch(self._folder, self._threads)


def label_sets(config: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """The classes [first, end) of each set of labels that a model's configuration names."""
    sets = config.get("label_sets") or {"": [0, len(config["id2label"])]}
    return {name: (first, end) for name, (first, end) in sets.items()}


def labels(config: dict[str, Any], label_set: str) -> list[str]:
    """The labels of one set; where there are several sets, the model calls each `set/label`."""
    sets = label_sets(config)
    prefix = f"{label_set}/" if len(sets) > 1 else ""
    first, end = sets[label_set]
    return [str(config["id2label"][str(i)]).removeprefix(prefix) for i in range(first, end)]


def tokens_max(config: dict[str, Any], usual: int) -> int:
    """As long as the texts that the model learned from, in tokens."""
    limit = int(config.get("max_position_embeddings") or usual)
    return min(int(config.get("context_tokens") or usual), limit)


def _ranked(names: Sequence[str], chances: Floats) -> Labelled:
    order = np.argsort(-chances, kind="stable")
    scores = {names[i]: float(chances[i]) for i in order}
    return Labelled(names[order[0]], float(chances[order[0]]), scores)


def _by_trunk(folder: Path, caches: Path, threads: int, longest: int) -> Logits:
    """BERT: a dense layer with tanh over the first state, then a linear one."""
    trunk = Trunk(folder, caches, threads, longest).open()
    pooler, head = Linear(folder, "bert.pooler.dense"), Linear(folder, "classifier")

    def logits(texts: Sequence[Text]) -> Floats:
        firsts = np.zeros((len(texts), trunk.hidden), np.float32)
        for row, states in trunk.states(trunk.ids(texts)):
            firsts[row] = states[0]
        return head(np.tanh(pooler(firsts)))

    return logits


def _by_torch(folder: Path, threads: int) -> Logits:
    import torch
    from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast
    from transformers.utils import logging as told

    register()
    told.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(threads)
    model: Any = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, trust_remote_code=False
    ).eval()
    tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(folder)

    def logits(texts: Sequence[Text]) -> Floats:
        longest = model.config.max_position_embeddings
        ids = [
            tokenizer(*([each] if isinstance(each, str) else each), truncation=True, max_length=longest)["input_ids"]
            for each in texts
        ]
        found = np.zeros((len(texts), model.config.num_labels), np.float32)
        for rows in batches([len(each) for each in ids]):
            inputs = tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt")
            with torch.no_grad():
                found[rows] = model(**inputs).logits.float().numpy()
        return found

    return logits
