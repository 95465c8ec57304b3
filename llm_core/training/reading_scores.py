"""Exact match and F1 of answers, as SQuAD counts them, and how well a reader knows when not to answer.

Rajpurkar et al. 2016: words without case, punctuation and English articles; Chinese by the character.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_core.messages import LANGUAGES
from llm_core.training.reading import ANSWERABLE

_UNIT = re.compile(r"[^\W_\u3400-\u9fff]+|[\u3400-\u9fff]")
_ARTICLES = {"a", "an", "the"}


@dataclass(frozen=True)
class Answered:
    """One question with the best span that a reader found, and how far it beat "not answered here".

    `language` is the passage's.
    """

    source: str
    language: str
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


def thresholds_of(answered: Sequence[Answered], kinds: Sequence[str]) -> dict[str, float]:
    """For each language the margin below which not to answer; that of all questions where it has none of its own."""
    whole = threshold_of(answered, kinds)
    found: dict[str, float] = {}
    for language in LANGUAGES:
        own = [a for a in answered if a.language == language]
        found[language] = threshold_of(own, kinds) if _both_sides(own, kinds) else whole
    return found


def threshold_of(answered: Sequence[Answered], kinds: Sequence[str]) -> float:
    """The margin below which not to answer; 0 where nothing is answerable, or nothing unanswerable of `kinds`.

    Least is the sum, over sets, of two squares: the part of the answerable questions that is refused, and the part
    of the others that is answered. Squares, because no set is to pay for the rest: with the two rates of all
    questions together made equal, a set whose margins are lower had three quarters of its questions refused.
    """
    if not _both_sides(answered, kinds):
        return 0.0
    edges = np.unique([a.margin for a in answered])
    cuts = np.concatenate([edges[:1], (edges[1:] + edges[:-1]) / 2])
    cost = np.zeros(len(cuts))
    for source in {a.source for a in answered}:
        able = [a.margin for a in answered if a.source == source and a.kind == ANSWERABLE]
        not_able = [a.margin for a in answered if a.source == source and a.kind in kinds]
        cost += _part_below(able, cuts) ** 2 if able else 0.0
        cost += (1 - _part_below(not_able, cuts)) ** 2 if not_able else 0.0
    return float(cuts[cost.argmin()])


def _both_sides(answered: Sequence[Answered], kinds: Sequence[str]) -> bool:
    return any(a.kind == ANSWERABLE for a in answered) and any(a.kind in kinds for a in answered)


def _part_below(margins: Sequence[float], cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.searchsorted(np.sort(margins), cuts) / len(margins)


def figures(answered: Sequence[Answered], thresholds: Mapping[str, float]) -> dict[str, float]:
    """By source: `em` and `f1` of answerable questions with an answer forced, `f1_answered` of those it answers,
    `false_refusals`; and `false_answers` by kind of unanswerable question. All 0 to 100."""
    scores: dict[str, float] = {}
    for source in sorted({a.source for a in answered}):
        able = [a for a in answered if a.source == source and a.kind == ANSWERABLE]
        if able:
            given = [a for a in able if _is_given(a, thresholds)]
            scores[f"em.{source}"] = _percent(exact_match(a.answer, a.right) for a in able)
            scores[f"f1.{source}"] = _percent(f1(a.answer, a.right) for a in able)
            scores[f"f1_answered.{source}"] = _percent(f1(a.answer, a.right) for a in given)
            scores[f"false_refusals.{source}"] = _percent(not _is_given(a, thresholds) for a in able)
        for kind in sorted({a.kind for a in answered if a.source == source} - {ANSWERABLE}):
            beside = [a for a in answered if a.source == source and a.kind == kind]
            scores[f"false_answers.{kind}.{source}"] = _percent(_is_given(a, thresholds) for a in beside)
    return scores


def _is_given(answered: Answered, thresholds: Mapping[str, float]) -> bool:
    return answered.margin >= thresholds[answered.language]


def _percent(values: Iterable[float]) -> float:
    found = [float(value) for value in values]
    return round(100 * sum(found) / len(found), 2) if found else 0.0
