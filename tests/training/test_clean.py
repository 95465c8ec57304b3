"""Cleaning drops what is unfit, says why, and never changes the words of the rest."""

from hypothesis import given
from hypothesis import strategies as st

from llm_core.training.clean import Cleaner, normalise
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
