"""The words that search looks for: Chinese cut so that parts of compounds are found too, English without endings.

Not for showing: a text's terms do not add up to the text. A tokenizer that looks for blanks finds nothing in Chinese.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable

from llm_core.text.stopwords import STOP_WORDS
from llm_core.text.words import stem

LATIN = re.compile(r"[a-z0-9\u00df-\u024f]+(?:[’'][a-z]+)?")
HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
OTHER = re.compile(r"[^\W_a-z0-9\u00df-\u024f\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
HAN_RUN_MAX = 2000  # characters cut at once: the cutter's table of ways grows with them
STOP_TERMS = frozenset(stem(re.split("[’']", word)[0]) for word in STOP_WORDS) | STOP_WORDS
TERM_CHARS_MAX = 64  # longer runs are noise: hashes, encoded files


def terms(text: str) -> list[str]:
    """The terms of a text, repeated as often as they stand in it, without blanks inside.

    Of Chinese: the words, the shorter words inside them, and every character, so that an unknown name is found by
    its characters. Measured on four sets of questions beside other cuts: evaluation/retrieval.py.

    >>> terms("The mills’ owners")
    ['the', 'mill', 'owner']
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    found = [stem(re.split("[’']", match.group())[0]) for match in LATIN.finditer(plain)]
    for match in HAN.finditer(plain):
        run = match.group()
        for begin in range(0, len(run), HAN_RUN_MAX):
            found.extend(_cutter()(run[begin : begin + HAN_RUN_MAX]))
        found.extend(run)
    found.extend(match.group() for match in OTHER.finditer(plain))
    return [term[:TERM_CHARS_MAX] for term in found]


@functools.cache
def _cutter() -> Callable[[str], list[str]]:
    """Loads its dictionary, which takes a moment."""
    import rjieba

    cut: Callable[[str], list[str]] = rjieba.cut_for_search
    return cut
