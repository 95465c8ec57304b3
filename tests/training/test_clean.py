"""Cleaning drops what is unfit, says why, and never changes the words of the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_core.training.clean import Cleaner, normalise, preview, without_noise
from llm_core.training.config import Cleaning


def test_normalise_keeps_words_and_paragraphs() -> None:
    assert normalise("  a\u00a0 b\u200b\r\n\r\n \n\nc\x07\t d ") == "a b\n\nc d"
    assert normalise("e\u0301") == "\u00e9"
    assert normalise("全角，句号。") == "全角，句号。"


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_each_reason_is_counted() -> None:
    cleaner = Cleaner(Cleaning(min_characters=3, max_characters=10))
    kept = list(cleaner.clean([("ab",), ("abcd",), ("ABCD ",), ("abc",), ("x" * 11,)]))
    assert kept == [("abcd",), ("abc",)]
    assert cleaner.dropped == {"too short": 1, "too long": 1, "duplicate": 1}


def test_pairs_whose_lengths_cannot_match_are_dropped() -> None:
    cleaner = Cleaner(Cleaning(max_length_ratio=3.0))
    good = ("该函数返回一个列表。", "The function returns a list.")
    bad = ("好。", "This sentence says much more than the other one could ever say.")
    assert list(cleaner.clean([good, bad])) == [good]
    assert cleaner.dropped == {"lengths do not match": 1}


def test_duplicates_can_be_kept() -> None:
    assert len(list(Cleaner(Cleaning(deduplicate=False)).clean([("a",), ("a",)]))) == 2


PAGE = """<html><head><style>p {color: red}</style></head><body><!-- menu --><p class="a">Tea &amp; cake</p>
## Heading
See [the guide](https://example.org/guide) and https://example.org/x?y=1, **now**[2].
[[River|the river]] {{box}} flows.</body></html>"""


def test_noise_goes_and_words_stay() -> None:
    cleaner = Cleaner(Cleaning(noise=True))
    ((text,),) = cleaner.clean([(PAGE,)])
    assert text == "Tea & cake \nHeading\nSee the guide and , now.\nthe river flows."
    assert cleaner.changed["noise"] == 1
    assert cleaner.removed["noise"] > 100


def test_comparisons_in_a_text_are_no_markup() -> None:
    assert without_noise("if a < b and c > d: 3 < 4") == "if a < b and c > d: 3 < 4"


@pytest.mark.parametrize(
    ("rules", "before", "after"),
    [
        (Cleaning(simplify=True), "這裡有三隻貓", "这里有三只猫"),
        (Cleaning(personal=True), "打13812345678找我", "打[PHONE]找我"),
        (Cleaning(segment=True), "我们去图书馆。Then home", "我们 去 图书馆。Then home"),
        (Cleaning(stop_words=True), "The cat sat on the old wall", "cat sat old wall"),
        (Cleaning(stop_words=True, own_stop_words=("图书馆", "Cat")), "我们去图书馆看cat书", "书"),
        (Cleaning(normalise=False), "a  b\u200b", "a  b\u200b"),
    ],
)
def test_each_switch_does_its_step(rules: Cleaning, before: str, after: str) -> None:
    assert list(Cleaner(rules).clean([(before,)])) == [(after,)]


def test_lines_that_came_before_are_removed_and_short_ones_kept() -> None:
    cleaner = Cleaner(Cleaning(repeated_lines=True))
    menu = "Home | News | Contact | Imprint"
    kept = list(cleaner.clean([(f"{menu}\nFirst text.\nYes.",), (f"{menu}\nSecond text.\nYes.",), (menu,)]))
    assert kept == [(f"{menu}\nFirst text.\nYes.",), ("Second text.\nYes.",)]
    assert cleaner.dropped == {"duplicate": 1}


def test_near_duplicates_are_dropped_and_others_are_not() -> None:
    one = "The old harbour of the town lies between two hills, and in summer the boats come home with the tide."
    nearly = one.replace("in summer", "in winter")
    other = "Nobody knew why the clock had stopped, but the mayor promised to have it mended before the winter fair."
    cleaner = Cleaner(Cleaning(near_duplicates=True))
    assert list(cleaner.clean([(one,), (other,), (nearly,)])) == [(one,), (other,)]
    assert cleaner.dropped == {"near duplicate": 1}
    pairs = Cleaner(Cleaning(near_duplicates=True))
    assert list(pairs.clean([(one, other), (nearly, other)])) == [(one, other)]


def test_the_preview_shows_each_step_and_each_reason() -> None:
    rows = [("plain text",), ("plain  text",), ("call 13812345678",), ("https://example.org/a",), ("plain text",)] * 3
    changes = preview(rows, Cleaning(noise=True, personal=True, min_characters=2), limit=8)
    assert {step for change in changes for step in change.steps} == {"noise", "normalise", "personal"}
    assert {change.dropped for change in changes} == {None, "duplicate", "too short"}
    masked = next(change for change in changes if "personal" in change.steps)
    assert (masked.before, masked.after) == (("call 13812345678",), ("call [PHONE]",))
