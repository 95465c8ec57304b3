"""Sentences with known factors: said with agreement, read back exactly, all factors as likely as drawn."""

import math
import random
from dataclasses import replace

import pytest

from llm_core.training.samples.sentences import Factors, Language, bits, draw, glimpse, pairs, read, rows, say

PLAIN = Factors("teacher", "third", "singular", "past", "statement", "draw", "lamp", "one", "quietly", "yesterday")
SAID: list[tuple[dict[str, str], str, str]] = [
    ({}, "The teacher drew a lamp quietly yesterday.", "那位老师昨天悄悄地画了一盏灯。"),
    ({"mood": "denial"}, "The teacher did not draw a lamp quietly yesterday.", "那位老师昨天没有悄悄地画一盏灯。"),
    ({"mood": "question"}, "Did the teacher draw a lamp quietly yesterday?", "那位老师昨天悄悄地画了一盏灯吗？"),
    ({"tense": "present", "time": "every day"}, "The teacher draws a lamp quietly every day.",
     "那位老师每天悄悄地画一盏灯。"),
    ({"tense": "present", "time": "every day", "number": "plural", "amount": "two"},
     "The teachers draw two lamps quietly every day.", "那些老师每天悄悄地画两盏灯。"),
    ({"tense": "present", "time": "every day", "mood": "question"}, "Does the teacher draw a lamp quietly every day?",
     "那位老师每天悄悄地画一盏灯吗？"),
    ({"subject": "we", "person": "first", "number": "plural", "tense": "future", "time": "tonight", "mood": "denial",
      "object": "knife", "amount": "many"}, "We will not draw many knives quietly tonight.",
     "我们今天晚上不会悄悄地画许多把刀。"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "en", "zh"), SAID)
def test_verb_and_subject_agree_in_both_languages(changes: dict[str, str], en: str, zh: str) -> None:
    factors = replace(PLAIN, **changes)
    assert (say(factors, "en"), say(factors, "zh")) == (en, zh)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_sentence_is_read_back_exactly(language: Language) -> None:
    state = random.Random(4)
    drawn = [draw(state) for _ in range(3000)]
    assert [read(say(factors, language), language) for factors in drawn] == drawn
    assert len({say(factors, language) for factors in drawn}) == len(set(drawn))


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("The teachers draws a lamp quietly every day.", "en"),
        ("The teacher drew a lamp quietly tomorrow.", "en"),
        ("The teacher drew lamp quietly yesterday.", "en"),
        ("那位老师昨天悄悄地画了一本灯。", "zh"),
        ("那位老师明天悄悄地画了一盏灯。", "zh"),
        ("", "zh"),
    ],
)
def test_what_the_grammar_does_not_say_has_no_reading(sentence: str, language: Language) -> None:
    assert read(sentence, language) is None


def test_what_shows_of_a_broken_sentence_is_still_seen() -> None:
    seen = glimpse("the cats steals two fish", "en")
    assert (seen["subject"], seen["number"], seen["verb"], seen["amount"]) == ("cat", "plural", "steal", "two")
    assert "time" not in seen


def test_all_sentences_are_as_likely_and_none_comes_twice() -> None:
    some = list(rows("en", 60_000, seed=3))
    assert len({row[0] for row in some}) == len(some)
    moods = [row[5] for row in some]
    assert all(abs(moods.count(mood) / len(some) - 1 / 3) < 0.06 for mood in set(moods))
    assert 2 ** bits() == pytest.approx(22 * 3 * 8 * 8 * 3 * 6 * 9)
    assert math.log2(len(some)) < bits()


def test_a_pair_says_the_same_twice() -> None:
    for zh, en in pairs(4000, seed=2):
        assert read(zh, "zh") == read(en, "en")
