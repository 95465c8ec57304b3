"""Labels of a person's own: a dozen examples each make a classifier in seconds, from embeddings and a linear head.

Multinomial logistic regression over the frozen encoder's vectors, fitted by Newton's method with conjugate gradients
(few rows, 384 numbers each). Measured with the same encoder: docs/decisions/0020.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from llm_core.engines.base import Encoder
from llm_core.engines.classifier import Labelled
from llm_core.errors import UserError
from llm_core.events import Done, Events, Progress
from llm_core.tasks.waiting import ticking

Floats: TypeAlias = NDArray[np.float64]

FOLDS: Final = 5
EXAMPLES_EACH_MIN: Final = 2
LABELS_MAX: Final = 100
EXAMPLES_MAX: Final = 5000
RIDGE: Final = 0.1  # 1/C of a logistic regression with C = 10: measured as the best of three
SCALE: Final = 3.0  # of centred vectors, whose cosines lie close together
STEPS_MAX: Final = 40
AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what it is to be called."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class OwnLabels:
    """A linear head over the encoder: logits are vector @ weights + bias."""

    labels: tuple[str, ...]
    weights: Floats  # [hidden, labels]
    bias: Floats
    accuracy: float | None  # cross-validated, percent; None where there are too few examples for it
    majority: float  # percent, of always saying the most frequent label
    by_label: dict[str, float]  # recall of each, cross-validated, percent
    examples: int

    def classify(self, vectors: NDArray[Any]) -> list[Labelled]:
        """The label of each vector [n, hidden]."""
        rows = []
        for chances in _softmax(vectors @ self.weights + self.bias):
            order = np.argsort(-chances, kind="stable")
            scores = {self.labels[i]: float(chances[i]) for i in order}
            rows.append(Labelled(self.labels[order[0]], float(chances[order[0]]), scores))
        return rows

    def report(self) -> dict[str, Any]:
        """What is told of it."""
        return {"labels": list(self.labels), "examples": self.examples, "accuracy": self.accuracy,
                "majority": self.majority, "by_label": self.by_label}  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """What is kept."""
        return self.report() | {"weights": self.weights.round(5).tolist(), "bias": self.bias.round(5).tolist()}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> OwnLabels:
        """The other way round."""
        told = {name: kept[name] for name in ("accuracy", "majority", "by_label", "examples")}
        weights, bias = (np.asarray(kept[name], np.float64) for name in ("weights", "bias"))
        return cls(tuple(kept["labels"]), weights, bias, **told)


def learn(examples: Sequence[Example], encoder: Encoder) -> Events:
    """Learn labels from examples, and find out how well they can be told apart.

    Args:
        examples: two a label at least; a dozen is good.
        encoder: gives the vectors.

    Yields:
        Progress ("learning_labels" in examples), Done(OwnLabels).

    Raises:
        UserError: `own_labels_few`, `own_labels_many`, those of the encoder.
    """
    check(examples)
    texts = [one.text for one in examples]
    rows = []
    for start in range(0, len(texts), AT_ONCE):
        yield Progress("learning_labels", start, len(texts), "examples")
        some = texts[start : start + AT_ONCE]
        rows.append((yield from ticking(lambda some=some: encoder.encode(some, "query"), "opening")))  # type: ignore[misc]
    vectors = np.concatenate(rows)
    labels = tuple(sorted({one.label for one in examples}))
    classes = np.array([labels.index(one.label) for one in examples])
    yield Done((yield from ticking(lambda: fitted(vectors, classes, labels), "learning_labels")))


def check(examples: Sequence[Example]) -> None:
    """Whether there is enough to learn from, and not too much.

    Raises:
        UserError: `own_labels_few`, `own_labels_many`.
    """
    counts = Counter(one.label for one in examples)
    few = next((label for label, count in counts.items() if count < EXAMPLES_EACH_MIN), None)
    if len(counts) < 2 or few is not None:
        raise UserError("own_labels_few", least=EXAMPLES_EACH_MIN, label=(few or next(iter(counts), ""))[:80])
    if len(counts) > LABELS_MAX or len(examples) > EXAMPLES_MAX:
        raise UserError("own_labels_many", labels=LABELS_MAX, examples=EXAMPLES_MAX)


def fitted(vectors: NDArray[Any], classes: NDArray[np.int64], labels: Sequence[str]) -> OwnLabels:
    """The head for vectors [n, hidden], with its cross-validated score."""
    counts = np.bincount(classes, minlength=len(labels))
    said = _cross_validated(vectors, classes, len(labels))
    weights, bias = _fit(vectors, classes, len(labels))
    right = said == classes
    return OwnLabels(
        tuple(labels), weights, bias,
        accuracy=round(100 * float(right.mean()), 1),
        majority=round(100 * float(counts.max() / counts.sum()), 1),
        by_label={label: round(100 * float(right[classes == i].mean()), 1) for i, label in enumerate(labels)},
        examples=len(classes),
    )  # fmt: skip


def _cross_validated(vectors: NDArray[Any], classes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """What each row is taken for by a head that has not seen it; folds have as many of each label as there can be."""
    order = np.random.default_rng(0).permutation(len(classes))
    fold = np.zeros(len(classes), np.int64)
    for label in range(count):
        rows = order[classes[order] == label]
        fold[rows] = (np.arange(len(rows)) + label) % FOLDS
    said = np.zeros(len(classes), np.int64)
    for number in np.unique(fold):
        held = fold == number
        weights, bias = _fit(vectors[~held], classes[~held], count)
        said[held] = (vectors[held] @ weights + bias).argmax(1)
    return said


def _fit(vectors: NDArray[Any], classes: NDArray[np.int64], count: int) -> tuple[Floats, Floats]:
    """Weights [hidden, count] and bias of the logistic regression, every label weighing alike."""
    mean = vectors.mean(0)
    x = np.concatenate([SCALE * (vectors - mean), np.ones((len(vectors), 1))], axis=1).astype(np.float64)
    rows = np.maximum(np.bincount(classes, minlength=count), 1)
    weight = (len(classes) / count / rows)[classes][:, None]
    target = np.eye(count)[classes]
    ridge = np.full((x.shape[1], 1), RIDGE)
    ridge[-1] = 1e-6  # the bias is free
    theta = np.zeros((x.shape[1], count))
    for _ in range(STEPS_MAX):
        p = _softmax(x @ theta)
        gradient = x.T @ (weight * (p - target)) + ridge * theta
        if np.abs(gradient).max() < 1e-4:
            break
        theta -= _solved(x, p, weight, ridge, gradient)
    weights = SCALE * theta[:-1]
    return weights, theta[-1] - mean @ weights


def _solved(x: Floats, p: Floats, weight: Floats, ridge: Floats, gradient: Floats) -> Floats:
    """Newton's step: the Hessian's inverse times the gradient, by conjugate gradients."""

    def hessian(direction: Floats) -> Floats:
        moved = x @ direction
        moved = p * (moved - (p * moved).sum(1, keepdims=True))
        return np.asarray(x.T @ (weight * moved) + ridge * direction)

    step, residual = np.zeros_like(gradient), gradient.copy()
    direction, square = residual.copy(), float((residual**2).sum())
    first = square
    for _ in range(100):
        if square <= 1e-8 * first:
            break
        product = hessian(direction)
        alpha = square / float((direction * product).sum())
        step += alpha * direction
        residual -= alpha * product
        before, square = square, float((residual**2).sum())
        direction = residual + square / before * direction
    return step


def _softmax(logits: NDArray[Any]) -> Floats:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True), np.float64)
