"""A glossary: how terms are to be translated. Read from CSV, TSV or lines `term = term`; honoured and checked."""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterator, Mapping
from typing import Final

from llm_core.errors import UserError
from llm_core.messages import Language
from llm_core.text.language import language
from llm_core.text.words import stem

TERMS_MAX: Final = 5000
TERM_CHARS_MAX: Final = 200
_ASSIGNED: Final = re.compile(r"\s*(?:=>|->|→|＝|=)\s*")
_HEADS: Final = frozenset(
    [
        "en,zh",
        "zh,en",
        "english,chinese",
        "chinese,english",
        "source,target",
        "term,translation",
        "英文,中文",
        "中文,英文",
        "原文,译文",
        "术语,译法",
    ]
)
_LATIN: Final = re.compile(r"[A-Za-z]")


def read(text: str) -> dict[str, str]:
    """The terms of a glossary in the order in which they stand.

    Args:
        text: lines `term = term`, or CSV or TSV with two columns; a head line, empty lines and lines that begin with
            `#` say nothing. Either language may stand first.

    Raises:
        UserError: `glossary_line` for a line without a second term, `glossary_long`.

    >>> read("# ours\\nattention head = 注意力头\\nworkshop,研讨会")
    {'attention head': '注意力头', 'workshop': '研讨会'}
    """
    terms: dict[str, str] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = _cells(line)
        if number == 1 and ",".join(cells[:2]).lower() in _HEADS:
            continue
        if len(cells) < 2 or not cells[0] or not cells[1] or max(map(len, cells[:2])) > TERM_CHARS_MAX:
            raise UserError("glossary_line", number=number, line=line.strip()[:60])
        terms[cells[0]] = cells[1]
    if len(terms) > TERMS_MAX:
        raise UserError("glossary_long", n=len(terms), limit=TERMS_MAX)
    return terms


def _cells(line: str) -> list[str]:
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")]
    if _ASSIGNED.search(line) and not line.lstrip().startswith('"'):
        return [cell.strip() for cell in _ASSIGNED.split(line, maxsplit=1)]
    delimiter = next((mark for mark in (",", ";", "，") if mark in line), ",")
    return [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=delimiter))]


class Glossary:
    """The terms as they apply to translation into one language.

    Args:
        terms: as `read` gives them; a term that is in the target language itself counts the other way round.
        to: the language of the translation.
    """

    def __init__(self, terms: Mapping[str, str], to: Language) -> None:
        self._terms = dict(_directed(terms, to))

    def __bool__(self) -> bool:
        return bool(self._terms)

    def of(self, sentence: str) -> dict[str, str]:
        """The terms that stand in a sentence, the longest first; one inside a longer one does not count."""
        found: dict[str, str] = {}
        rest = sentence
        for term in sorted(self._terms, key=len, reverse=True):
            shorter = _pattern(term).sub("\n", rest)
            if shorter != rest:
                found[term], rest = self._terms[term], shorter
        return found

    def missed(self, sentence: str, target: str) -> dict[str, str]:
        """The terms of a sentence that its translation does not have as it should."""
        return {term: wanted for term, wanted in self.of(sentence).items() if not _pattern(wanted).search(target)}

    def said(self, sentence: str) -> str:
        """The sentence with the translations of its terms in their place: small models leave those alone."""
        for term, wanted in self.of(sentence).items():
            sentence = _pattern(term).sub(wanted.replace("\\", r"\\"), sentence)
        return sentence

    def held(self, sentence: str) -> tuple[str, dict[str, str]]:
        """The sentence with a mark in the place of each of its terms, and the translation of each mark."""
        letter = next((one for one in "XYZQ" if f"{one}1" not in sentence), "X")
        marks: dict[str, str] = {}
        for number, (term, wanted) in enumerate(self.of(sentence).items(), 1):
            marks[f"{letter}{number}"] = wanted
            sentence = _pattern(term).sub(f"{letter}{number}", sentence)
        return sentence, marks


def _directed(terms: Mapping[str, str], to: Language) -> Iterator[tuple[str, str]]:
    for left, right in terms.items():
        turned = language(left) == to and language(right) not in (to, None)
        yield (right, left) if turned else (left, right)


@functools.lru_cache(maxsize=10_000)
def _pattern(term: str) -> re.Pattern[str]:
    """Where the term stands: in English whole words, singular or plural, capital or small; anywhere in Chinese."""
    if not _LATIN.search(term):
        return re.compile(re.escape(term))
    *words, last = term.split()
    plain = last.isascii() and last.isalpha() and not last.isupper()
    root = last[:-1] if plain and last.lower().endswith("y") else stem(last.lower()) if plain else last
    ending = r"(?:y|ies|e?s|ed|ing|e)?" if plain else ""
    body = r"\s+".join([*map(re.escape, words), re.escape(root) + ending])
    return re.compile(rf"(?<![A-Za-z]){body}(?![A-Za-z])", re.IGNORECASE)
