"""What the dials make of a distribution, and what a search finds: against the engine that draws, and transformers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llm_core.engines.base import Sampling
from llm_core.engines.draw import draw, random_state
from llm_core.insight import following, translation, tree
from llm_core.insight.opened import Opened
from llm_core.insight.sampling import Dials, reshaped

LOGITS = torch.tensor([2.0, 1.5, 1.4, 0.2, -1.0, -1.5, -4.0])
DIALS = [
    Dials(),
    Dials(temperature=0.5),
    Dials(temperature=1.7, top_k=4),
    Dials(top_p=0.7),
    Dials(top_k=5, top_p=0.8, temperature=0.8),
    Dials(min_p=0.3),
    Dials(temperature=0),
    Dials(top_p=0),
]


@pytest.mark.parametrize("dials", DIALS)
def test_the_engine_draws_as_often_as_it_says(dials: Dials) -> None:
    sampling = Sampling(
        temperature=dials.temperature, top_k=dials.top_k, top_p=dials.top_p, min_p=dials.min_p, repetition_penalty=1.0
    )
    random, times = random_state(3), 4000
    drawn = np.bincount([draw(LOGITS, [], sampling, random) for _ in range(times)], minlength=len(LOGITS)) / times
    p = reshaped(LOGITS.log_softmax(0).numpy(), dials)
    assert (drawn > 0).tolist() == (p > 0.0005).tolist() or ((p == 0) <= (drawn == 0)).all()
    np.testing.assert_allclose(drawn, p, atol=5 * np.sqrt(0.25 / times))


@given(
    st.lists(st.floats(-20, 5), min_size=1, max_size=50),
    st.just(0.0) | st.floats(0.01, 3),
    st.integers(0, 60),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_whatever_the_dials_it_stays_a_distribution(
    logits: list[float], temperature: float, top_k: int, top_p: float, min_p: float
) -> None:
    chances = torch.tensor(sorted(logits, reverse=True)).log_softmax(0).numpy()
    p = reshaped(chances, Dials(temperature, top_k, top_p, min_p))
    assert p.sum() == pytest.approx(1)
    assert (np.diff(p) <= 1e-12).all()
    assert not top_k or (p > 0).sum() <= top_k


def test_dials_at_rest_change_nothing() -> None:
    chances = LOGITS.sort(descending=True).values.log_softmax(0).numpy()
    np.testing.assert_allclose(reshaped(chances, Dials()), np.exp(chances), rtol=1e-6)


TABLE = {(): [0.5, 0.4, 0.1], (0,): [0.4, 0.3, 0.3], (1,): [0.9, 0.05, 0.05], (2,): [0.6, 0.2, 0.2]}


def after(rows):
    """Three tokens whose chances depend on the last one alone."""
    answers = []
    for row in rows:
        p = TABLE[row[-1:]]
        order = sorted(range(3), key=lambda token: -p[token])
        answers.append([tree.Candidate(token, str(token), float(np.log(p[token]))) for token in order])
    return answers


def searched(width: int, depth: int) -> tree.Branch:
    steps = tree.grow(after, width=width, depth=depth)
    for _ in range(depth):
        next(steps)
    with pytest.raises(StopIteration) as done:
        next(steps)
    return done.value.value


def test_greedy_takes_the_likeliest_and_two_beams_find_better() -> None:
    greedy, beams = searched(1, 2), searched(2, 2)
    assert [branch.id for branch in tree.written(greedy)] == [0, 0]
    assert [branch.id for branch in tree.written(beams)] == [1, 0]
    best = max(itertools.product(range(3), repeat=2), key=lambda row: TABLE[()][row[0]] * TABLE[row[:1]][row[1]])
    assert [branch.id for branch in tree.written(beams)] == list(best)
    assert np.exp(tree.written(beams)[-1].total) == pytest.approx(0.4 * 0.9)
    kept = [child.id for child in beams.children if child.kept]
    assert kept == [0, 1]


@pytest.mark.parametrize("beams", [1, 3])
def test_the_search_finds_what_transformers_does(beams: int, decoder: Opened) -> None:
    ids = [decoder.begin or 0, *(piece.id for piece in decoder.pieces("The old ferryman"))]
    ends = following.ends(decoder)
    found = _result(tree.grow(following.after(decoder, ids, 8), width=beams, depth=6, ends=frozenset()))
    out = decoder.model.generate(
        torch.tensor([ids]), num_beams=beams, do_sample=False, max_new_tokens=6, min_new_tokens=6
    )
    assert ends == {decoder.tokenizer.eos_token_id}
    assert [branch.id for branch in tree.written(found)] == out[0, len(ids) :].tolist()


def test_a_translator_is_searched_from_its_source(translator: Opened) -> None:
    source = translation.source_ids(translator, "The fox sees the moon.")
    start = translator.model.config.decoder_start_token_id
    ends = following.ends(translator)
    found = _result(tree.grow(following.after(translator, [start], 8, source), width=1, depth=8, ends=ends))
    out = translator.model.generate(torch.tensor([source]), num_beams=1, do_sample=False, max_new_tokens=8)
    assert [branch.id for branch in tree.written(found)] == out[0, 1:].tolist()


def _result(steps):
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value
