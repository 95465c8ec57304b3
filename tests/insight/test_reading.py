"""Distributions and surprise, against the engines' log-likelihoods and against plain torch."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from llm_core.catalog.bundled import FOLDER
from llm_core.engines.llama import Llama
from llm_core.engines.transformers import Transformers
from llm_core.insight import reading
from llm_core.insight.look import look, look_served
from llm_core.insight.opened import Opened, open_file
from llm_core.insight.pieces import cut, spans
from llm_core.settings import Settings
from tests.insight.conftest import TEXT, cell

TEXTS = [TEXT, "渡船九点开。", "饕餮 and 😀", "a"]


@pytest.mark.parametrize("text", TEXTS)
def test_the_surprise_of_a_text_is_the_engines_log_likelihood(text: str, decoder: Opened, settings: Settings) -> None:
    score = Transformers("decoder", FOLDER / "decoder-zh-en", settings).score([text])[0]
    read = reading.read(decoder, text, decoder.pieces(text))
    assert len(read.pieces) == score.tokens
    assert float(read.logprobs.sum()) == pytest.approx(score.log_likelihood, abs=1e-3)
    assert read.bits_per_char == pytest.approx(score.bits_per_char(text), abs=1e-3)


def test_every_place_is_a_forward_pass_of_its_own(decoder: Opened) -> None:
    pieces = decoder.pieces(TEXT)
    read = reading.read(decoder, TEXT, pieces)
    ids = [decoder.begin or 0, *(piece.id for piece in pieces)]
    for place in range(len(pieces) + 1):
        with torch.no_grad():
            p = decoder.model(torch.tensor([ids[: place + 1]])).logits[0, -1].double().softmax(0)
        order = p.argsort(descending=True)
        assert read.candidates[place][0] == order[0]
        np.testing.assert_allclose(np.exp(read.chances[place][:50]), p[order[:50]], rtol=1e-3)
        if place < len(pieces):
            assert read.ranks[place] == 1 + int((p > p[pieces[place].id]).sum())


def test_without_a_mark_of_the_beginning_the_first_piece_is_a_guess(bytewise: PreTrainedTokenizerFast) -> None:
    unmarked = PreTrainedTokenizerFast(tokenizer_object=bytewise.backend_tokenizer)
    opened = cell("gru", unmarked)
    read = reading.read(opened, TEXT, opened.pieces(TEXT))
    assert opened.begin is None
    assert float(read.logprobs[0]) == pytest.approx(-math.log(opened.vocabulary))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_pieces_stand_one_after_another_and_cover_the_text(bytewise_once: PreTrainedTokenizerFast, text: str) -> None:
    pieces = cut(bytewise_once, text)
    assert "".join(piece.of(text) for piece in pieces) == text
    assert all(a.end == b.start for a, b in pairwise(pieces))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20), st.randoms())
def test_bytes_cut_anywhere_are_spans_of_the_text(text: str, random) -> None:
    whole = text.encode()
    marks = sorted({0, len(whole), *(random.randint(0, len(whole)) for _ in range(6))})
    parts = [whole[a:b] for a, b in pairwise(marks)]
    assert "".join(piece.of(text) for piece in spans(range(len(parts)), parts, text)) == text


@pytest.fixture(scope="module")
def bytewise_once(bytewise: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    return bytewise


@pytest.fixture(scope="module")
def llama(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory):
    engine = Llama("tiny", tiny_gguf, Settings(home=tmp_path_factory.mktemp("home"), offline=True))
    yield engine
    engine.close()


@pytest.mark.parametrize("text", ["the boat 你好", "饕 ✓"])
def test_a_gguf_file_is_read_as_torch_reads_it(text: str, llama: Llama, tiny_gguf: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    given = {"gguf_file": tiny_gguf.name}
    model = AutoModelForCausalLM.from_pretrained(tiny_gguf.parent, dtype=torch.float32, **given).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_gguf.parent, **given)
    begin = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    with llama.looking() as looking:
        steps = look_served(looking, text)
        places = list(_through(steps))
        read = places.pop().reading
    assert places == list(range(1, len(read.pieces) + 2))
    ids = [begin, *tokenizer(text, add_special_tokens=False)["input_ids"]]
    assert [piece.id for piece in read.pieces] == ids[1:]
    assert "".join(piece.of(text) for piece in read.pieces) == text
    with torch.no_grad():
        logprobs = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    for place, token in enumerate(ids[1:]):
        assert float(read.logprobs[place]) == pytest.approx(float(logprobs[place, token]), abs=0.02)
    best = logprobs[-1].topk(10)
    np.testing.assert_allclose(read.chances[-1][:10], best.values, atol=0.02)
    score = llama.score([text])[0]
    assert float(read.logprobs.sum()) == pytest.approx(score.log_likelihood, abs=0.05)


def test_an_unpacked_file_says_the_same_and_shows_its_attention(llama: Llama, tiny_gguf: Path) -> None:
    opened = open_file(tiny_gguf, threads=1)
    text = "the boat 你好"
    (*_, seen) = _through(look(opened, text, opened.pieces(text)))
    with llama.looking() as looking:
        (*_, told) = _through(look_served(looking, text))
    assert [piece.id for piece in seen.reading.pieces] == [piece.id for piece in told.reading.pieces]
    np.testing.assert_allclose(seen.reading.logprobs, told.reading.logprobs, atol=0.02)
    (maps,) = seen.seen["attention"]
    np.testing.assert_allclose(maps.weights.sum(-1), 1, atol=1e-5)


def _through(steps):
    while True:
        try:
            yield next(steps)
        except StopIteration as done:
            yield done.value
            return
