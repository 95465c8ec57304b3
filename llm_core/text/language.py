"""Which of the two languages a text is in."""

from __future__ import annotations

import re

from llm_core.messages import Language

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")


def language(text: str) -> Language | None:
    """Chinese or English, by which one has more words; None for a text with words of neither.

    A Chinese word has about one and a half characters, so `用Python写一个quicksort` is Chinese.
    """
    han = len(_HAN.findall(text))
    latin = len(_LATIN_WORD.findall(text))
    if not han and not latin:
        return None
    return "zh" if han / 1.5 >= latin else "en"
