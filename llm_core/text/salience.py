"""How much of a text each of its sentences carries: centrality, position, cue phrases, length. No model, linear time.

Centrality is LexRank's degree (Erkan and Radev 2004) computed as one product with the sum of all sentence vectors,
so that no pair of sentences is compared. The weights were fitted on abstracts with their titles, Chinese and English
together, and measured on others; `evaluation/summaries.py` prints how they do beside the first sentences.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from llm_core.text import cues
from llm_core.text.words import is_content, stem, words

FIRST: Final = 3.0  # the very first sentence of a text
EARLY: Final = 3.8  # 1, 1/2, 1/3, ... of this by place in its section
CENTRAL: Final = 2.5  # once for a sentence of average centrality
COVERING: Final = 3.0  # once for a sentence that holds the average share of what recurs
POINT: Final = 5.0
WEIGHTY: Final = 2.0
DETAIL: Final = -3.0
BACKGROUND: Final = -3.0
FIGURES: Final = -4.0  # times the share of digits
LONGER: Final = -7.0  # times the logarithm of how much longer than this many words it is
LONG_WORDS: Final = 20
SHARE_MAX: Final = 3.0  # one sentence that repeats itself does not outweigh everything

_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Read:
    """One sentence as it is weighed: how often each of its terms stands in it, and what its manner is worth."""

    terms: Counter[str]
    manner: float


@dataclass(frozen=True, slots=True)
class Salience:
    """What is known of one sentence: its score, and the weight of each of its terms."""

    score: float
    terms: Mapping[str, float]


def read(sentence: str) -> Read:
    """Cut a sentence into its terms. The costly part: once for each sentence, however often it is scored."""
    cut = words(sentence)
    return Read(Counter(stem(word) for word in cut if is_content(word)), _manner(sentence, len(cut)))


def salience(sentences: Sequence[Read], *, opening: bool = True) -> list[Salience]:
    """Score the sentences of one section against each other.

    Args:
        sentences: in order.
        opening: whether the section opens the text.
    """
    counts = [one.terms for one in sentences]
    central = _relative(_centrality(counts))
    weights = _term_weights(counts)
    covering = _relative([sum(weights[term] for term in one) for one in counts])
    return [
        Salience(
            CENTRAL * central[i]
            + COVERING * covering[i]
            + EARLY / (1 + i)
            + FIRST * (opening and i == 0)
            + sentence.manner,
            {term: weights[term] for term in sentence.terms},
        )
        for i, sentence in enumerate(sentences)
    ]


def _centrality(counts: Sequence[Counter[str]]) -> list[float]:
    """For each sentence, the sum of its cosines with all others."""
    vectors = []
    total: dict[str, float] = defaultdict(float)
    for one in counts:
        norm = math.sqrt(sum(n * n for n in one.values())) or 1.0
        vectors.append({term: n / norm for term, n in one.items()})
        for term, x in vectors[-1].items():
            total[term] += x
    return [max(0.0, sum(x * total[term] for term, x in one.items()) - 1.0) if one else 0.0 for one in vectors]


def _term_weights(counts: Sequence[Counter[str]]) -> dict[str, float]:
    """The logarithm of how often each term occurs: what is said once weighs nothing."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return {term: math.log(n) for term, n in total.items()}


def _relative(values: Sequence[float]) -> list[float]:
    """Each value as a multiple of the mean, so that short and long sections are weighed alike."""
    mean = sum(values) / len(values) if values else 0.0
    return [min(SHARE_MAX, value / mean) if mean else 0.0 for value in values]


def _manner(sentence: str, length: int) -> float:
    """What its wording and length say, whatever it is about."""
    score = POINT * bool(cues.POINT.search(sentence)) + WEIGHTY * bool(cues.WEIGHTY.search(sentence))
    score += DETAIL * bool(cues.DETAIL.search(sentence)) + BACKGROUND * bool(cues.BACKGROUND.search(sentence))
    score += FIGURES * len(_DIGIT.findall(sentence)) / max(1, len(sentence))
    return score - math.log(max(length, 1)) + LONGER * max(0.0, math.log(max(length, 1) / LONG_WORDS))
