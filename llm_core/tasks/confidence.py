"""How sure it is that the documents hold the answer: from what was found, and from what a model made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from llm_core.tasks.grounding import Claim
from llm_core.tasks.retrieval import Evidence

ANSWER_FROM = 0.5
NOTHING_BELOW = 0.12  # not even worth asking a language model


def found(question: str, evidence: Sequence[Evidence]) -> float:
    """From the sentences alone, 0 to 1."""
    if not evidence:
        return 0.0
    sentence = max(one.cosine for one in evidence)
    words = max(one.words for one in evidence)
    passage = max(one.found.score for one in evidence)
    return 1 / (1 + math.exp(-(-4.0 + 3.0 * sentence + 3.0 * words + 2.0 * passage)))


def refused(score: float) -> float:
    """Once a language model read the passages and found no answer."""
    return score * 0.4


def written(score: float, claims: Sequence[Claim]) -> float:
    """Once a language model wrote an answer, and its sentences were compared with their sources."""
    borne_out = sum(not claim.doubtful for claim in claims) / max(1, len(claims))
    return min(1.0, 0.5 * score + 0.5 * borne_out + 0.1)
