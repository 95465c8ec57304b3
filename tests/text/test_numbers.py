"""The same number, however it is written, in either language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_core.text.numbers import numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,100 or eleven hundred; 一千一百度", {1100}),
        ("sixty thousand, 6万, 六万, 60000, １２", {60000, 12}),
        ("一九五七年, 1957", {1957}),
        ("二〇二五年四月", {2025, 4}),
        ("one hundred and forty people, 140 人", {140}),
        ("thirty-five", {35}),
        ("三点五, 3.5", {3.5}),
        ("3.5亿", {350_000_000}),
        ("一百一十万元", {1_100_000}),
        ("二百元，百分之三十，十五天，两角", {200, 30, 15, 2}),
        ("万一，百货，第一，one of them, 千万别去", set()),
        ("", set()),
    ],
)
def test_numbers_are_known_by_their_value(text, found):
    assert numbers(text) == found


@given(st.integers(2, 10**12))
def test_digits_are_read_with_and_without_commas(number):
    assert numbers(f"a {number} b {number:,} c") == {number}


@given(st.text("〇零一二三四五六七八九两十百千万亿点0123456789,. abthirtyone-"))
def test_any_mixture_is_read_without_trouble(text):
    numbers(text)
