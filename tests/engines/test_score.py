"""Log-likelihoods, each against a computation of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llm_core.catalog.bundled import FOLDER
from llm_core.engines.base import Score, Scorer
from llm_core.engines.llama import Llama
from llm_core.engines.transformers import Transformers
from llm_core.engines.windows import windows
from llm_core.errors import UserError
from llm_core.settings import Settings
from tests.engines.tiny_recurrent import write_tiny_recurrent

DECODER = FOLDER / "decoder-zh-en"
TEXTS = ["The ferry leaves at nine.", "", "渡船九点开。", "the and ing 你好 ✓", "a", "<|endoftext|> and 饕餮!"]


@given(st.integers(0, 300), st.integers(2, 40))
def test_windows_judge_every_token_but_the_first_once_and_with_half_a_context(tokens: int, context: int) -> None:
    judged = [place for window in windows(tokens, context) for place in range(window.judged, window.end)]
    assert judged == list(range(1, tokens))
    for window in windows(tokens, context):
        assert window.end - window.start <= context
        assert window.judged - window.start >= context // 2 or window.start == 0


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Transformers:
    """The bundled decoder."""
    return Transformers("decoder", DECODER, Settings(home=tmp_path_factory.mktemp("home"), offline=True))


def plain(model: Any, ids: list[int], first: int = 1) -> float:
    """Sum of ln P of each token from `first` on, each by a forward pass of its own over what precedes it."""
    total = 0.0
    with torch.no_grad():
        for place in range(first, len(ids)):
            logits = model(torch.tensor([ids[:place]])).logits[0, -1].double()
            total += float(logits.log_softmax(0)[ids[place]])
    return total


@pytest.fixture(scope="module")
def plain_decoder() -> tuple[Any, Any]:
    """The same model opened by Transformers alone, with its tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(DECODER, dtype=torch.float32).eval()
    return model, AutoTokenizer.from_pretrained(DECODER)


def test_a_folder_is_scored_as_by_plain_torch(decoder: Transformers, plain_decoder: tuple[Any, Any]) -> None:
    model, tokenizer = plain_decoder
    scores = decoder.score(TEXTS)
    for text, score in zip(TEXTS[:-1], scores, strict=False):
        ids = tokenizer(text)["input_ids"]
        assert score.tokens == len(ids)
        assert score.log_likelihood == pytest.approx(plain(model, [tokenizer.eos_token_id, *ids]), abs=1e-3)
    assert scores[1] == Score(0.0, 0)


def test_a_mark_spelled_out_is_its_characters(decoder: Transformers, plain_decoder: tuple[Any, Any]) -> None:
    _, tokenizer = plain_decoder
    mark = tokenizer.eos_token
    assert len(tokenizer(mark)["input_ids"]) == 1
    assert decoder.score([mark])[0].tokens > 1


def test_a_text_longer_than_the_context_is_read_in_windows(
    decoder: Transformers, plain_decoder: tuple[Any, Any]
) -> None:
    model, tokenizer = plain_decoder
    text = "The old ferryman counted the boats and the waves. " * 40
    ids = [tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]
    context = 256
    assert len(ids) > context + context // 2
    with torch.no_grad():
        expected, done = 0.0, 1
        while done < len(ids):
            end = min(len(ids), context if done == 1 else done + context // 2)
            start = max(0, end - context)
            logits = model(torch.tensor([ids[start:end]])).logits[0].double().log_softmax(-1)
            expected += sum(float(logits[place - start - 1, ids[place]]) for place in range(done, end))
            done = end
    assert decoder.score([text])[0].log_likelihood == pytest.approx(expected, abs=1e-2)


def test_a_batch_scores_as_one_by_one(decoder: Transformers) -> None:
    together = decoder.score(TEXTS)
    assert isinstance(decoder, Scorer)
    for text, score in zip(TEXTS, together, strict=True):
        alone = decoder.score([text])[0]
        assert score.tokens == alone.tokens
        assert score.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-3)


