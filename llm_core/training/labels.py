"""Texts with labels: one set of labels, or several over one trunk, so that one model serves several data sets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_core.errors import UserError
from llm_core.training.config import Source

_LABELS_MAX = 1000
_ROWS_A_LABEL_MIN = 2.0
_FEW_ROWS = 20
"""So few rows may well have a label each."""


@dataclass(frozen=True)
class Example:
    """One or two texts with a label of a set; `source` is where it comes from."""

    texts: tuple[str, ...]
    label: str
    label_set: str
    source: str


@dataclass(frozen=True)
class Classes:
    """All classes of a model in their order: set by set, and by name within a set."""

    sets: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Classes:
        """Those that the training examples have.

        Raises:
            UserError: `label_alone` for a set of one label; `labels_many` where the column holds no labels.
        """
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for example in examples:
            counts[example.label_set][example.label] += 1
        for name, labels in counts.items():
            rows = labels.total()
            if len(labels) == 1:
                raise UserError("label_alone", name=name, label=next(iter(labels))[:80])
            few = rows >= _FEW_ROWS and rows < _ROWS_A_LABEL_MIN * len(labels)
            if few or len(labels) > _LABELS_MAX:
                raise UserError("labels_many", name=name, count=len(labels), rows=rows)
        return cls({name: sorted(labels) for name, labels in sorted(counts.items())})

    def __len__(self) -> int:
        return sum(map(len, self.sets.values()))

    @property
    def names(self) -> list[str]:
        """What each class is called: its label, or `set/label` where there are several sets."""
        if len(self.sets) == 1:
            return [label for labels in self.sets.values() for label in labels]
        return [f"{name}/{label}" for name, labels in self.sets.items() for label in labels]

    @property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """The classes [first, end) of each set."""
        ends = np.cumsum([len(labels) for labels in self.sets.values()]).tolist()
        return {n: (end - len(labels), end) for (n, labels), end in zip(self.sets.items(), ends, strict=True)}

    @property
    def set_of_class(self) -> NDArray[np.int64]:
        """The number of each class's set."""
        return np.repeat(np.arange(len(self.sets)), [len(labels) for labels in self.sets.values()])

    @property
    def index(self) -> dict[tuple[str, str], int]:
        """From a set and a label to the class."""
        pairs = ((name, label) for name, labels in self.sets.items() for label in labels)
        return {pair: i for i, pair in enumerate(pairs)}

    def numbers(self, examples: Iterable[Example]) -> list[int]:
        """The class of each example; all of them must have one."""
        index = self.index
        return [index[example.label_set, example.label] for example in examples]


def balancing(classes: Sequence[int], count: int) -> NDArray[np.float32]:
    """A weight for each class that makes all of them count alike: 1 on the average over examples."""
    found = np.bincount(classes, minlength=count)
    return (len(classes) / count / np.maximum(found, 1)).astype(np.float32)


def columns_of(source: Source) -> tuple[str, ...]:
    """The columns to read: texts first, the label last."""
    return ("text", "label") if source.fields == ("text",) else source.fields


def as_label(value: Any) -> str:
    """A label as text, whatever the file holds."""
    return str(value).strip()
