"""How well labels are told apart: accuracy, precision, recall and F1 of each class, and what is taken for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

_MATRIX_MAX = 40
"""Classes up to which the whole confusion matrix is kept."""
_CONFUSED = 20


def accuracy(said: Sequence[str], right: Sequence[str]) -> float:
    """Percent."""
    return round(100 * float(np.mean([a == b for a, b in zip(said, right, strict=True)])), 2)


def of_classes(said: Sequence[str], right: Sequence[str]) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 in percent, and the number of examples, of each class that occurs."""
    hits = Counter(a for a, b in zip(said, right, strict=True) if a == b)
    told, there = Counter(said), Counter(right)
    return {
        label: {
            "precision": _percent(hits[label], told[label]),
            "recall": _percent(hits[label], there[label]),
            "f1": _percent(2 * hits[label], told[label] + there[label]),
            "examples": there[label],
        }
        for label in sorted(told.keys() | there.keys())
    }


def macro_f1(said: Sequence[str], right: Sequence[str]) -> float:
    """The mean F1 of the classes that occur among the right ones, in percent."""
    scores = of_classes(said, right)
    return round(float(np.mean([scores[label]["f1"] for label in set(right)])), 2)


def micro_f1(said: Sequence[str], right: Sequence[str], without: Collection[str]) -> float:
    """F1 in percent over all examples, with `without` standing for "none of them"."""
    pairs = list(zip(said, right, strict=True))
    hits = sum(a == b and a not in without for a, b in pairs)
    told = sum(a not in without for a, _ in pairs)
    there = sum(b not in without for _, b in pairs)
    return _percent(2 * hits, told + there)


def confusion(said: Sequence[str], right: Sequence[str]) -> dict[str, Any]:
    """Rows are what is right, columns what was said; of many classes only the pairs that are confused most."""
    labels = sorted({*said, *right})
    pairs = Counter(zip(right, said, strict=True))
    if len(labels) <= _MATRIX_MAX:
        return {"labels": labels, "matrix": [[pairs[a, b] for b in labels] for a in labels]}
    wrong = Counter({pair: count for pair, count in pairs.items() if pair[0] != pair[1]})
    return {"most": [{"right": a, "said": b, "count": n} for (a, b), n in wrong.most_common(_CONFUSED)]}


def report(said: Sequence[str], right: Sequence[str]) -> dict[str, Any]:
    """All of it for one set of examples."""
    return {
        "examples": len(right),
        "accuracy": accuracy(said, right),
        "macro_f1": macro_f1(said, right),
        "classes": of_classes(said, right),
        "confusion": confusion(said, right),
    }


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
