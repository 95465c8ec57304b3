"""The transition matrix can be looked at whole."""

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from llm_core.models import ngram_model
from llm_core.models.tokenizers import train_byte_bpe

TEXT = "The fox sees the moon. The dog sees the fox. "


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return train_byte_bpe([TEXT] * 6, 290)


@pytest.mark.parametrize("order", [2, 4])
def test_the_transition_matrix_says_what_follows_each_token(order: int, tokenizer: PreTrainedTokenizerFast) -> None:
    model = ngram_model.build(ngram_model.Shape(order), tokenizer, 32)
    ids = np.array(tokenizer(TEXT * 20)["input_ids"])
    model.fit(ids)
    matrix = model.transition_rows(torch.arange(len(tokenizer)))
    assert matrix.shape == (len(tokenizer), len(tokenizer))
    torch.testing.assert_close(matrix.sum(1), torch.ones(len(tokenizer)))
    fox = tokenizer(" fox")["input_ids"]
    assert len(fox) == 1
    torch.testing.assert_close(matrix[fox], model(torch.tensor([fox])).logits[0].exp())
    following = {tokenizer.decode([token]) for token in matrix[fox[0]].topk(2).indices}
    assert following == {" sees", "."}


def test_the_most_frequent_tokens_come_first(tokenizer: PreTrainedTokenizerFast) -> None:
    model = ngram_model.build(ngram_model.Shape(3), tokenizer, 32)
    ids = np.array(tokenizer(TEXT * 20)["input_ids"])
    model.fit(ids)
    counts = np.bincount(ids, minlength=len(tokenizer))
    assert counts[model.frequent(5)].tolist() == sorted(counts, reverse=True)[:5]


def test_a_longer_text_is_counted_no_further_than_asked(tokenizer: PreTrainedTokenizerFast) -> None:
    model = ngram_model.build(ngram_model.Shape(2, tokens=7), tokenizer, 32)
    assert model.config.counted_tokens == 7
    assert torch.allclose(model(torch.tensor([[1, 2]])).logits.exp(), torch.tensor(1 / len(tokenizer)))
