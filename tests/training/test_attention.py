"""The plain attention of training is the attention of transformers."""

import pytest
import torch
from transformers import Qwen3ForCausalLM

from llm_core.models.decoder import Shape, build
from llm_core.models.tokenizers import train_byte_bpe
from llm_core.training.attention import PLAIN


@pytest.fixture
def model() -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    tokenizer = train_byte_bpe(["a fox and a river"], 260)
    return build(Shape(hidden=32, layers=2, heads=4, kv_heads=2, feed_forward=48), tokenizer, context=40)


def test_plain_and_sdpa_give_the_same_logits(model: Qwen3ForCausalLM) -> None:
    ids = torch.randint(0, 257, (3, 40))
    model.set_attn_implementation("sdpa")
    expected = model(ids).logits
    model.set_attn_implementation(PLAIN)
    torch.testing.assert_close(model(ids).logits, expected)


def test_no_token_sees_a_later_one(model: Qwen3ForCausalLM) -> None:
    model.set_attn_implementation(PLAIN)
    ids = torch.randint(0, 257, (1, 30))
    changed = ids.clone()
    changed[0, 20:] = 0
    torch.testing.assert_close(model(ids).logits[:, :20], model(changed).logits[:, :20])
