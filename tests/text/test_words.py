"""Words, terms and keywords of both languages."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_core.text.keywords import keywords
from llm_core.text.words import stem, terms, tokens, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我们用Python写程序。", ["我们", "用", "python", "写", "程序"]),
        (
            "Don’t panic: C++ and node.js cost 1,200.50 or 30%!",
            ["don't", "panic", "c++", "and", "node.js", "cost", "or"],
        ),
        ("ＡＢＣ", ["abc"]),
        ("", []),
        ("……！？", []),
    ],
)
def test_words_of_both_languages(text, expected):
    assert [word for word in words(text) if not word[0].isdigit()] == expected


def test_a_place_name_inside_a_longer_sentence_is_a_word():
    assert "绍兴" in words("他每年秋天都回绍兴看望外祖母")


@pytest.mark.parametrize(
    ("word", "expected"),
    [("cities", "city"), ("trained", "train"), ("training", "train"), ("running", "run"), ("classes", "class"),
     ("glass", "glass"), ("bus", "bus"), ("this", "this"), ("sing", "sing"), ("中文", "中文"), ("model", "model"),
     ("falling", "fall"), ("", ""), ("s", "s")],
)  # fmt: skip
def test_stems_only_take_what_seldom_changes_the_meaning(word, expected):
    assert stem(word) == expected


def test_terms_leave_out_what_every_text_has():
    assert terms("The models are trained on 4,000 words of the book") == ["model", "train", "word", "book"]
    assert terms("我们的模型正在训练") == ["模型", "训练"]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_a_word_stands_where_it_says(text):
    end = 0
    for word in tokens(text):
        assert end <= word.span.start < word.span.end
        assert word.text
        end = word.span.end


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("7路电车分两段运行。7路电车的末班车提前。", "7路电车"),
        ("3号楼的电梯坏了，住在3号楼的人只好走楼梯。", "3号楼"),
    ],
)
def test_a_number_before_a_chinese_name_belongs_to_it(text, keyword):
    assert keyword in keywords(text, 3)


def test_a_number_that_only_counts_is_no_keyword():
    found = keywords("自5月20日起，120名学生乘电车上学，电车每8分钟一班。")
    assert found and not any(mark.isdigit() for word in found for mark in word)


def test_keywords_are_phrases_of_the_text():
    text = (
        "A tide gauge measures the height of the sea. The tide gauge in the old harbour has run since 1846, and its "
        "paper rolls fill a cellar. Sea level rise is read from the longest of these records."
    )
    found = keywords(text, 5)
    assert "tide gauge" in found[0].lower()
    assert all(word in text for word in found)
    assert "词表" in keywords("词表太小，序列就又长又慢；词表太大，多数小块学不到东西。分词器的词表要适中。", 3)
    assert keywords("") == keywords("的了吗") == []


@pytest.mark.parametrize("unit", ["字", "word ", "a-", "1.", "字a", "北京大学", ">"])
def test_time_is_linear_whatever_the_text(unit):
    started = time.process_time()
    text = unit * (100_000 // len(unit))
    keywords(text)
    assert len(list(tokens(text))) <= len(text)
    assert time.process_time() - started < 3