@pytest.mark.parametrize("end", [None, "<end>"])
def test_a_recurrent_model_is_scored_by_its_own_state(settings: Settings, tmp_path: Path, end: str | None) -> None:
    folder = write_tiny_recurrent(tmp_path / "模型 folder", end=end)
    engine = Transformers("recurrent", folder, settings)
    texts = ["ab", "你好 boats", "x" * 50]
    scores = engine.score(texts)
    assert engine._current
    causal: Any = engine._current.causal
    for text, score in zip(texts, scores, strict=True):
        ids = causal.tokenizer(text)["input_ids"]
        assert len(ids) == len(text.encode()) == score.tokens
        begin, uniform = ([256], 0.0) if end else ([], -math.log(256))
        assert score.log_likelihood == pytest.approx(uniform + plain(causal.model, begin + ids), abs=1e-3)


def test_bits_per_character_are_bits_of_the_text_over_its_characters() -> None:
    assert Score(-8 * math.log(2), 3).bits_per_char("渡船") == pytest.approx(4.0)
    assert Score(0.0, 0).bits_per_char("") == 0.0


def test_half_a_character_is_refused(decoder: Transformers, engine: Llama) -> None:
    for scorer in (decoder, engine):
        with pytest.raises(UserError, match="text_unusable"):
            scorer.score(["well", "\ud800"])


@pytest.fixture(scope="module")
def same_model(tiny_gguf: Path) -> Iterator[tuple[Any, Any]]:
    """The tiny GGUF opened by Transformers, which computes in torch and shares no code with llama.cpp."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    given: dict[str, Any] = {"gguf_file": tiny_gguf.name}
    model = AutoModelForCausalLM.from_pretrained(tiny_gguf.parent, dtype=torch.float32, **given).eval()
    yield model, AutoTokenizer.from_pretrained(tiny_gguf.parent, **given)


def test_a_gguf_is_scored_as_by_torch(engine: Llama, same_model: tuple[Any, Any]) -> None:
    model, tokenizer = same_model
    begin = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    scores = engine.score(TEXTS)
    for text, score in zip(TEXTS[:-1], scores, strict=False):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert score.tokens == len(ids)
        assert score.log_likelihood == pytest.approx(plain(model, [begin, *ids]), rel=2e-3, abs=0.05)
    assert scores[-1].tokens > len(tokenizer(TEXTS[-1], add_special_tokens=False)["input_ids"])


def test_a_gguf_is_scored_as_its_own_whole_distribution_says(engine: Llama) -> None:
    text = "on 饕 boat"
    ids = engine._wait_opened().client.wait(_tokens(engine, text))
    client = engine._wait_opened().client
    total = 0.0
    for place in range(1, len(ids)):
        body = {"prompt": ids[:place], "n_predict": 1, "n_probs": 1000, "temperature": 0, "logit_bias": [[64, 300]]}
        told = client.wait(client.post("/completion", body))["completion_probabilities"][0]["top_logprobs"]
        total += next(each["logprob"] for each in told if each["id"] == ids[place])
    assert engine.score([text])[0].log_likelihood == pytest.approx(total, abs=0.02)


async def _tokens(engine: Llama, text: str) -> list[int]:
    client = engine._wait_opened().client
    begin = await client.post("/tokenize", {"content": "<|endoftext|>", "parse_special": True, "add_special": False})
    own = await client.post("/tokenize", {"content": text, "add_special": False})
    return [*begin["tokens"], *own["tokens"]]


def test_a_gguf_reads_a_long_text_in_windows_too(tiny_gguf: Path, settings: Settings) -> None:
    narrow = Llama("tiny", tiny_gguf, settings.model_copy(update={"context_tokens": 256, "slots": 1}))
    try:
        score = narrow.score(["x" * 300])[0]
        assert score.tokens == 300
        assert score.log_likelihood < 0
    finally:
        narrow.close()


def test_scoring_goes_on_after_the_child_died(own_engine: Llama) -> None:
    before = own_engine.score(["the boat"])
    assert own_engine._current
    own_engine._current.child.end(wait=True)
    assert own_engine.score(["the boat"]) == before
