"""What is looked for: parts of Chinese compounds, English without endings, no marks of any query language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_core.text.search_words import terms


def test_parts_of_a_chinese_compound_are_terms_of_their_own():
    assert {"国务", "国务院", "办公", "办公厅", "中华", "人民"} <= set(terms("中华人民共和国国务院办公厅"))
    assert {"绍兴", "绍", "兴"} <= set(terms("浙江省绍兴市"))


def test_full_width_letters_and_case_are_the_same_term():
    assert terms("ＡＢＣ １２３") == terms("abc 123") == ["abc", "123"]


@pytest.mark.parametrize(
    "family",
    [["close", "closes", "closed", "closing"], ["company", "companies"], ["study", "studies", "studying"],
     ["run", "running"], ["library", "libraries", "library’s"]],
)  # fmt: skip
def test_the_forms_of_a_word_are_one_term(family):
    assert len({tuple(terms(word)) for word in family}) == 1


@given(st.text())
def test_any_text_has_terms_without_blanks(text):
    assert all(term and not any(mark.isspace() for mark in term) for term in terms(text))
