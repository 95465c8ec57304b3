"""What can be done with the space of a sentence VAE: encode, reconstruct, draw from the prior, walk between two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.models.vae import VaeForCausalLM
from llm_core.training.dataset import padded
from llm_core.training.evaluate import at_rest
from llm_core.training.samples.sentences import NAMES, Language, glimpse

WHOLE = tuple(".!?。！？”")
"""How a sentence ends."""
TOKENS_MAX = 64
"""Of a sentence that is written."""


def encode(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """mu and sigma of each text, each [B, Z]."""
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] or [tokenizer.eos_token_id] for text in texts]
    ids, mask = padded(rows, 0), padded([[1] * len(row) for row in rows], 0)
    with at_rest(model):
        mean, log_variance = model.model.encode(ids.to(model.device), mask.to(model.device))
    return mean, (0.5 * log_variance).exp()


def decode(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, z: Tensor) -> list[str]:
    """The sentence at each point z [B, Z], always the likeliest token."""
    writer: Any = model
    begin = torch.full((len(z), 1), tokenizer.eos_token_id, device=model.device)
    with at_rest(model):
        state = model.model.at(z.to(model.device))
        out = writer.generate(
            begin, attention_mask=torch.ones_like(begin), past_key_values=state, do_sample=False,
            max_new_tokens=TOKENS_MAX,
        )  # fmt: skip
    return [text.strip() for text in tokenizer.batch_decode(out[:, 1:], skip_special_tokens=True)]


def reconstruct(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[str]:
    """Each text as it comes back from its mu."""
    return decode(model, tokenizer, encode(model, tokenizer, texts)[0])


def draw(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, number: int, seed: int = 0) -> list[str]:
    """Sentences at points drawn from the prior; the same points for the same seed."""
    state = torch.Generator().manual_seed(seed)
    return decode(model, tokenizer, torch.randn(number, model.config.latent_size, generator=state))


def interpolate(
    model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, first: str, last: str, steps: int = 7
) -> list[str]:
    """The sentences along the line from mu of one to mu of another, both ends included."""
    ends = encode(model, tokenizer, [first, last])[0]
    shares = torch.linspace(0, 1, steps, device=ends.device)[:, None]
    return decode(model, tokenizer, torch.lerp(ends[0], ends[1], shares))


def changes(texts: Sequence[str], language: Language) -> list[tuple[str, ...]]:
    """Which factors of `samples.sentences` change from each text to the next; one entry fewer than texts."""
    seen = [glimpse(text, language) for text in texts]
    return [tuple(name for name in NAMES if a.get(name) != b.get(name)) for a, b in pairwise(seen)]


def go_on(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, beginning: str) -> str:
    """A beginning with what follows, from where the encoder puts what is there."""
    writer: Any = model
    ids = tokenizer(tokenizer.eos_token + beginning, add_special_tokens=False, return_tensors="pt").to(model.device)
    with at_rest(model):
        state = model.begin(ids["input_ids"])
        out = writer.generate(**ids, past_key_values=state, do_sample=False, max_new_tokens=TOKENS_MAX)
    return str(tokenizer.decode(out[0], skip_special_tokens=True))


def write(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, prompts: Sequence[str]) -> list[str]:
    """A whole sentence said again, a beginning gone on with; from nothing one of the prior, always the same."""
    assert isinstance(model, VaeForCausalLM)
    written = []
    for i, prompt in enumerate(prompts):
        if not prompt:
            written += draw(model, tokenizer, 1, seed=i)
        elif prompt.endswith(WHOLE):
            written += reconstruct(model, tokenizer, [prompt])
        else:
            written.append(go_on(model, tokenizer, prompt))
    return written
