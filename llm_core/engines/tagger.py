"""Taggers: a Transformers folder that marks the names in a text, as spans of characters with their types."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from llm_core.engines.bert import read_config
from llm_core.engines.classifier import has_head, label_sets, labels, tokens_max
from llm_core.engines.trunk import Linear, Trunk, log_softmax
from llm_core.errors import UserError
from llm_core.models import reading
from llm_core.models.tags import Entity, entities_of

TOKENS_MAX = 160  # read at once, where the model does not say how many those were that it learned from
SPECIAL_TOKENS = 2
_HEAD = "ForTokenClassification"


def tags(folder: Path) -> bool:
    """Whether the model in `folder` marks names."""
    return has_head(folder, _HEAD)


class Tagger:
    """One model. It is opened with the first text. Safe from several threads.

    Args:
        folder: the Transformers folder.
        caches: where its converted copy stands or is made.
        threads: for computing.

    Raises:
        UserError: `model_untagging`.
    """

    def __init__(self, folder: Path, caches: Path, threads: int) -> None:
        if not tags(folder):
            raise UserError("model_untagging", name=folder.name)
        self._trunk = Trunk(folder, caches, threads)
        self._config = read_config(folder)

    @property
    def label_sets(self) -> list[str]:
        """The names of the sets of types; one without a name where the folder names none."""
        return list(label_sets(self._config))

    def find(self, texts: Sequence[str], label_set: str | None = None) -> list[list[Entity]]:
        """The names in each text, in the order in which they stand there.

        Args:
            texts: longer ones than the model reads at once are read part by part.
            label_set: one of `label_sets`; the first one where none is given.

        Raises:
            UserError: `label_set_unknown`; with the first call `encoder_unusable`, `disk_full`.
        """
        sets = label_sets(self._config)
        if label_set is not None and label_set not in sets:
            raise UserError("label_set_unknown", name=label_set[:80], known=", ".join(sets))
        chosen = label_set if label_set is not None else next(iter(sets))
        first, end = sets[chosen]
        names, opened = labels(self._config, chosen), self._trunk.open()
        parts, (begin, close) = self._parts(texts), opened.marks
        found: dict[int, list[Entity]] = {}
        ids = [[begin, *map(int, part.ids), close] for _, part in parts]
        for number, states in opened.states(ids):
            log_p = log_softmax(self._head(states[1:-1])[:, first:end])
            found[number] = entities_of(log_p, parts[number][1].spans, names)
        rows: list[list[Entity]] = [[] for _ in texts]
        for number, (row, _) in enumerate(parts):
            rows[row] += found[number]
        return rows

    def close(self) -> None:
        """Free the memory; the next text opens the model again."""
        self._trunk.close()

    @functools.cached_property
    def _head(self) -> Linear:
        return Linear(self._trunk.folder, "classifier")

    def _parts(self, texts: Sequence[str]) -> list[tuple[int, reading.Encoded]]:
        """(row, so many of its pieces as the model reads at once), as in training."""
        sound = [text.encode("utf-8", "replace").decode() for text in texts]
        room = tokens_max(self._config, TOKENS_MAX) - SPECIAL_TOKENS
        return [
            (row, reading.Encoded(text.ids[start : start + room], text.spans[start : start + room]))
            for row, text in enumerate(reading.encode(self._trunk.open().tokenizer, sound))
            for start in range(0, len(text.ids), room)
        ]
