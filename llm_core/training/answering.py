"""What a model says: answers to prompts, drawn or the likeliest, while it trains and afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.training.attention import PLAIN
from llm_core.training.evaluate import at_rest


@contextmanager
def generating(model: PreTrainedModel) -> Iterator[None]:
    """Without gradients and with a cache, which the plain attention of training has not; leaves no trace."""
    trained_with = model.config._attn_implementation
    if trained_with == PLAIN:
        model.set_attn_implementation("sdpa")
    try:
        with at_rest(model):
            yield
    finally:
        model.set_attn_implementation(trained_with)


def continued(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    ids: Sequence[int],
    tokens: int,
    *,
    count: int = 1,
    temperature: float = 0.0,
) -> list[list[int]]:
    """What follows `ids`: `count` continuations of at most `tokens` tokens, the end of text not among them.

    Call it within `generating`. With a temperature they are drawn from torch's random state.
    """
    how: dict[str, Any] = {"do_sample": False}
    if temperature:
        how = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    given = torch.tensor([list(ids)], device=model.device)
    generate: Any = model.generate
    out: Tensor = generate(
        input_ids=given,
        attention_mask=torch.ones_like(given),
        max_new_tokens=tokens,
        num_return_sequences=count,
        pad_token_id=tokenizer.pad_token_id,
        **how,
    )
    ends = _ends(model, tokenizer)
    return [_until(row[len(ids) :], ends) for row in out.tolist()]


def _ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> frozenset[int]:
    config: Any = model.generation_config
    given = config.eos_token_id
    listed = given if isinstance(given, list) else [given]
    return frozenset(end for end in (*listed, tokenizer.eos_token_id) if end is not None)


def _until(ids: list[int], ends: frozenset[int]) -> list[int]:
    return ids[: next((place for place, token in enumerate(ids) if token in ends), len(ids))]
