"""Which numbers of a text a translation of it lost: 三十, thirty and 30, 1.2万 and 12,000, 3月 and March.

What must be there is read strictly (no number is seen in 三明治 or "one of them"), what could be it leniently (every
reading counts), so that a doubt is worth a look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from llm_core.text.spans import Span

_DIGITS: Final = {mark: value for value, mark in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS: Final = {"十": 10, "百": 100, "千": 1000}
_MYRIADS: Final = {"万": 10**4, "亿": 10**8}
_SCALES: Final = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def _counted(listed: str, begin: int, step: int = 1) -> dict[str, int]:
    return {word: begin + step * place for place, word in enumerate(listed.split())}


_SMALL: Final = _counted(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    0,
) | _counted("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10)
_ORDINALS: Final = _counted(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
    1,
) | {"thirtieth": 30, "fortieth": 40, "fiftieth": 50, "hundredth": 100}
_MONTHS: Final = _counted("january february march april may june july august september october november december", 1)
_MONTHS_SHORT: Final = {word[:3]: value for word, value in _MONTHS.items()} | {"sept": 9}
_LOOSE_WORDS: Final = {
    "a": (1, 100, 1000, 10**6, 10**9), "an": (1,), "another": (1,), "single": (1,), "sole": (1,), "once": (1,),
    "twice": (2,), "double": (2,), "doubled": (2,), "both": (2,), "pair": (2,), "couple": (2,), "either": (2,),
    "half": (50, 2, 30, Decimal("0.5")), "quarter": (4, 15, 25), "triple": (3,), "thrice": (3,), "dozen": (12,),
    "decade": (10,), "decades": (10,), "century": (100,), "none": (0,), "no": (0,), "noon": (12,),
    "midnight": (0, 12),
    "fortnight": (2, 14), "quadruple": (4,), "biannual": (2,), "bilingual": (2,), "dual": (2,),
}  # fmt: skip
_LOOSE_CHARS: Final = {
    "双": (2,), "俩": (2,), "仨": (3,), "半": (50, 2, 30, Decimal("0.5")), "打": (12,), "刻": (15,), "倍": (2,),
    "廿": (20,),
    "首": (1,), "单": (1,), "元": (1,), "每": (1,), "某": (1,), "个": (1,), "同": (1,), "另": (1,), "翻": (2,),
    "纪": (100,),
}  # fmt: skip

_SEPARATED: Final = r"\d{1,3}(?:[,，\u00a0\u202f ]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
_ARABIC: Final = re.compile(
    rf"(?P<number>{_SEPARATED})"
    rf"(?:\s?(?P<han>[十百千万亿]+)|[ -]?(?P<scale>{'|'.join(_SCALES)})s?\b|(?P<short>(?:bn|[kKmMbB])\b))?"
)
_DOTTED: Final = re.compile(r"(?<![\d.])\d+(?:\.\d+){2,}(?!\d|\.\d)")  # versions, addresses: written the same
_CHINESE: Final = re.compile("[〇零一二三四五六七八九两十百千万亿]+(?:点[〇零一二三四五六七八九]+)?")
_ONE_WORD: Final = "|".join([*_SMALL, *_SCALES])
_ENGLISH: Final = re.compile(
    rf"\b(?:(?:{_ONE_WORD})\b|an? (?=(?:hundred|thousand|million|billion)\b))"
    rf"(?:(?:[ -]|,? and )?(?:{_ONE_WORD})\b)*(?:-(?:{'|'.join(_ORDINALS)})\b)?",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[A-Za-z]+")
# A Chinese numeral alone is a number before one of these.
_MEASURE: Final = (
    "个年月日号天岁名位次倍种只条件台家块米元页章节级项步层张辆座门双组套份篇句行列字点时分秒周届支所艘架期版类"
)
_NO_NUMBER: Final = re.compile(
    "[百千万亿十一]|千万|万一|万千|百万|千百|亿万|万万|一一|十万|十万八千|百十"  # vague, or a word of its own
)
_NOT_BEFORE: Final = re.compile("[几数好上成统唯单专划]|星期$|礼拜$|周$|其$")
_WEEKDAY: Final = re.compile("(?:星期|礼拜|周)[一二三四五六日天](?![天个次])")
_NAMED: Final = re.compile(r"[A-Za-z]$|[A-Za-z][-_]$")  # GPT-2, COVID-19, x2 are names


class Quantity(NamedTuple):
    """A number as it is written, and where."""

    written: str
    span: Span


def lost(source: str, target: str) -> list[Quantity]:
    """The numbers of `source` that `target` does not have in any writing; each with its place in `source`.

    >>> [one.written for one in lost("We have room for 32, and 320 signed up.", "可容纳32人，已有32人报名。")]
    ['320']
    >>> lost("三十二人于3月14日到达，带来1.2万本书", "thirty-two came on 14 March with 12,000 books")
    []
    """
    readings, words = _readings(target), set(_DOTTED.findall(target))
    found: list[Quantity] = []
    for quantity, values in _strict(source):
        if quantity.written not in words and not values & readings:
            found.append(quantity)
    return found


def added(source: str, target: str) -> list[Quantity]:
    """The numbers of `target` that `source` does not have; each with its place in `target`."""
    return lost(target, source)


def _strict(text: str) -> Iterator[tuple[Quantity, frozenset[Decimal]]]:
    """What is surely a number, with every value that a translation may give it."""
    taken: list[Span] = []
    for find in (_dotted, _arabic, _chinese, _english, _months):
        for span, values in find(text):
            if values and not any(span.start < other.end and other.start < span.end for other in taken):
                taken.append(span)
                yield Quantity(span.of(text), span), values


def _dotted(text: str) -> Iterator[tuple[Span, frozenset[Decimal]]]:
    for match in _DOTTED.finditer(text):
        yield Span(*match.span()), frozenset([Decimal(-1)])  # only the same writing will do


def _arabic(text: str) -> Iterator[tuple[Span, frozenset[Decimal]]]:
    for match in _ARABIC.finditer(text):
        after = text[match.end() :]
        if _NAMED.search(text[: match.start()][-2:]) or re.match(r"\s*世纪\s*\d+\s*年代", after):
            continue
        value = _scaled(match)
        values = {value, *_years(value, after)}
        if match["short"]:  # 125m may be metres
            values.add(Decimal(_plain(match)))
        if decade := _decade(text, match):
            values = {decade}
        if re.match(r"\s?[ap]\.?m\b", after):  # 7.55am
            values = {value // 1, value // 1 + 12}
        if re.match(r"\s+decades", after):
            values.add(value * 10)
        if re.match(r"\s?[:：]\d\d", after) or re.match(r"\s?[点时:]", after):
            values |= {value - 12, value + 12}
        yield Span(*match.span()), frozenset(values)


def _decade(text: str, match: re.Match[str]) -> Decimal | None:
    """1930 of 20世纪30年代, at the second of its numbers."""
    century = re.search(r"(\d+)\s*世纪\s*$", text[: match.start()])
    if not century or not re.match(r"\s*年代", text[match.end() :]):
        return None
    return (Decimal(century[1]) - 1) * 100 + _scaled(match)


def _years(value: Decimal, after: str) -> set[Decimal]:
    """24年 may be 2024, the 1990s 90年代."""
    if re.match("s\\b|'s\\b|’s\\b", after):
        return {value % 100}
    if after.startswith("年") and value < 100:
        return {value + 1900, value + 2000, value + 1800}
    return set()


def _plain(match: re.Match[str]) -> str:
    return re.sub(r"[^\d.]", "", match["number"])


def _scaled(match: re.Match[str]) -> Decimal:
    value = Decimal(_plain(match))
    for mark in match["han"] or "":
        value *= (_UNITS | _MYRIADS)[mark]
    if match["scale"]:
        value *= _SCALES[match["scale"].lower()]
    if match["short"]:
        value *= {"k": 10**3, "m": 10**6, "b": 10**9}[match["short"][0].lower()]
    return value


def _chinese(text: str) -> Iterator[tuple[Span, frozenset[Decimal]]]:
    for match in _CHINESE.finditer(text):
        written, before, after = match.group(), text[max(0, match.start() - 2) : match.start()], text[match.end() :]
        if _NO_NUMBER.fullmatch(written) or _NOT_BEFORE.search(before) or after[:1] in "几来":
            continue
        digits = [mark for mark in written if mark in _DIGITS]
        plain = len(digits) == len(written)
        if len(written) == 1 and (after[:1] not in _MEASURE or after[:1] == "" or after[:2] in ("分之", "点半")):
            continue
        if plain and 2 <= len(written) < 4 and not set(written) & {"〇", "零"}:  # 七八个, 二三
            continue
        if written + after[:1] in ("四周", "二次") or written == "两" or (written == "二" and before.endswith("第")):
            continue
        value = chinese(written)
        yield Span(*match.span()), frozenset({value, *_years(value, after)})


def chinese(written: str) -> Decimal:
    """The value of a Chinese numeral; one without units is read digit by digit.

    >>> int(chinese("一千一百")), int(chinese("二〇二五")), int(chinese("三亿零五万")), float(chinese("三点五"))
    (1100, 2025, 300050000, 3.5)
    """
    whole, _, decimals = written.partition("点")
    tail = Decimal("0." + "".join(str(_DIGITS[mark]) for mark in decimals)) if decimals else Decimal(0)
    if not any(mark in _UNITS or mark in _MYRIADS for mark in whole):
        return Decimal("".join(str(_DIGITS[mark]) for mark in whole) or 0) + tail
    return Decimal(_whole(whole)) + tail


def _whole(written: str) -> int:
    """三亿零五万, the larger unit first; a last digit takes the unit below the one before it: 三千五 is 3500."""
    for mark, unit in (("亿", 10**8), ("万", 10**4)):
        head, found, rest = written.rpartition(mark)
        if found:
            return (_whole(head) or 1) * unit + (_DIGITS[rest] * unit // 10 if rest in _DIGITS else _whole(rest))
    total = digit = 0
    last = 1
    for mark in written:
        if mark in _DIGITS:
            digit, last = _DIGITS[mark], last if mark not in "零〇" else 1
        else:
            total, digit, last = total + (digit or 1) * _UNITS[mark], 0, _UNITS[mark] // 10
    return total + digit * max(1, last)


def _english(text: str) -> Iterator[tuple[Span, frozenset[Decimal]]]:
    for match in _ENGLISH.finditer(text):
        written = match.group().lower()
        if written not in ("one", "two", "zero", *_SCALES) and not written.endswith((" one", "a ")):
            yield Span(*match.span()), frozenset(_english_values(written))


def _english_values(written: str) -> set[Decimal]:
    """A phrase of number words: as a sum, and as years are said (nineteen ninety-five)."""
    words = [word for word in re.findall("[a-z]+", written) if word not in ("and", "a", "an")]
    total = section = 0
    for word in words:
        if word in _SMALL or word in _ORDINALS:
            section += _SMALL.get(word, _ORDINALS.get(word, 0))
        elif word == "hundred":
            section = (section or 1) * 100
        else:
            total += (section or 1) * _SCALES[word]
            section = 0
    values = {Decimal(total + section)}
    small = [_SMALL.get(word, 0) for word in words]
    if len(words) > 1 and all(word in _SMALL for word in words):
        values.add(Decimal(small[0] * 100 + sum(small[1:])))
        if len(words) > 2:
            values.add(Decimal((small[0] + small[1]) * 100 + sum(small[2:])))
    return values


def _months(text: str) -> Iterator[tuple[Span, frozenset[Decimal]]]:
    for match in _WORD.finditer(text):
        word = match.group()
        if word[0].isupper() and (value := _MONTHS.get(word.lower())):
            around = text[max(0, match.start() - 6) : match.start()] + " " + text[match.end() : match.end() + 6]
            if word not in ("May", "March") or re.search(r"\d|\b(?:in|of|by|since|last|next|on) ", around):
                yield Span(*match.span()), frozenset([Decimal(value)])


def _readings(text: str) -> set[Decimal]:
    """Everything that could be meant as a number; the 三 of 星期三 could not."""
    text = _WEEKDAY.sub(" ", text)
    found: set[Decimal] = set()
    for match in _ARABIC.finditer(text):
        value, after = _scaled(match), text[match.end() :]
        found |= {value, Decimal(_plain(match)), *_years(value, after)}
        if after.startswith("年代"):
            found |= {value + 1900, value + 1800, value + 2000}
        found |= {Decimal(part) for part in re.findall(r"\d+", match["number"])}
        found |= {value % 100} if after.startswith("年") else set()
        found |= {value * 10} if re.match(r"\s+decades", after) else set()
        if decade := _decade(text, match):
            found.add(decade)
    for match in _CHINESE.finditer(text):
        found |= _chinese_readings(match.group(), text[match.end() :])
    for match in _ENGLISH.finditer(text):
        found |= _english_values(match.group().lower())
    for match in _WORD.finditer(text.lower()):
        word = match.group()
        for named in (_SMALL, _ORDINALS, _MONTHS, _MONTHS_SHORT, _SCALES):
            if word in named:
                found.add(Decimal(named[word]))
        found |= {Decimal(value) for value in _LOOSE_WORDS.get(word, ())}
    return found | {Decimal(value) for mark in set(text) for value in _LOOSE_CHARS.get(mark, ())}


def _chinese_readings(written: str, after: str) -> set[Decimal]:
    value = chinese(written)
    found = {value, *_years(value, after), *(Decimal(_DIGITS[mark]) for mark in written if mark in _DIGITS)}
    found |= {Decimal((_UNITS | _MYRIADS)[mark]) for mark in written if mark in _UNITS or mark in _MYRIADS}
    found |= {chinese(part) for part in re.split("[万亿]", written) if part and not part.startswith("点")}
    if after.startswith("年代"):
        found |= {value + 1900, value + 1800, value + 2000}
    return found
