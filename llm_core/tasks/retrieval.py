"""Find the passages and sentences that a question is about, by words and by meaning at once.

Knows no file and no language model. Both scores mean the same for every question (a cosine with the languages' means
taken away; a share of the question's words by their weight), so their sum ranks, and is comparable between questions.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from llm_core.engines.base import Encoder
from llm_core.store.passages import Passage, Passages
from llm_core.text import sentences
from llm_core.text.language import language
from llm_core.text.numbers import numbers
from llm_core.text.search_words import STOP_TERMS, terms
from llm_core.text.spans import Span

# Recall@1 with a weight of 0.5: cmrc 99.2, drcd 97.6, squad2 89.2, nq 90.4; by words alone 98.4, 97.2, 86.8, 75.2, by
# vectors alone 97.2, 92.0, 84.8, 88.4; adding reciprocal ranks (k 60) 98.0, 96.8, 87.2, 84.4.
WORDS_WEIGHT = 0.5
# Added across languages, where words cannot help. Of nine questions to passages in the other language, the answer was
# among the first sentences of 6 rather than 4; of 21 in the same one, of 18 as before.
ACROSS = 0.15
CANDIDATES = 200  # of each leg
READ_PASSAGES = 5  # whose sentences are looked at one by one
SENTENCES_MAX = 40  # that are encoded for one question: the time that a person waits
SAME_FROM = 0.95  # share of their terms that two sentences have in common, in the same order
_ITEM = re.compile(r"^\s*(?:[-*•·]|\(?\d{1,3}[.)、]|[（(]?[一二三四五六七八九十]{1,3}[、）)])\s*")
_DENIES = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|without|cannot)\b|n['’]t\b|[不没未无非勿]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with what speaks for it."""

    document: str  # its id
    passage: Passage
    words: float  # share of the question's words that it holds, 0 to 1
    cosine: float  # nearness in meaning
    across: bool = False  # in the other language than the question

    @property
    def score(self) -> float:
        """What passages are ranked by."""
        return self.cosine + WORDS_WEIGHT * self.words + ACROSS * self.across


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer the question, in its passage."""

    found: Found
    span: Span  # in the document
    sentence: str
    words: float
    cosine: float

    @property
    def score(self) -> float:
        """What sentences are ranked by: their own weight, and their passage's, which names what they leave out."""
        return self.cosine + WORDS_WEIGHT * self.words + ACROSS * self.found.across + self.found.score


def passages(question: str, store: Passages, encoder: Encoder, limit: int) -> list[Found]:
    """The best `limit` passages for `question`, the best first."""
    vector = encoder.encode([question], "query")[0]
    by_words = {hit[:2]: hit.score for hit in store.by_words(question, CANDIDATES)}
    by_vector = {hit[:2]: hit.score for hit in store.by_vector(vector, CANDIDATES)}
    farthest = min(by_vector.values(), default=0.0)  # whoever is not among the nearest is at least as far as that
    spoken, found = language(question), []
    for document, number in by_words.keys() | by_vector.keys():
        try:
            passage = store.get(document, number)
        except KeyError:  # deleted in this moment
            continue
        key = (document, number)
        across = spoken is not None and language(passage.text) not in (spoken, None)
        found.append(Found(document, passage, by_words.get(key, 0.0), by_vector.get(key, farthest), across))
    return sorted(found, key=lambda one: (-one.score, one.document, one.passage.start))[:limit]


def evidence(
    question: str, found: Sequence[Found], text_of: Callable[[str], str], encoder: Encoder, limit: int
) -> list[Evidence]:
    """The best sentences of the best passages, the best first; what several places say alike comes once.

    Args:
        question: as it was asked.
        found: passages, the best first.
        text_of: the whole text of a document by its id.
        encoder: as for `passages`.
        limit: how many.
    """
    places = _sentences(_different(found, text_of)[:READ_PASSAGES], text_of)
    if not places:
        return []
    texts = [text for _, _, text in places]
    cosines = encoder.encode(texts, "passage") @ encoder.encode([question], "query")[0]
    shares = word_shares(question, texts)
    rated = [
        Evidence(one, span, text, share, float(cosine))
        for (one, span, text), share, cosine in zip(places, shares, cosines, strict=True)
    ]
    kept: list[Evidence] = []
    for one in sorted(rated, key=lambda each: -each.score):
        if len(kept) < limit and not any(same(one.sentence, other.sentence) for other in kept):
            kept.append(one)
    return kept


def same(one: str, other: str) -> bool:
    """Whether two sentences say the same in the same words: but for marks, and a word or so of a long one.

    A number, or a word that denies, makes a difference however long they are.

    >>> same("3. The gate shuts at six.", "THE GATE SHUTS AT SIX"), same("It shuts at six.", "It shuts at seven.")
    (True, False)
    """
    first, second = (_ITEM.sub("", text) for text in (one, other))
    alike = SequenceMatcher(None, terms(first), terms(second), autojunk=False).ratio()
    return (
        alike >= SAME_FROM
        and numbers(first) == numbers(second)
        and bool(_DENIES.search(first)) == bool(_DENIES.search(second))
    )


def word_shares(question: str, texts: Sequence[str]) -> list[float]:
    """Which share of the question's words each text holds, 0 to 1; a word that few of the texts hold weighs more."""
    asked = set(terms(question))
    asked = asked - STOP_TERMS or asked
    held = [asked & set(terms(text)) for text in texts]
    holding = Counter(term for each in held for term in each)
    weights = {term: math.log(1 + (len(texts) + 1) / (holding[term] + 0.5)) for term in asked}
    whole = sum(weights.values()) or 1.0
    return [sum(weights[term] for term in each) / whole for each in held]


def _different(found: Sequence[Found], text_of: Callable[[str], str]) -> list[Found]:
    """Without passages that stand in several documents, or twice in one: the best place of each."""
    kept: dict[str, Found] = {}
    for one in found:
        kept.setdefault("".join(text_of(one.document)[one.passage.start : one.passage.end].split()), one)
    return list(kept.values())


def _sentences(found: Sequence[Found], text_of: Callable[[str], str]) -> list[tuple[Found, Span, str]]:
    """The sentences of the passages with their places; where two passages share one, the better passage has it."""
    places: dict[tuple[str, int], tuple[Found, Span, str]] = {}
    for one in found:
        text = text_of(one.document)
        for sentence in sentences.split(text[one.passage.start : one.passage.end]):
            span = sentence.shifted(one.passage.start)
            places.setdefault((one.document, span.start), (one, span, span.of(text)))
    return list(places.values())[:SENTENCES_MAX]
