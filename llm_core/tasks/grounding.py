"""Which sentences of the documents bear out an answer: numbers, words and meaning compared, sentence by sentence.

The model is never asked for citations: small ones leave them out or invent them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from llm_core.engines.base import Encoder
from llm_core.tasks import negation
from llm_core.tasks.orders import is_order
from llm_core.tasks.retrieval import Evidence
from llm_core.text import sentences
from llm_core.text.language import language
from llm_core.text.numbers import numbers
from llm_core.text.search_words import STOP_TERMS, terms

BORNE_OUT_BY_WORDS = 0.6  # of a sentence's own words stand in its source
BORNE_OUT_BY_MEANING = 0.35  # cosine of question and answer to a source in the other language
EXACT_WEIGHT = 0.5  # of a source that holds all new numbers
SECOND_WITHIN = 0.15  # a second source counts where it bears out nearly as much
SOURCES_MAX = 2
_YES_OR_NO: Final = re.compile(  # small models tend to say yes, above all across languages
    r"吗\s*[？?]?\s*$|是否|能否|可否|有没有|(.)不\1"
    r"|^\W*(?:is|are|was|were|am|do|does|did|can|could|may|might|must|should|shall|will|would|has|have|had)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer: its characters, and the numbers, from 1, of the evidence that bears it out."""

    start: int
    end: int
    sources: tuple[int, ...] = ()
    doubtful: bool = False  # nothing bears it out, a number in it stands nowhere, or it says yes where all say no


def claims(text: str, question: str, evidence: Sequence[Evidence], encoder: Encoder) -> list[Claim]:
    """The sentences of an answer, each with its sources.

    Args:
        text: the answer.
        question: its words and numbers need no source.
        evidence: what the answer was made from.
        encoder: compares sentences of different languages.
    """
    spans = sentences.split(text)
    written = [span.of(text) for span in spans]
    if not written or not evidence:
        return [Claim(span.start, span.end, (), True) for span in spans]
    sources = [_without_orders(one.found.passage.text) for one in evidence]
    asked = [f"{question} {sentence}" for sentence in written]  # an answer of one word means nothing alone
    meaning = encoder.encode(asked, "query") @ encoder.encode([one.sentence for one in evidence], "query").T
    given = numbers(question)
    found = []
    for span, sentence, cosines in zip(spans, written, meaning, strict=True):
        new = numbers(sentence) - given
        shares = np.array([_share(sentence, question, _without_orders(one.sentence)) for one in evidence])
        exact = np.array([bool(new) and new <= numbers(one.sentence) for one in evidence])
        whole = max(_share(sentence, question, source) for source in sources)
        across = np.array([language(sentence) != language(one.sentence) for one in evidence])
        meant = float(np.max(cosines, where=across, initial=0.0))
        borne_out = whole >= BORNE_OUT_BY_WORDS or exact.any() or meant >= BORNE_OUT_BY_MEANING
        doubtful = not borne_out or not new <= set().union(*(numbers(source) for source in sources))
        cited = _best(shares + cosines + EXACT_WEIGHT * exact) if borne_out else ()
        if cited and _YES_OR_NO.search(question):
            doubtful |= all(negation.turned(sentence, evidence[number - 1].sentence) for number in cited)
        found.append(Claim(span.start, span.end, cited, doubtful))
    return found


def _share(sentence: str, question: str, source: str) -> float:
    """Which share of the words that `sentence` has of its own stands in `source`; all, where it has none."""
    own = set(terms(sentence)) - STOP_TERMS
    own = own - set(terms(question)) or own
    return len(own & set(terms(source))) / len(own) if own else 1.0


def _without_orders(text: str) -> str:
    """What a passage says to the model bears nothing out."""
    return " ".join(span.of(text) for span in sentences.split(text) if not is_order(span.of(text)))


def _best(weights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, ...]:
    order = np.argsort(-weights)[:SOURCES_MAX]
    return tuple(sorted(int(place) + 1 for place in order if weights[place] >= weights[order[0]] - SECOND_WITHIN))
