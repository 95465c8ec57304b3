"""Figures that a model card gives, against independent computations."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from llm_core.training.evaluate import bits_per_character, translate, validation_loss
from llm_core.training.run import Run


def test_bits_per_character_of_a_short_text_is_its_plain_log_likelihood(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe)
    model, tokenizer = run.build_model().eval(), run.tokenizer
    text = "The red fox."
    end = tokenizer.eos_token_id
    ids = torch.tensor([end, *tokenizer(text)["input_ids"], end])
    with torch.no_grad():
        nats = F.cross_entropy(model(ids[None, :-1]).logits[0], ids[1:], reduction="sum").item()
    assert len(ids) < 32
    expected = nats / math.log(2) / (len(text) + 1)
    assert bits_per_character(model, tokenizer, [text], context=64) == pytest.approx(expected, rel=0.01)


def test_every_token_counts_once_however_small_the_windows(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe)
    model = run.build_model()
    torch.nn.init.zeros_(model.get_output_embeddings().weight)  # every token is as likely as any other
    text = "The red fox sees the moon on day 17. " * 5
    tokens = len(run.tokenizer(text)["input_ids"]) + 1
    expected = tokens * math.log2(len(run.tokenizer)) / (len(text) + 1)
    for context in (8, 32, 256):
        assert bits_per_character(model, run.tokenizer, [text], context) == pytest.approx(expected, rel=1e-3)


def test_looking_leaves_no_trace(prepared: Callable[..., Run], translator_recipe: dict[str, Any]) -> None:
    run = prepared(translator_recipe)
    model = run.build_model().train()
    before = torch.get_rng_state()
    loss = validation_loss(model, run.stream("valid"), 3)
    run.family.sample(model, run.tokenizer, run.config.prompts)
    assert model.training
    assert torch.equal(torch.get_rng_state(), before)
    assert loss == pytest.approx(math.log(len(run.tokenizer)), rel=0.5)


def test_translations_come_in_the_order_of_their_sentences(
    prepared: Callable[..., Run], translator_recipe: dict[str, Any]
) -> None:
    run = prepared(translator_recipe)
    model = run.build_model()
    sentences = ["The red fox likes the garden on day 11.", "A key.", "The cat sees a river."]
    together = translate(model, run.tokenizer, sentences, "zh", beams=1, batch=2)
    alone = [translate(model, run.tokenizer, [sentence], "zh", beams=1)[0] for sentence in sentences]
    # Untrained, it never ends, and a batch may go on for as long as its longest sentence.
    assert all(a.startswith(b) for a, b in zip(together, alone, strict=True))
