"""Exact match and F1 of answers, as SQuAD counts them, and how well a reader knows when not to answer.

Rajpurkar et al. 2016: words without case, punctuation and English articles; Chinese by the character.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from llm_core.training.reading import ANSWERABLE

_UNIT = re.compile(r"[^\W_\u3400-\u9fff]+|[\u3400-\u9fff]")
_ARTICLES = {"a", "an", "the"}


@dataclass(frozen=True)
class Answered:
    """One question with the best span that a reader found, and how far it beat "not answered here"."""

    source: str
    kind: str
    answer: str
    margin: float
    right: tuple[str, ...]


def exact_match(answer: str, right: Sequence[str]) -> float:
    """1 where the answer is one of the right ones."""
    return float(any(_units(answer) == _units(one) for one in right))


def f1(answer: str, right: Sequence[str]) -> float:
    """The best overlap with a right answer, 0 to 1."""
    return max((_overlap(_units(answer), _units(one)) for one in right), default=0.0)


def _units(text: str) -> list[str]:
    return [unit for unit in _UNIT.findall(text.lower()) if unit not in _ARTICLES]


def _overlap(ours: list[str], theirs: list[str]) -> float:
    if not ours or not theirs:
        return float(ours == theirs)
    shared = (Counter(ours) & Counter(theirs)).total()
    return 2 * shared / (len(ours) + len(theirs))


def threshold_of(answered: Sequence[Answered], kinds: Sequence[str]) -> float:
    """The margin below which not to answer: where as large a part of the answerable questions is refused as of
    the unanswerable ones of `kinds` is answered; 0 where one side is empty."""
    able = np.sort([a.margin for a in answered if a.kind == ANSWERABLE])
    not_able = np.sort([a.margin for a in answered if a.kind in kinds])
    if not len(able) or not len(not_able):
        return 0.0
    cuts = np.unique(np.concatenate([able, not_able]))
    refused = np.searchsorted(able, cuts) / len(able)
    falsely = 1 - np.searchsorted(not_able, cuts) / len(not_able)
    return float(cuts[np.abs(refused - falsely).argmin()])


def figures(answered: Sequence[Answered], threshold: float) -> dict[str, float]:
    """By source: `em` and `f1` of answerable questions with an answer forced, `f1_answered` of those it answers,
    `false_refusals`; and `false_answers` by kind of unanswerable question. All 0 to 100."""
    scores: dict[str, float] = {}
    for source in sorted({a.source for a in answered}):
        able = [a for a in answered if a.source == source and a.kind == ANSWERABLE]
        if able:
            given = [a for a in able if a.margin >= threshold]
            scores[f"em.{source}"] = _percent(exact_match(a.answer, a.right) for a in able)
            scores[f"f1.{source}"] = _percent(f1(a.answer, a.right) for a in able)
            scores[f"f1_answered.{source}"] = _percent(f1(a.answer, a.right) for a in given)
            scores[f"false_refusals.{source}"] = _percent(a.margin < threshold for a in able)
        for kind in sorted({a.kind for a in answered if a.source == source} - {ANSWERABLE}):
            beside = [a for a in answered if a.source == source and a.kind == kind]
            scores[f"false_answers.{kind}.{source}"] = _percent(a.margin >= threshold for a in beside)
    return scores


def _percent(values: Iterable[float]) -> float:
    found = [float(value) for value in values]
    return round(100 * sum(found) / len(found), 2) if found else 0.0
