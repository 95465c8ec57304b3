"""Words of the wrong script in a translation: which may stay, which were left over, and a grammar without the latter.

Into Chinese, Latin words may stay where they are names, units, abbreviations, code or addresses; into English no
Chinese character may, but one that the source itself quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from llm_core.messages import Language
from llm_core.text.spans import Span
from llm_core.text.stopwords import STOP_WORDS

# What is the same in every language: addresses, code in back-quotes, paths, options, e-mail, identifiers, formulas.
VERBATIM: Final = re.compile(
    r"https?://[!-~]+[\w/]|www\.[!-~]+[\w/]|[\w.+-]+@[\w-]+\.[\w.-]+\w|`[^`\n]+`|\{[^{}\s]{1,60}\}|%\d?\$?[sd]\b"
    r"|(?<![\w/.])\.{0,2}/[\w.-]*\w(?:/[\w.-]*\w)*/?|(?<![\w/.])[\w.-]+(?:/[\w.-]+){2,}/?|(?<![\w-])--?[A-Za-z][\w-]*"
    r"|\b\w+\(\)|\b[A-Za-z]\w*(?:[._:]\w+)+\b|<[/\w][^<>\n]{0,60}>|\b\w*_\w+\b",
    re.ASCII,
)
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’&+.-]?[A-Za-z0-9\u00c0-\u024f]+)*\+*#?")
_HAN: Final = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]+")
_QUOTED: Final = re.compile("[“‘「『《\"'（(]([\u3400-\u9fff]{1,6})[”’」』》\"'）)]")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_UNITS: Final = _listed(
    "nm mm cm dm m km g kg mg ml l s ms us ns min h hz khz mhz ghz v mv kv w kw mw kwh a ma k kb mb gb tb pb bit "
    "bits byte bytes px pt dpi fps rpm db pm am a.m p.m c f pa kpa mpa mol cal kcal x mph kph ii iii iv vi vii "
    "viii ix xi xii"
)
# Small words that Chinese writing about computers keeps as they are.
_LOANS: Final = _listed(
    "app apps ok wifi email pip npm git bash shell python linux docker android jupyter markdown token tokens "
    "cookie cookies bug bugs socket flash notebook notebooks getter setter epoch epochs bazel http https json html "
    "css"
)
# Written large and still no names: small models leave them as they are.
_CALENDAR: Final = _listed(
    "monday tuesday wednesday thursday friday saturday sunday january february april june july august september "
    "october november december"
)
_COMMON_ENDING: Final = re.compile(r"(?:ly|ing|ed|tion|sion|ment|ness|ous|ful|ive|able)s?$")
_GRAMMAR: Final[dict[Language, str]] = {
    # A line without Latin letters, and then whatever may stay.
    "zh": r"[^A-Za-z\u00C0-\u024F\n]",
    "en": r"[^\u2E80-\u9FFF\uF900-\uFAFF\uFF00-\uFFEF\n]",
}


def leftovers(source: str, target: str, to: Language, terms: Iterable[str] = ()) -> list[Span]:
    """The words of `target` that should have been translated.

    Args:
        source: the sentence.
        target: its translation.
        to: the language of the translation.
        terms: translations that a glossary asks for; they may be in any script.
    """
    if to == "en":
        allowed = {match[1] for match in _QUOTED.finditer(source)} | set(terms)
        return [Span(*match.span()) for match in _HAN.finditer(target) if match.group() not in allowed]
    allowed = staying(source) | {word for term in terms for word in _words(term)}
    free = [Span(*match.span()) for match in VERBATIM.finditer(target) if match.group() in source]
    return [
        Span(*match.span())
        for match in _LATIN.finditer(target)
        if not _may_stay(match, target, source, allowed)
        and not any(span.start <= match.start() < span.end for span in free)
    ]


def _may_stay(match: re.Match[str], target: str, source: str, allowed: set[str]) -> bool:
    word = match.group()
    if word.lower() in allowed | _LOANS or is_unit(word, target[: match.start()]):
        return True
    if sum(letter.isupper() for letter in word) > 1:  # an abbreviation, also one that the source has in the plural
        return word.lower() in source.lower()
    return word.istitle() and word in source and not _COMMON_ENDING.search(word) and word.lower() not in _CALENDAR


def staying(source: str) -> set[str]:
    """The Latin words of a sentence, in small letters, that may stand in its Chinese translation as they are."""
    found: set[str] = set()
    for match in VERBATIM.finditer(source):
        found |= set(_words(match.group()))
    bare = VERBATIM.sub(" ", source)
    for match in _LATIN.finditer(bare):
        word = match.group()
        opens = word.istitle() and _opens(bare, match.start())
        if word not in ("I", "A") and not opens and word != word.lower():
            found |= {word.lower(), *(part.lower() for part in re.split("[-'’.]", word) if part)}
        elif any(mark.isdigit() for mark in word) or (opens and _named_later(word, bare)):
            found.add(word.lower())
    return found - _CALENDAR


def _opens(text: str, start: int) -> bool:
    """Whether a word begins the sentence, where it is written large in any case."""
    return not re.search(r"\w", text[:start]) or bool(re.search(r"[.!?:]\s*[\"“'‘(]*$", text[:start]))


def _named_later(word: str, text: str) -> bool:
    """Anna Miller …: a first word that is followed by a name is usually one itself, unless it is a common word."""
    followed = re.search(rf"\b{re.escape(word)}(?:'s|’s)?\s+[A-Z][a-z]", text)
    return bool(followed) and word.lower() not in STOP_WORDS


def _words(text: str) -> Iterator[str]:
    for match in _LATIN.finditer(text):
        word = match.group().lower()
        yield word
        yield from (part for part in re.split("[-'’.&+]", word) if part)


def is_unit(word: str, before: str) -> bool:
    """Whether it is a unit after its number, or a single letter as in `A点`.

    Args:
        word: of Latin letters.
        before: what stands before it.
    """
    if len(word) == 1:
        return True
    return word.lower() in _UNITS and bool(re.search(r"[\d一二三四五六七八九十百千万亿/]\s?$", before))


def grammar(source: str, to: Language, terms: Iterable[str] = ()) -> str:
    """A GBNF grammar for one line in the target language: nothing of the other script but what may stay."""
    if to == "en":
        allowed = sorted({match[1] for match in _QUOTED.finditer(source)} | {t for t in terms if _HAN.search(t)})
    else:
        allowed = sorted(_allowed_words(source) | {word.group() for term in terms for word in _LATIN.finditer(term)})
    choices = " | ".join([_GRAMMAR[to], *map(_literal, allowed)])
    return f"root ::= ({choices})+"


def _allowed_words(source: str) -> set[str]:
    """As they are written: the words that may stay, the verbatim stretches, and the units after numbers."""
    small = staying(source)
    found = {match.group() for match in VERBATIM.finditer(source)}
    found |= {match.group() for match in _LATIN.finditer(source) if match.group().lower() in small}
    found |= {match[1] for match in re.finditer(r"\d\s?([A-Za-z]{1,4})\b", source) if match[1].lower() in _UNITS}
    return found


def _literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
