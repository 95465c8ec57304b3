"""chrF as sacrebleu computes it."""

import pytest
from sacrebleu import sentence_chrf

from llm_core.text.chrf import chrf


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("The cat sat on the mat.", "The cat is on the mat."),
        ("渡船早上九点离开港口。", "渡船在九点离开。"),
        ("yes", "no way"),
        ("a", "abcdefgh"),
        ("same text here", "same text here"),
    ],
)
def test_it_is_the_measure_of_that_name(said: str, meant: str) -> None:
    assert chrf(said, meant) == pytest.approx(sentence_chrf(said, [meant], eps_smoothing=False).score, abs=0.01)


def test_nothing_is_like_nothing() -> None:
    assert (chrf("", "x"), chrf("x", " "), chrf("ab", "cd")) == (0.0, 0.0, 0.0)
