"""Numbers of a sentence are found again in its translation, however they are written there."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_core.text import quantities
from llm_core.text.quantities import added, chinese, lost

DIGITS = "零一二三四五六七八九"
SMALL = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_chinese(n: int) -> str:
    """As it is said: 一百零三, 十二, 两万 is not made here."""
    if n < 10:
        return DIGITS[n]
    for unit, mark in ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if n >= unit:
            head, rest = divmod(n, unit)
            said = "" if mark == "十" and n < 20 else in_chinese(head)
            if not rest:
                return said + mark
            return said + mark + ("零" if rest < unit // 10 else "") + in_chinese(rest)
    raise AssertionError


def in_english(n: int) -> str:
    if n < 20:
        return SMALL[n]
    if n < 100:
        return TENS[n // 10 - 2] + (f"-{SMALL[n % 10]}" if n % 10 else "")
    for unit, word in ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if n >= unit:
            rest = f" and {in_english(n % unit)}" if n % unit and unit == 100 else f" {in_english(n % unit)}"
            return f"{in_english(n // unit)} {word}{rest if n % unit else ''}"
    raise AssertionError


numbers = st.one_of(st.integers(2, 120), st.integers(2, 10**6), st.integers(2, 10**11))


@given(numbers)
def test_a_chinese_numeral_is_read_back(n):
    assert chinese(in_chinese(n)) == n


@given(numbers, st.sampled_from([str, "{:,}".format, in_english]), st.sampled_from([str, in_chinese]))
def test_a_number_is_found_in_every_writing(n, english, chinese_writing):
    here, there = f"There are {english(n)} of them here.", f"这里有{chinese_writing(n)}个。"
    assert lost(here, there) == [] == added(here, there)
    assert lost(there, here) == [] == added(there, here)


@given(st.integers(3, 10**6), st.integers(3, 10**6))
def test_another_number_is_missed(n, other):
    if n == other or n in (other - 12, other + 12, 50, 30, 15, 100, 1000, 10**6) or n % 100 == other % 100:
        return
    missed = lost(f"There are {n} of them.", f"这里有{other}个。")
    digits = {int(digit) for digit in str(other)}
    assert [one.written for one in missed] == [str(n)] or n in digits


@given(st.integers(1, 9999))
def test_myriads_are_ten_thousands(n):
    assert lost(f"about {n * 10_000:,} people", f"约{n}万人") == []
    assert lost(f"{n}亿人", f"{n / 10:g} billion people") == [] or n < 10


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("The meeting is on 14 March 2025.", "会议定于2025年3月14日。"),
        ("会议在二〇二五年三月十四日举行。", "The meeting takes place on March 14, 2025."),
        ("It was built in the 1930s.", "它建于20世纪30年代。"),
        ("上世纪九十年代的歌", "songs of the 1990s"),
        ("They paid £2.8bn.", "他们付了28亿英镑。"),
        ("£125m of aid", "1.25亿英镑的援助"),
        ("百分之三十的人", "30% of the people"),
        ("At 7.55am he left.", "他早上7:55离开。"),
        ("下午3点", "15:00"),
        ("人口超过 38 万", "a population of more than 380,000"),
        ("Version 2.11.0.", "版本2.11.0。"),
        ("nineteen ninety-five", "一九九五年"),
        ("三千五百人", "3,500 people"),
        ("Half of the 20 boats", "20条船中的一半"),
    ],
)
def test_the_same_number_in_another_writing(source, target):
    assert lost(source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "missing"),
    [
        ("We have room for 32, and 320 signed up.", "可容纳32人，已有32人报名。", ["320"]),
        ("140 boats", "14,000条船", ["140"]),
        ("三十五岁", "at the age of fifty-three", ["三十五"]),
        ("at 3 p.m. on Wednesday", "周三下午", ["3"]),
        ("In May 2024", "2024年3月", ["May"]),
        ("version 2.11.0", "版本2.1.1", ["2.11.0"]),
    ],
)
def test_a_lost_number_is_named(source, target, missing):
    assert [one.written for one in lost(source, target)] == missing


@pytest.mark.parametrize(
    "text", ["三明治", "一些人", "四川", "十分好", "千万别去", "星期二", "one of them", "COVID-19"]
)
def test_no_number_is_seen_where_there_is_none(text):
    assert lost(text, "") == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_compared(source, target):
    assert all(source[one.span.start : one.span.end] == one.written for one in lost(source, target))


def test_the_examples_of_the_docstrings():
    assert doctest.testmod(quantities).failed == 0
