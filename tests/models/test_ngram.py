"""The n-gram is a probability, and a good one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_core.models.ngram import NGram

TEXT = "the cat sat on the mat. the dog sat on the log. the cat saw the dog. " * 3
LETTERS = sorted(set(TEXT))
IDS = np.array([LETTERS.index(letter) for letter in TEXT])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, len(LETTERS) - 1), max_size=8), st.integers(1, 5))
def test_what_can_follow_a_context_sums_to_one(context: list[int], order: int) -> None:
    model = NGram(order, len(LETTERS)).fit(IDS)
    following = [model.probabilities(np.array([*context, token]))[-1] for token in range(len(LETTERS))]
    assert math.isclose(sum(following), 1.0, rel_tol=1e-9)
    assert min(following) > 0


def test_a_longer_context_explains_a_repetitive_text_better() -> None:
    bits = [NGram(order, len(LETTERS)).fit(IDS).bits(IDS) for order in (1, 2, 3, 5)]
    assert bits == sorted(bits, reverse=True)
    assert bits[-1] < bits[0] / 5


def test_it_comes_near_the_entropy_of_the_chain_that_made_the_text() -> None:
    random = np.random.default_rng(0)
    chances = random.dirichlet(np.full(6, 0.3), size=6)
    tokens = [0]
    for _ in range(6000):
        tokens.append(int(random.choice(6, p=chances[tokens[-1]])))
    text = np.array(tokens)
    model = NGram(3, 6).fit(text[:5000])
    best = -np.log2(chances[text[5000:-1], text[5001:]]).sum()
    assert best < model.bits(text[5001:]) < 1.03 * best


def test_a_bigram_by_hand() -> None:
    """a b a b a c: after "a" came b, b, c; the smaller counts use the fallback discount of a half."""
    model = NGram(2, 3).fit(np.array([0, 1, 0, 1, 0, 2]))
    kinds_before = {0: 2, 1: 1, 2: 1}  # a: after the beginning and after b; b, c: after a
    shorter = {t: (n - 0.5) / 4 + 3 * 0.5 / 4 / 3 for t, n in kinds_before.items()}
    expected = (2 - 0.5) / 3 + 2 * 0.5 / 3 * shorter[1]
    assert model.probabilities(np.array([0, 1]))[1] == pytest.approx(expected)


def test_all_that_can_follow_is_what_each_token_has_by_itself() -> None:
    for order in (1, 2, 3, 5):
        model = NGram(order, len(LETTERS)).fit(IDS)
        before = np.array([[1, 2, 3, 4], [-1, -1, -1, IDS[0]], [-1, *IDS[5:8]], IDS[20:24], [-1] * 4])
        whole = model.distributions(before)
        np.testing.assert_allclose(whole.sum(axis=1), 1)
        for token in range(len(LETTERS)):
            np.testing.assert_allclose(whole[:, token], model.after(before, np.full(5, token)))


def test_a_context_that_is_known_in_part_is_a_shorter_one() -> None:
    short, long = (NGram(order, len(LETTERS)).fit(IDS) for order in (2, 5))
    only_one = np.array([[-1, -1, -1, IDS[3]]])
    rows = long.contexts(only_one)
    assert rows[1] == short.contexts(only_one)[1] >= 0
    assert [int(row[0]) for row in rows[2:]] == [-1, -1, -1]


def test_tables_alone_bring_the_model_back() -> None:
    model = NGram(4, len(LETTERS)).fit(IDS)
    again = NGram.of_tables(len(LETTERS), [(level.keys, level.counts) for level in model.levels])
    np.testing.assert_array_equal(again.probabilities(IDS), model.probabilities(IDS))


def test_before_anything_was_counted_all_tokens_are_alike() -> None:
    np.testing.assert_allclose(NGram(3, 7).probabilities(np.array([1, 2, 3])), 1 / 7)
