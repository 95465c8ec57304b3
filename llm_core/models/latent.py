"""The space of a sentence VAE: from sentences to points and back, points of the prior, the way between two points.

The model is to be in evaluation mode. Legend: B sentences or points, Z dimensions of z.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerFast

from llm_core.models.vae import VaeForCausalLM

TOKENS_MAX = 64
"""Of a sentence that is written."""


@torch.no_grad()
def encode(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """mu and sigma of each text, each [B, Z]; marks that are spelled out in a text are its characters."""
    cut = tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)["input_ids"]
    rows = [torch.tensor(row or [tokenizer.eos_token_id], device=model.device) for row in cut]
    ids = pad_sequence(rows, batch_first=True)
    mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    mean, log_variance = model.model.encode(ids, mask)
    return mean, (0.5 * log_variance).exp()


@torch.no_grad()
def decode(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, z: Tensor) -> list[str]:
    """The sentence at each point z [B, Z], always the likeliest token."""
    writer: Any = model
    begin = torch.full((len(z), 1), tokenizer.eos_token_id, device=model.device)
    out = writer.generate(
        begin, attention_mask=torch.ones_like(begin), past_key_values=model.model.at(z.to(model.device)),
        do_sample=False, max_new_tokens=TOKENS_MAX,
    )  # fmt: skip
    return [text.strip() for text in tokenizer.batch_decode(out[:, 1:], skip_special_tokens=True)]


def prior(model: VaeForCausalLM, points: int, seed: int = 0) -> Tensor:
    """Points drawn from N(0, 1) [B, Z]; the same for the same seed."""
    return torch.randn(points, model.config.latent_size, generator=torch.Generator().manual_seed(seed))


def between(first: Tensor, last: Tensor, steps: int) -> Tensor:
    """Points evenly along the line from one point [Z] to another, both included [steps, Z]."""
    return torch.lerp(first, last, torch.linspace(0, 1, steps, device=first.device)[:, None])
