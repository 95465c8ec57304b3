"""Repeats are known, near repeats as MinHash should, and memory does not grow."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_core.training.repeats import SHINGLE, NearSeen, Seen

WORDS = [
    "harbour",
    "hill",
    "clock",
    "river",
    "winter",
    "bread",
    "light",
    "stone",
    "paper",
    "garden",
    "bridge",
    "letter",
]


def text(state: random.Random, words: int = 60) -> str:
    return " ".join(state.choice(WORDS) + str(state.randrange(100)) for _ in range(words))


def jaccard(one: str, other: str) -> float:
    """The share of common runs of characters: what MinHash estimates, computed from the sets themselves."""
    sets = [
        {folded[i : i + SHINGLE] for i in range(len(folded) - SHINGLE + 1)}
        for folded in ("".join(each.split()) for each in (one, other))
    ]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_near_is_what_shares_four_fifths() -> None:
    state = random.Random(3)
    verdicts: dict[str, list[bool]] = {"near": [], "far": []}
    for _ in range(300):
        one = text(state)
        words = one.split()
        for place in state.sample(range(len(words)), state.choice([1, 1, 25, 40])):
            words[place] = text(state, 1)
        other = " ".join(words)
        similar = jaccard(one, other)
        seen = NearSeen(16)
        assert not seen.before(one)
        if similar > 0.9 or similar < 0.6:
            verdicts["near" if similar > 0.9 else "far"].append(seen.before(other))
    assert min(map(len, verdicts.values())) > 100
    assert np.mean(verdicts["near"]) > 0.9
    assert np.mean(verdicts["far"]) < 0.05


def test_different_texts_are_no_repeats() -> None:
    state, near, exact = random.Random(4), NearSeen(4096), Seen(1 << 16)
    texts = [text(state) for _ in range(2000)]
    assert not any(exact.before(each) for each in texts)
    assert sum(near.before(each) for each in texts) == 0


def test_memory_is_fixed_and_what_is_recent_is_known() -> None:
    state, near, exact = random.Random(5), NearSeen(64), Seen(256)
    last = ""
    for _ in range(3000):
        last = text(state, 20)
        near.before(last)
        exact.before(last)
    assert (len(near._kept), len(exact._slots)) == (64, 256)
    assert near.before(last) and exact.before(last.upper().replace(" ", "  "))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20))
def test_any_text_can_be_asked_for_and_is_known_the_second_time(asked: str) -> None:
    for seen in (Seen(64), NearSeen(8)):
        assert not seen.before(asked)
        assert seen.before(asked)
