"""Recurrent networks: plain (Elman), LSTM and GRU, one module for the three.

Plain: h_t = tanh(W_hx x_t + W_hh h_{t-1} + b_h), o_t = W_ho h_t + b_o over the vocabulary.
LSTM:  i, f, o = sigmoid(W x_t + U h_{t-1} + b), g = tanh(W x_t + U h_{t-1} + b),
       c_t = f c_{t-1} + i g, h_t = o tanh(c_t)   (Hochreiter and Schmidhuber 1997; forget gate Gers et al. 2000)
GRU:   r, z = sigmoid(W x_t + U h_{t-1} + b), n = tanh(W x_t + b + r (U h_{t-1} + b')),
       h_t = (1 - z) n + z h_{t-1}                (Cho et al. 2014, as torch has it)

torch keeps b as a sum of two, one beside W and one beside U.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import PreTrainedTokenizerFast
from transformers import initialization as init
from transformers.modeling_outputs import SequenceClassifierOutput

from llm_core.models.cells import CELLS, trace_layer
from llm_core.models.sequence import Backbone, FreshWeights, SequenceConfig, SequenceModel, locked_dropout, with_ends

Cell = Literal["rnn", "lstm", "gru"]
# Embeddings have length one, so that each of their numbers is small; with a gain of one the gates hardly move at
# first, and an LSTM of two layers learns nothing but how often each piece occurs for 150 updates (docs/log.md).
INPUT_GAIN = {"RNN_TANH": 4.0, "LSTM": 8.0, "GRU": 4.0}


@dataclass(frozen=True)
class Shape:
    """Width of embeddings and hidden state, and what stands on it."""

    hidden: int
    layers: int
    dense: int = 0
    """1: a dense ReLU layer before the output."""
    softmaxes: int = 1
    """More than one: the output is a mixture of so many."""
    tied: int = 1
    """1: output and input embeddings are one matrix."""
    dropout: float = 0.0
    """Variational (Gal and Ghahramani 2016): of what goes into each layer and the output, one mask for a sequence."""
    recurrent_dropout: float = 0.0
    """Variational: of the hidden state on its way to the next step, one mask for a micro-batch."""


SIZES: dict[Cell, dict[str, Shape]] = {
    "rnn": {
        "tiny": Shape(hidden=76, layers=2),
        "small": Shape(hidden=656, layers=2),
        "medium": Shape(hidden=1408, layers=3),
        "base": Shape(hidden=3072, layers=3),
    },
    "lstm": {
        "tiny": Shape(hidden=72, layers=2),
        "small": Shape(hidden=496, layers=2),
        "medium": Shape(hidden=896, layers=3),
        "base": Shape(hidden=1792, layers=3),
    },
    "gru": {
        "tiny": Shape(hidden=72, layers=2),
        "small": Shape(hidden=528, layers=2),
        "medium": Shape(hidden=976, layers=3),
        "base": Shape(hidden=2016, layers=3),
    },
}


class RecurrentConfig(SequenceConfig):
    """One of the three cells, and how many layers of it."""

    model_type = "workbench_recurrent"
    cell: str = "lstm"
    dense: bool = False
    recurrent_dropout: float = 0.0


class Recurrent(Backbone):
    """Layers of one cell, each over the hidden states of the one below."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__(config)
        width, cell = config.hidden_size, CELLS[config.cell]
        self.layers = nn.ModuleList(
            cell.layer(width, width, batch_first=True) for _ in range(config.num_hidden_layers)
        )
        self.dense = nn.Linear(width, width) if config.dense else None

    def read(
        self, x: Tensor, before: tuple[Tensor, ...], lengths: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See `Backbone.read`; remembered are h of each layer, and c after it where the cell has one."""
        chance, held = self.config.dropout, CELLS[self.config.cell].held
        after: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            state = before[i * held : (i + 1) * held] or (x.new_zeros(len(x), x.shape[2]),) * held
            x, state = self._run(layer, locked_dropout(x, chance, self.training), state, lengths)
            after += state
        if self.dense is not None:
            x = self.dense(locked_dropout(x, chance, self.training)).relu()
        return locked_dropout(x, chance, self.training), tuple(after)

    def _run(
        self, layer: Any, x: Tensor, state: tuple[Tensor, ...], lengths: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One layer over B, T, D; the state is a tuple of B, D."""
        hx = tuple(tensor[None].contiguous() for tensor in state)  # torch has the layers first
        given = hx if len(hx) > 1 else hx[0]
        if lengths is not None:
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            out, after = layer(packed, given)
            hidden, _ = pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
        elif self.training and self.config.recurrent_dropout:
            hidden, after = self._run_thinned(layer, x, given)
        else:
            hidden, after = layer(x, given)
        return hidden, tuple(tensor[0] for tensor in (after if isinstance(after, tuple) else (after,)))

    def _run_thinned(self, layer: Any, x: Tensor, given: Any) -> tuple[Tensor, Any]:
        """With parts of h cut off on the way to the next step: U (mask h) = (U mask) h, so the fast kernel serves."""
        mask = nn.functional.dropout(torch.ones_like(layer.weight_hh_l0[:1]), self.config.recurrent_dropout)
        weights = [layer.weight_ih_l0, layer.weight_hh_l0 * mask, layer.bias_ih_l0, layer.bias_hh_l0]
        hidden, *after = CELLS[self.config.cell].run(x, given, weights, True, 1, 0.0, True, False, True)
        return hidden, tuple(after)

    @torch.no_grad()
    def trace(self, ids: Tensor) -> dict[str, Tensor]:
        """What happens inside while one text is read, by the formulas above, in float32.

        Args:
            ids: T.

        Returns:
            Each [layers, T, D]: "h" for the plain cell; "i", "f", "g", "o", "c", "h" for LSTM; "r", "z", "n", "h" for
            GRU.
        """
        x = self.embed_tokens(ids).float()
        layers = []
        for layer in self.layers:
            layers.append(trace_layer(self.config.cell, layer, x))
            x = layers[-1]["h"]
        return {name: torch.stack([layer[name] for layer in layers]) for name in layers[0]}


class FreshRecurrent(FreshWeights):
    """Recurrent layers that remember from the first update on."""

    def _init_weights(self, module: nn.Module) -> None:
        """Orthogonal from state to state, so that neither it nor its gradient fades; a forget gate that remembers."""
        super()._init_weights(module)
        if isinstance(module, nn.RNNBase):
            width = module.hidden_size
            for name, weight in module.named_parameters():
                if "weight_hh" in name:
                    for gate in weight.split(width):
                        init.orthogonal_(gate)
                elif "weight" in name:
                    for gate in weight.split(width):
                        init.xavier_uniform_(gate, gain=INPUT_GAIN[module.mode])
                else:
                    init.zeros_(weight)
                    if isinstance(module, nn.LSTM) and "ih" in name:
                        init.ones_(weight[width : 2 * width])


class RecurrentForCausalLM(FreshRecurrent, SequenceModel):  # type: ignore[misc]
    """A recurrent language model."""

    config_class = RecurrentConfig
    backbone = Recurrent

    def trace(self, ids: Tensor) -> dict[str, Tensor]:
        """See `Recurrent.trace`."""
        return self.model.trace(ids)


class RecurrentForSequenceClassification(FreshRecurrent):
    """A recurrent network that gives a text a label: a linear layer over the mean of its last hidden vectors."""

    config_class = RecurrentConfig

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.model = Recurrent(config)
        self.score = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, **kwargs: Any
    ) -> SequenceClassifierOutput:
        """Logits [B, C] of `input_ids` [B, T]; where `attention_mask` is 0 stands a pad."""
        hidden = self.model(input_ids, attention_mask, use_cache=False).last_hidden_state
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        weights = (mask / mask.sum(1, keepdim=True)).to(hidden.dtype)
        return SequenceClassifierOutput(logits=self.score((hidden * weights[..., None]).sum(1)))


CLASSES = (RecurrentConfig, RecurrentForCausalLM)


def config_of(cell: Cell, shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> RecurrentConfig:
    """The configuration of a model with this cell and shape; see `build`."""
    return RecurrentConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        max_position_embeddings=context,
        cell=cell,
        dense=bool(shape.dense),
        softmaxes=shape.softmaxes,
        dropout=shape.dropout,
        recurrent_dropout=shape.recurrent_dropout,
        tie_word_embeddings=bool(shape.tied),
    )


def build(cell: Cell, shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> RecurrentForCausalLM:
    """A recurrent model with fresh weights from torch's random state.

    Args:
        cell: which of the three.
        shape: one of SIZES[cell], or another.
        tokenizer: gives the vocabulary's size and the id that ends a text.
        context: the longest sequence in training, in tokens.
    """
    model = RecurrentForCausalLM(config_of(cell, shape, tokenizer, context))
    with_ends(model, tokenizer)
    return model
