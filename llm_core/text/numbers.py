"""The numbers in a text, however they are written: 1,100, 一千一百, "eleven hundred" are the same.

For comparing two texts, in one language or in both; "one" and 一 alone are left out, since both are often no number.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Final

_DIGITS: Final = dict(zip("〇零一二三四五六七八九两", [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2], strict=True))
_UNITS: Final = {"十": 10, "百": 100, "千": 1000}
_MYRIADS: Final = {"万": 10**4, "亿": 10**8}
_CHINESE: Final = re.compile(
    r"(?:\d+(?:\.\d+)?)?[〇零一二三四五六七八九两十百千万亿]+(?:点[〇零一二三四五六七八九]+)?"
)
_ARABIC: Final = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?!\.?\d|[十百千万亿])")
NO_NUMBER: Final = re.compile("[一零〇]|[百千万亿]+一?")  # 万一, 千万, 百 of 百货
_UP_TO_NINETEEN: Final = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL: Final = {word: number for number, word in enumerate(_UP_TO_NINETEEN.split())} | {
    word: 10 * number for number, word in enumerate(_TENS.split(), 2)
}
_SCALES: Final = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_ONE_WORD: Final = "|".join([*_SMALL, *_SCALES])
_ENGLISH: Final = re.compile(rf"\b(?:{_ONE_WORD})(?:(?:[ -]| and )(?:{_ONE_WORD}))*\b")


def numbers(text: str) -> set[float]:
    """All numbers of a text, by their value.

    >>> sorted(numbers("一千一百度, 1,100 or eleven hundred; sixty thousand, 6万; 二〇二五年, 三点五"))
    [3.5, 1100.0, 2025.0, 60000.0]
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    found = {_arabic(match.group()) for match in _ARABIC.finditer(plain)}
    for match in _CHINESE.finditer(plain):
        if not NO_NUMBER.fullmatch(match.group()):
            found.add(_chinese(match.group()))
    for match in _ENGLISH.finditer(plain):
        if match.group() not in ("one", "zero"):
            found.add(_english(match.group()))
    return found


def _arabic(written: str) -> float:
    return float(written.replace(",", ""))


def _chinese(written: str) -> float:
    whole, _, decimals = written.partition("点")
    value = _chinese_whole(whole)
    for place, digit in enumerate(decimals, 1):
        value += _DIGITS[digit] / 10**place
    return value


def _chinese_whole(written: str) -> float:
    head = re.match(r"\d+(?:\.\d+)?", written)
    rest = written[head.end() :] if head else written
    if head and rest:  # 6万, 3.5亿
        return float(head.group()) * math.prod((_UNITS | _MYRIADS).get(mark, 1) for mark in rest)
    if not any(mark in _UNITS or mark in _MYRIADS for mark in rest):  # 二〇二五: read digit by digit
        return float("".join(str(_DIGITS[mark]) for mark in rest))
    total = section = digit = 0
    for mark in rest:
        if mark in _DIGITS:
            digit = _DIGITS[mark]
        elif mark in _UNITS:
            section += (digit or 1) * _UNITS[mark]
            digit = 0
        else:
            total = (total + section + digit) * _MYRIADS[mark]
            section = digit = 0
    return float(total + section + digit)


def _english(written: str) -> float:
    total = section = 0
    for word in re.split(r"[ -]| and ", written):
        if word in _SMALL:
            section += _SMALL[word]
        elif word == "hundred":
            section = (section or 1) * 100
        elif word in _SCALES:
            total += (section or 1) * _SCALES[word]
            section = 0
    return float(total + section)
