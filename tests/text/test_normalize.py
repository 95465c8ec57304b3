"""Lines that a page broke become paragraphs again, and characters are the ones that a person typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_core.text.normalize import clean, close_gaps, join_lines, one_line, squeeze


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("o\ufb03ce \ufb01ne", "office fine"),
        ("\u2f8f\u2ec5", "行见"),
        ("co\u00adop\u200b\ufeff", "coop"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\u00a0b\u3000c\td", "a b c d"),
        ("e\u0301", "é"),
        ("a\0b\ue000c\ud800d", "abcd"),
        ("（全角，标点）ＡＢＣ", "（全角，标点）ＡＢＣ"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_clean(raw, expected):
    assert clean(raw) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["The sand of the har-", "bour moved."], "The sand of the harbour moved."),
        (["a well-", "known bar"], "a well-known bar"),
        (["the Anglo-", "Saxon wall"], "the Anglo-Saxon wall"),
        (["from 1871-", "1904"], "from 1871-1904"),
        (["水深", "7.5米"], "水深7.5米"),
        (["一直修到", "一九〇四年，", "共三期。"], "一直修到一九〇四年，共三期。"),
        (["他说：“", "好。”"], "他说：“好。”"),
        (["he said “no”", "and left"], "he said “no” and left"),
        (["用Python", "写函数"], "用Python写函数"),
        (["and/", "or"], "and/or"),
        (["", "  a ", "", "b"], "a b"),
        ([], ""),
    ],
)
def test_lines_are_joined_as_they_were_written(lines, expected):
    assert join_lines(lines) == expected


def test_a_hyphen_stays_where_the_document_writes_the_word_with_one():
    assert join_lines(["a well-", "known bar"], {"well-known"}) == "a well-known bar"
    assert join_lines(["the har-", "bour"], {"har-bour", "harbour"}) == "the harbour"


def test_gaps_between_chinese_characters_are_closed():
    assert close_gaps("深 度 意 见 ， 7.5 metres deep") == "深度意见， 7.5 metres deep"


def test_squeeze_keeps_indentation():
    assert squeeze("  a   b  \n\tc ") == "  a b\n\tc"


@given(st.text())
def test_one_line_is_one_line_and_settled(text):
    line = one_line(text)
    assert "\n" not in line and "  " not in line and line == line.strip()
    assert one_line(line) == line


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8), max_size=6))
def test_joining_loses_only_blanks_and_hyphens(lines):
    kept = [character for character in "".join(lines) if character not in "-\u2010"]
    assert [character for character in join_lines(lines) if character not in " -\u2010"] == kept
