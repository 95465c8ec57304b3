"""The worked example of docs/extending.md: a family that knows the mean of the pieces so far, and no order."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from llm_core.models.sequence import Backbone, SequenceConfig, SequenceModel, with_ends


@dataclass(frozen=True)
class Shape:
    """Width of the embeddings."""

    hidden: int
    softmaxes: int = 1


SIZES = {"tiny": Shape(64), "small": Shape(512), "medium": Shape(1024), "base": Shape(2048)}


class MeanConfig(SequenceConfig):
    """Nothing but what every small family has."""

    model_type = "workbench_mean"


class Mean(Backbone):
    """h_t = (x_1 + ... + x_t) / t."""

    def read(
        self, x: Tensor, before: tuple[Tensor, ...], lengths: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See `Backbone.read`; remembered are the sum so far [B, D] and of how many [B, 1]."""
        total, count = before or (x.new_zeros(len(x), x.shape[2]), x.new_zeros(len(x), 1))
        sums = total[:, None] + x.cumsum(1)
        counts = count + torch.arange(1, x.shape[1] + 1, device=x.device)  # B, T
        last = torch.full((len(x),), x.shape[1], device=x.device) if lengths is None else lengths
        row = torch.arange(len(x), device=x.device)
        return sums / counts[..., None], (sums[row, last - 1], counts[row, last - 1, None])


class MeanForCausalLM(SequenceModel):
    """A language model of that."""

    config_class = MeanConfig
    backbone = Mean


CLASSES = (MeanConfig, MeanForCausalLM)


def build(shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> MeanForCausalLM:
    """A model with fresh weights from torch's random state."""
    config = MeanConfig(vocab_size=len(tokenizer), hidden_size=shape.hidden, max_position_embeddings=context)
    model = MeanForCausalLM(config)
    with_ends(model, tokenizer)
    return model
