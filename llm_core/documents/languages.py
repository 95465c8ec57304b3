"""Whether a whole document is Chinese, English or neither: what the tasks can work on."""

from __future__ import annotations

import re

from llm_core.messages import Language
from llm_core.text.language import language

SAMPLE_CHARS = 20_000  # at the start, in the middle and at the end
OTHER_MAX = 0.3  # of letters in other scripts
ENGLISH_LEAST = 0.05  # of words that are plain English ones: running English has 0.2, its neighbours under 0.02
WORDS_LEAST = 30  # fewer prove nothing: a table, a list of names
_LETTER = re.compile(r"[^\W\d_]")
_OTHER = re.compile(r"[\u0370-\u1cff\u3040-\u30ff\u1100-\u11ff\uac00-\ud7af]")  # Greek to Indic, kana, Korean
_WORD = re.compile(r"[a-z\u00e0-\u024f]+")
# Common in English and in no neighbour of it: without `of` and `is` (Dutch), `for` and `at` (Danish), `in` (all).
_ENGLISH = re.compile(
    r"the|and|to|that|with|are|this|from|by|which|have|has|been|not|it|be|they|their|were|would|there|than|its"
)


def is_foreign(text: str) -> bool:
    """Whether a text has words, and they are clearly in neither language."""
    return document_language(text) is None and bool(_LETTER.search(text))


def document_language(text: str) -> Language | None:
    """Chinese or English; None for a text that is clearly in neither, or has no words."""
    middle = max(SAMPLE_CHARS, len(text) // 2)
    sample = text[:SAMPLE_CHARS] + text[middle : middle + SAMPLE_CHARS] + text[-SAMPLE_CHARS:]
    letters = len(_LETTER.findall(sample))
    if len(_OTHER.findall(sample)) > OTHER_MAX * letters:
        return None
    guess = language(sample)
    if guess == "en":
        words = _WORD.findall(sample.lower())
        if len(words) >= WORDS_LEAST and sum(bool(_ENGLISH.fullmatch(word)) for word in words) < ENGLISH_LEAST * len(
            words
        ):
            return None
    return guess
