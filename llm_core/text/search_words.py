"""The words that search looks for: Chinese cut so that parts of compounds are found too, English without endings.

Not for showing: a text's terms do not add up to the text. A tokenizer that looks for blanks finds nothing in Chinese.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any

LATIN = re.compile(r"[a-z0-9\u00df-\u024f]+(?:[’'][a-z]+)?")
HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
OTHER = re.compile(r"[^\W_a-z0-9\u00df-\u024f\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
VOWELS = frozenset("aeiouy")
TERM_CHARS_MAX = 64  # longer runs are noise: hashes, encoded files


def terms(text: str) -> list[str]:
    """The terms of a text, repeated as often as they stand in it, without blanks inside.

    Of Chinese: the words, the shorter words inside them, and every character, so that an unknown name is found by
    its characters. Measured on four sets of questions beside other cuts: evaluation/retrieval.py.

    >>> terms("The mills’ owners")
    ['the', 'mill', 'owner']
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    found = [stem(match.group()) for match in LATIN.finditer(plain)]
    for match in HAN.finditer(plain):
        found.extend(_segmenter().cut_for_search(match.group()))
        found.extend(match.group())
    found.extend(match.group() for match in OTHER.finditer(plain))
    return [term[:TERM_CHARS_MAX] for term in found]


def stem(word: str) -> str:
    """An English word in small letters without its most regular endings; light, so that few words fall together.

    >>> [stem(word) for word in ("companies", "running", "closed", "close", "bus", "2026")]
    ['compani', 'run', 'clos', 'clos', 'bus', '2026']
    """
    word = re.split("[’']", word)[0]
    if not word.isalpha() or len(word) < 4:
        return word
    word = _without_plural(word)
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and VOWELS & set(rest):
            word = rest[:-1] if len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    if len(word) > 5:
        word = word.removesuffix("ly")
    if len(word) > 4:
        word = word.removesuffix("e")
    if len(word) > 3 and word[-1] == "y" and word[-2] not in VOWELS:
        word = word[:-1] + "i"
    return word


def _without_plural(word: str) -> str:
    """Harman 1991, "How effective is suffixing?", the S stemmer."""
    if word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    if word.endswith("s") and word[-2] not in "us":
        return word[:-1]
    return word


@functools.cache
def _segmenter() -> Any:
    import rjieba

    return rjieba.Jieba()
