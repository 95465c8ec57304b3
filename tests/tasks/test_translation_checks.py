"""Each check doubts what it should, and leaves sound translations alone."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_core.tasks import negation, translation_prompts
from llm_core.tasks.leftovers import grammar, leftovers
from llm_core.tasks.translation_checks import doubts, far
from llm_core.tasks.translation_prompts import cleaned


def kinds(source, target, to, terms=None, missed=None):
    return [doubt.kind for doubt in doubts(source, target, to, terms or {}, missed or {})]


@pytest.mark.parametrize(
    ("source", "target", "to"),
    [
        ("The harbour was closed for three weeks in 2019.", "2019年，港口关闭了三周。", "zh"),
        ("We do not sell bread on Mondays.", "我们周一不卖面包。", "zh"),
        ("Install PyTorch with `pip install torch`, then open https://example.org/a.",
         "先用`pip install torch`安装PyTorch，再打开https://example.org/a。", "zh"),
        ("Anna Miller wrote the report on GPUs.", "安娜·米勒写了那份关于GPU的报告。", "zh"),
        ("港口关闭了三周，没有船能进来。", "The harbour was closed for three weeks; no ship could come in.", "en"),
        ("他用Python写了一个小程序。", "He wrote a small program in Python.", "en"),
        ("这不仅是一座桥。", "This is more than a bridge.", "en"),
        ("“好”字怎么写？", "How is the character “好” written?", "en"),
    ],
)  # fmt: skip
def test_a_sound_translation_has_no_doubts(source, target, to):
    assert kinds(source, target, to) == []


@pytest.mark.parametrize(
    ("source", "target", "to", "kind"),
    [
        ("The results look promising.", "结果看起来很promising。", "zh", "script"),
        ("Unfortunately it rained all day long.", "unfortunately，整天都在下雨。", "zh", "script"),
        ("He was the hero of the Friday drama.", "他是Friday戏剧的主角。", "zh", "script"),
        ("协会主席昨天到了。", "The 主席 of the association arrived yesterday.", "en", "script"),
        ("He kept talking about the sea and the wind.", "他不停地说大海，大海，大海，大海，大海。", "zh", "repeat"),
        ("There were 140 boats in the harbour.", "港口里有14,000条船。", "zh", "number"),
        ("There were many boats in the harbour.", "港口里有140条船。", "zh", "added_number"),
        ("他用PyTorch训练了一个模型。", "He trained a model.", "en", "name"),
        ("See https://example.org/guide for the whole story.", "完整的故事请看指南。", "zh", "name"),
        ("We do not sell bread here on Mondays.", "周一我们在这里卖面包。", "zh", "negation"),
        ("我从来没有去过那里。", "I went there.", "en", "negation"),
        ("The old captain counted all the lights that he could see on the shore.", "数灯。", "zh", "length"),
        ("The old captain counted the lights.", " ", "zh", "empty"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_doubted(source, target, to, kind):
    assert kind in kinds(source, target, to)


def test_a_lost_number_shows_where_it_should_stand():
    [doubt] = doubts("There were 140 boats.", "那里有170条船。", "zh", {}, {})
    assert (doubt.words, doubt.span.of("那里有170条船。")) == (("140",), "170")


def test_a_missed_term_is_named():
    assert kinds("the attention head", "注意头", "zh", missed={"attention head": "注意力头"}) == ["term"]


def test_only_long_sentences_can_be_far():
    assert far(0.1, "Yes.") is None
    assert far(0.1, "The old captain counted the lights on the shore.").kind == "meaning"
    assert far(0.8, "The old captain counted the lights on the shore.") is None


def test_a_term_of_the_glossary_may_be_in_either_script():
    assert leftovers("open the hub", "打开Hub", "zh", ["Hub"]) == []
    assert leftovers("太极", "It is 太极.", "en", ["太极"]) == []


def test_the_grammar_holds_what_may_stay():
    made = grammar("NumPy 2.0 needs 8 GB, see `pip show`.", "zh", ["PyTorch"])
    assert all(word in made for word in ('"NumPy"', '"GB"', '"`pip show`"', '"PyTorch"'))


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(["en", "zh"]))
def test_any_two_texts_can_be_checked(source, target, to):
    for doubt in doubts(source, target, to, {}, {}):
        assert doubt.span is None or 0 <= doubt.span.start < doubt.span.end <= len(target)
    assert "\n" not in grammar(source, to)
    assert "\n" not in cleaned(target, source, to)


@pytest.mark.parametrize(
    ("written", "to", "cleaned_text"),
    [
        ("译文：水深7.5米。", "zh", "水深7.5米。"),
        ("他说,水 很深.", "zh", "他说，水很深。"),
        ('"很深"（very）', "zh", "“很深”（very）"),
        ("Translation: It is deep，and cold。", "en", "It is deep, and cold."),
        ("“It is deep.”", "en", "It is deep."),
    ],
)
def test_what_the_model_writes_around_it_goes(written, to, cleaned_text):
    assert cleaned(written, "x.", to) == cleaned_text


@pytest.mark.parametrize(
    ("source", "written", "to", "end"),
    [
        ("Here we go:", "我们开始。", "zh", "始："),
        ("The boats", "船。", "zh", "船"),
        ("三类：", "Three kinds.", "en", "kinds:"),
    ],
)
def test_it_ends_as_the_source_does(source, written, to, end):
    assert cleaned(written, source, to).endswith(end)


@pytest.mark.parametrize("module", [negation, translation_prompts])
def test_the_examples_of_the_docstrings(module):
    assert doctest.testmod(module).failed == 0
