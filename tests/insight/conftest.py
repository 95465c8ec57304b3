"""Small models with random weights, opened as they are for looking into."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from llm_core.catalog.bundled import FOLDER
from llm_core.insight.opened import Opened, open_folder
from llm_core.models import encoder, recurrent, seq2seq
from llm_core.models.tokenizers import train_byte_bpe, train_unigram

LINES = ["The fox sees the moon.", "狐狸看见月亮。", "A bird finds an old book.", "鸟找到一本旧书。"] * 6
TEXT = "The fox finds an old 月亮 book."


@pytest.fixture(scope="session")
def bytewise() -> PreTrainedTokenizerFast:
    return train_byte_bpe(LINES, 300)


@pytest.fixture(scope="session")
def decoder() -> Opened:
    """The bundled one, which has learned something to look at."""
    return open_folder(FOLDER / "decoder-zh-en", threads=1)


def cell(name: recurrent.Cell, tokenizer: PreTrainedTokenizerFast) -> Opened:
    torch.manual_seed(0)
    model = recurrent.build(name, recurrent.Shape(hidden=12, layers=2), tokenizer, 64)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.2 * torch.randn_like(weight))  # biases, too, are there
    return Opened.of(model, tokenizer, threads=1)


@pytest.fixture(scope="session")
def translator() -> Opened:
    torch.manual_seed(0)
    tokenizer = train_unigram(LINES, 70, seq2seq.tags(["zh", "en"]))
    model = seq2seq.build(seq2seq.Shape(32, 2, 2, 2, 64), tokenizer, context=48)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn_like(weight))  # so that attention is not even
    return Opened.of(model, tokenizer, threads=1)


@pytest.fixture(scope="session")
def encoder_tokenizer() -> PreTrainedTokenizerFast:
    return encoder.as_encoder_tokenizer(train_byte_bpe(LINES, 300))


def with_head(head: type[Any], tokenizer: PreTrainedTokenizerFast, **config: Any) -> Opened:
    """A small encoder with weights that say something."""
    torch.manual_seed(0)
    made = encoder.config_of(encoder.Shape(hidden=24, layers=2, heads=3, feed_forward=32), tokenizer, 64)
    made.update(config)
    model = head(made)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return Opened.of(model, tokenizer, threads=1)
