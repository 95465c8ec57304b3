"""Words of a text in both languages: Chinese cut by a dictionary, English lower-cased; and what to compare by.

Chinese is cut by rjieba, which makes the same cuts as jieba in Han text (286 abstracts, all of them) sixteen times as
fast; everything that is not Han is cut here, by one rule.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Any, Final, Literal, NamedTuple

from llm_core.text.spans import Span
from llm_core.text.stopwords import STOP_WORDS

_HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE: Final = re.compile(
    f"(?P<han>[{_HAN}]+)"
    r"|\d+(?:[.,:]\d+)*(?:[%％‰])?"
    rf"|[^\W\d_{_HAN}]+(?:['’.+#&-]?[^\W_{_HAN}]+)*[+#]{{0,2}}"
)  # words may hold marks: don't, node.js, covid-19, C++
_HAN_WORD: Final = re.compile(f"[{_HAN}]")
_VOWEL: Final = re.compile("[aeiouy]")
_BINDING: Final = frozenset(["d", "ad", "m", "q", "r", "f", "t", "p", "c"])  # tags of jieba's dictionary
_HAN_NUMBER: Final = re.compile("[〇零一二两三四五六七八九十百千万亿]+")
_GAPS: Final = re.compile(" {2,}")
HAN_RUN_MAX: Final = 2000  # characters handed to the cutter at once: its table of ways grows with them


class Word(NamedTuple):
    """A word as it is compared (NFKC, small letters) and where it stands."""

    text: str
    span: Span


def tokens(text: str) -> Iterator[Word]:
    """All words and numbers of `text` in order; no marks, no white space."""
    for piece in _PIECE.finditer(text):
        start, content = piece.start(), piece.group()
        if piece.lastgroup != "han":
            yield Word(_folded(content), Span(start, piece.end()))
            continue
        for begin in range(0, len(content), HAN_RUN_MAX):
            for word in _cut(content[begin : begin + HAN_RUN_MAX]):
                yield Word(word, Span(start, start + len(word)))
                start += len(word)


def words(text: str) -> list[str]:
    """The words and numbers of `text` as they are compared."""
    return [word.text for word in tokens(text)]


def terms(text: str) -> list[str]:
    """What `text` is about: its words without stop words and bare numbers, English ones stemmed."""
    return [stem(word) for word in words(text) if is_content(word)]


def spaced(text: str) -> str:
    """The text with a blank between the words of its Chinese; the rest stays.

    >>> spaced("今天天气很好。It is fine.")
    '今天天气 很 好。It is fine.'
    """
    return _PIECE.sub(lambda piece: " ".join(_cut(piece[0])) if piece.lastgroup == "han" else piece[0], text)


def without_stop_words(text: str, own: Collection[str] = ()) -> str:
    """The text without its stop words and those of one's `own`, and without the blanks that these leave."""
    dropped = {_folded(word) for word in own}
    parts, end = [], 0
    for word in tokens(text):
        if word.text in STOP_WORDS or word.text in dropped:
            parts.append(text[end : word.span.start])
            end = word.span.end
    return _GAPS.sub(" ", "".join([*parts, text[end:]])).strip()


def is_content(word: str) -> bool:
    """Whether a word says what a text is about: no stop word, no single Latin letter, no number."""
    if word in STOP_WORDS or _HAN_NUMBER.fullmatch(word):
        return False
    return bool(_HAN_WORD.match(word)) or (len(word) > 1 and not word[0].isdigit())


@functools.lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """An English word without its ending for number and tense: cities, city; trained, training, train.

    Only endings that seldom change what a word means are taken; anything else, Chinese included, stays as it is.
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) > 2 and _VOWEL.search(root):
            return _restored(root)
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _restored(root: str) -> str:
    """Running, run: a doubled consonant came with the ending."""
    if root[-1] == root[-2] and root[-1] not in "lsz":
        return root[:-1]
    return root


def _folded(word: str) -> str:
    """Full-width letters as usual ones, small letters, one kind of apostrophe."""
    return unicodedata.normalize("NFKC", word).replace("’", "'").lower()


@functools.lru_cache(maxsize=100_000)
def kind(word: str) -> Literal["thing", "act", "binding"]:
    """What a Chinese word does: names a thing, tells an act or a quality, or binds others. Others name things."""
    if not _HAN_WORD.match(word):
        return "thing"
    tags = _cutter().tag(word, True)
    tag = tags[0][1] if len(tags) == 1 else "n"
    return "act" if tag in ("v", "a", "zg") else "binding" if tag in _BINDING else "thing"


@functools.cache
def _cutter() -> Any:
    import rjieba  # 0.07 s and 30 MB: only who works with Chinese pays

    return rjieba.Jieba()


def _cut(han: str) -> list[str]:
    if len(han) == 1:
        return [han]
    cut: list[str] = _cutter().cut(han, True)
    return cut
