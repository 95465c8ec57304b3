"""What code can check of a text that a model wrote from another: language, numbers, names, copying, subject."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from llm_core.messages import Language
from llm_core.tasks.leftovers import leftovers
from llm_core.text import quantities
from llm_core.text.language import language
from llm_core.text.numbers import numbers
from llm_core.text.sentences import split
from llm_core.text.words import terms, words

Fault: TypeAlias = Literal["empty", "language", "number", "name", "copied", "subject"]

COPY_SHARE: Final = 0.7  # of what was written, in one stretch that stands in the source too
COPY_LEAST: Final = {"zh": 18, "en": 9}  # characters or words; shorter stretches are terms
SUBJECT_SHARE: Final = 0.6  # of the content words that must stand in the source: what had fewer was false
AGAIN_SHARE: Final = 0.85  # of a second try: told not to copy, small models make things up
HEADLINE_SHARE: Final = 0.4  # of a headline's, which has few words
HAN: Final = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff]")
LATIN_NAME: Final = re.compile(r"(?<![.!?:\"“‘] )(?<!^)\b[A-Z][A-Za-z]+\b")
LATIN_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'-]+")


def faults(written: str, source: str, to: Language, *, headline: bool = False, again: bool = False) -> list[Fault]:
    """What is wrong with `written`, which should be in the language `to` and say only what `source` says.

    Args:
        written: one part of a summary.
        source: the text that it was written from, or the whole text.
        to: the language asked for.
        headline: in English its words are written large, so that names cannot be told.
        again: whether this is a second try, which is held to its source more strictly.
    """
    if not words(written):
        return ["empty"]
    found: list[Fault] = []
    across = language(source) not in (to, None)
    if language(written) != to or (to == "en" and HAN.search(written)) or (across and leftovers(source, written, to)):
        found.append("language")
    if quantities.added(source, written) if across else _wrong_numbers(written, source):
        found.append("number")
    unseen = to == "en" and (headline or across)  # of a Chinese name nothing tells how it is written in English
    if not unseen and _names(written) - _letters(source):
        found.append("name")
    if _copied(written, source, to):
        found.append("copied")
    share = HEADLINE_SHARE if headline else AGAIN_SHARE if again else SUBJECT_SHARE
    if not across and _off_subject(written, source, share):
        found.append("subject")
    return found


def _wrong_numbers(written: str, source: str) -> bool:
    """Whether a number is not in the source, or two stand in one sentence that are far apart there.

    Small models like to join two figures that have nothing to do with each other.
    """
    known = [numbers(span.of(source)) for span in split(source)]
    near = [one | two for one, two in zip(known, [*known[1:], set()], strict=True)]
    return any(
        told and not any(told <= here for here in near)
        for told in (numbers(span.of(written)) for span in split(written))
    )


def _names(written: str) -> set[str]:
    """Names in Latin letters: in Chinese every Latin word, in English what is written large inside a sentence."""
    pattern = LATIN_WORD if HAN.search(written) else LATIN_NAME
    return {match.group().lower() for match in pattern.finditer(written)} - {"i"}


def _letters(source: str) -> set[str]:
    found = {match.group().lower() for match in LATIN_WORD.finditer(source)}
    return found | {word.removesuffix("'s") for word in found} | {part for word in found for part in word.split("-")}


def longest_copy(written: str, source: str, to: Language) -> tuple[int, int]:
    """The longest stretch of `written` that stands in `source`, and the whole of it, in characters or words."""
    mine, theirs = _units(written, to), _units(source, to)
    low, high = 0, len(mine)
    while low < high:
        length = (low + high + 1) // 2
        grams = {tuple(theirs[i : i + length]) for i in range(len(theirs) - length + 1)}
        if any(tuple(mine[i : i + length]) in grams for i in range(len(mine) - length + 1)):
            low = length
        else:
            high = length - 1
    return low, len(mine)


def _copied(written: str, source: str, to: Language) -> bool:
    longest, whole = longest_copy(written, source, to)
    return longest >= COPY_LEAST[to] and longest >= COPY_SHARE * whole


def _units(text: str, to: Language) -> list[str]:
    return re.findall(r"\w", text) if to == "zh" else words(text)


def _off_subject(written: str, source: str, share: float) -> bool:
    mine = terms(written)
    theirs = set(terms(source))
    held = sum(term in theirs or (bool(HAN.match(term)) and term in source) for term in mine)
    return bool(mine) and held < share * len(mine)
