"""Traditional to simplified: same length, nothing left over, nothing done to what is simplified."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_core.text.simplify import simplified


@pytest.mark.parametrize(
    ("traditional", "expected"),
    [
        ("後來，她的頭髮乾了。", "后来，她的头发干了。"),
        ("乾隆年間，憑藉著一本名著", "乾隆年间，凭借着一本名著"),
        ("從瞭望臺上看，一目瞭然", "从瞭望台上看，一目了然"),
        ("這裡隻有三隻貓", "这里只有三只猫"),
        ("臺灣的圖書館與學校", "台湾的图书馆与学校"),
    ],
)
def test_traditional_becomes_simplified(traditional, expected):
    assert simplified(traditional) == expected


def test_simplified_text_stays_as_it_is():
    text = "著名的作家在乾坤里发现了瞭望台，慰藉读者。"
    assert simplified(text) == text


@given(st.text())
def test_the_length_stays_and_twice_is_once(text):
    once = simplified(text)
    assert len(once) == len(text)
    assert simplified(once) == once
