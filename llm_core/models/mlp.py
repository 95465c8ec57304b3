"""A fixed window of tokens through fully connected layers: h^l = sigma(W^l h^{l-1} + b^l).

h^0 is the last `window` tokens' embeddings side by side, sigma is SiLU, and the logits are W h^L + b. The oldest
neural language model (Bengio et al. 2003), here with tied embeddings: the last layer is as wide as they are. What
lies further back than the window it cannot know.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast

from llm_core.models.sequence import Backbone, SequenceConfig, SequenceModel, with_ends
from llm_core.models.state import windows


@dataclass(frozen=True)
class Shape:
    """Width of the embeddings, tokens in the window, and the layers over them."""

    hidden: int
    window: int
    wide: int
    """Width of every layer but the last."""
    layers: int
    softmaxes: int = 1
    """More than one: the output is a mixture of so many."""
    tied: int = 1
    """1: output and input embeddings are one matrix."""
    dropout: float = 0.0


SIZES = {
    "tiny": Shape(hidden=64, window=8, wide=192, layers=3),
    "small": Shape(hidden=400, window=8, wide=1056, layers=3),
    "medium": Shape(hidden=768, window=8, wide=2208, layers=3),
    "base": Shape(hidden=1536, window=8, wide=3776, layers=4),
}


class MlpConfig(SequenceConfig):
    """How far it sees, and how wide its layers are."""

    model_type = "workbench_mlp"
    window: int = 8
    intermediate_size: int = 0


class Mlp(Backbone):
    """Layers over the embeddings of the last tokens."""

    def __init__(self, config: MlpConfig) -> None:
        super().__init__(config)
        between = [config.intermediate_size] * (config.num_hidden_layers - 1)
        widths = [config.window * config.hidden_size, *between, config.hidden_size]
        self.layers = nn.ModuleList(nn.Linear(narrow, wide) for narrow, wide in pairwise(widths))

    def read(
        self, x: Tensor, before: tuple[Tensor, ...], lengths: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See `Backbone.read`; remembered are the embeddings of the last window - 1 tokens."""
        x, after = windows(x, self.config.window, before[0] if before else None, lengths)
        for layer in self.layers:
            x = F.silu(layer(F.dropout(x, self.config.dropout, self.training)))
        return F.dropout(x, self.config.dropout, self.training), (after,)


class MlpForCausalLM(SequenceModel):
    """A language model of a fixed window."""

    config_class = MlpConfig
    backbone = Mlp


CLASSES = (MlpConfig, MlpForCausalLM)


def build(shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> MlpForCausalLM:
    """An MLP with fresh weights from torch's random state.

    Args:
        shape: one of SIZES, or another.
        tokenizer: gives the vocabulary's size and the id that ends a text.
        context: the longest sequence in training, in tokens.
    """
    config = MlpConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        max_position_embeddings=context,
        window=shape.window,
        intermediate_size=shape.wide,
        softmaxes=shape.softmaxes,
        dropout=shape.dropout,
        tie_word_embeddings=bool(shape.tied),
    )
    model = MlpForCausalLM(config)
    with_ends(model, tokenizer)
    return model
