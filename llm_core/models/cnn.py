"""Gated causal convolutions: h = x + (W * x + b) sigmoid(V * x + c), where * sees the last `kernel` places only.

Dauphin et al. 2017, "Language modeling with gated convolutional networks". An RMSNorm before each layer stands where
they normalise the weights. A convolution over time is a linear layer over windows, and is written as one: as fast on
a CPU, and its weight is a matrix to the optimizer. With L layers the model sees (kernel - 1) L tokens back.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast

from llm_core.models.sequence import Backbone, SequenceConfig, SequenceModel, with_ends
from llm_core.models.state import windows


@dataclass(frozen=True)
class Shape:
    """Width of embeddings and channels, and the convolutions over them."""

    hidden: int
    layers: int
    kernel: int = 4
    """Tokens that a convolution sees, the last one included."""
    softmaxes: int = 1
    """More than one: the output is a mixture of so many."""
    tied: int = 1
    """1: output and input embeddings are one matrix."""
    dropout: float = 0.0


SIZES = {
    "tiny": Shape(hidden=64, layers=6),
    "small": Shape(hidden=288, layers=10),
    "medium": Shape(hidden=512, layers=11),
    "base": Shape(hidden=960, layers=12),
}


class CnnConfig(SequenceConfig):
    """How far each layer sees."""

    model_type = "workbench_cnn"
    kernel: int = 4


class GatedConvolution(nn.Module):
    """One layer: x + (W * x + b) sigmoid(V * x + c)."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.norm = nn.RMSNorm(width, eps=1e-6)
        self.both = nn.Linear(kernel * width, 2 * width)  # W over V

    def forward(
        self, x: Tensor, before: Tensor | None, lengths: Tensor | None, dropout: float
    ) -> tuple[Tensor, Tensor]:
        """x: B, T, D. before and lengths: see `windows`."""
        seen, after = windows(self.norm(x), self.kernel, before, lengths)
        return x + F.dropout(F.glu(self.both(seen), dim=-1), dropout, self.training), after


class Cnn(Backbone):
    """Gated convolutions on top of each other."""

    def __init__(self, config: CnnConfig) -> None:
        super().__init__(config)
        width = config.hidden_size
        self.layers = nn.ModuleList(GatedConvolution(width, config.kernel) for _ in range(config.num_hidden_layers))
        self.norm = nn.RMSNorm(width, eps=1e-6)

    def read(
        self, x: Tensor, before: tuple[Tensor, ...], lengths: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See `Backbone.read`; remembered are the last kernel - 1 inputs of each layer."""
        after = []
        for i, layer in enumerate(self.layers):
            x, last = layer(x, before[i] if before else None, lengths, self.config.dropout)
            after.append(last)
        return self.norm(x), tuple(after)


class CnnForCausalLM(SequenceModel):
    """A convolutional language model."""

    config_class = CnnConfig
    backbone = Cnn


CLASSES = (CnnConfig, CnnForCausalLM)


def build(shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> CnnForCausalLM:
    """A convolutional model with fresh weights from torch's random state.

    Args:
        shape: one of SIZES, or another.
        tokenizer: gives the vocabulary's size and the id that ends a text.
        context: the longest sequence in training, in tokens.
    """
    config = CnnConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        max_position_embeddings=context,
        kernel=shape.kernel,
        softmaxes=shape.softmaxes,
        dropout=shape.dropout,
        tie_word_embeddings=bool(shape.tied),
    )
    model = CnnForCausalLM(config)
    with_ends(model, tokenizer)
    return model
