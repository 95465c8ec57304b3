"""The sentence VAE (Bowman et al. 2016): a sentence becomes a point of a space, and a point a sentence.

Encoder: a GRU over the sentence in both directions; mu, log sigma^2 = W [h_T; h_1] + b; q(z|x) = N(mu, sigma^2).
Decoder: a GRU that is told z at each token, and begins with h_0 = tanh(W z + b); p(x|z) = prod p(x_t | x_<t, z).
Prior: p(z) = N(0, 1). Learned is the bound log p(x) >= E_q[log p(x|z)] - KL(q(z|x) || p(z)); see training/elbo.py.

As a language model it is the decoder at one z: at the mean of the prior, z = 0, unless the state that it goes on from
holds another one (`begin`). So it reads a text token by token like its siblings.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import PreTrainedTokenizerFast
from transformers import initialization as init

from llm_core.models.sequence import Backbone, SequenceConfig, SequenceModel, locked_dropout, with_ends
from llm_core.models.state import State, tokens_first


@dataclass(frozen=True)
class Shape:
    """Width of embeddings and hidden state, dimensions of z, and what keeps the decoder from doing without z."""

    hidden: int
    layers: int = 1
    latent: int = 16
    softmaxes: int = 1
    """More than one: the output is a mixture of so many."""
    tied: int = 1
    """1: output and input embeddings are one matrix."""
    dropout: float = 0.0
    word_dropout: float = 0.5
    """How often, in training, the decoder is not told the word before, and has to know it from z."""
    free_bits: float = 0.5
    """Nats in each dimension of z that cost nothing (Kingma et al. 2016)."""
    annealing: int = 300
    """Forward passes of training over which the weight of the KL term grows from 0 to 1."""


SIZES = {
    "tiny": Shape(hidden=72),
    "small": Shape(hidden=472, latent=32),
    "medium": Shape(hidden=984, latent=32),
    "base": Shape(hidden=2032, latent=64),
}


class VaeConfig(SequenceConfig):
    """The knobs of `Shape`."""

    model_type = "workbench_vae"
    latent_size: int = 16
    word_dropout: float = 0.0
    free_bits: float = 0.0
    annealing: int = 1


class Vae(Backbone):
    """Both halves, over one set of embeddings."""

    passes: Tensor
    """Forward passes of training so far: the KL term's weight follows it, and it is saved with the weights."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__(config)
        width, latent = config.hidden_size, config.latent_size
        self.encoder = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.posterior = nn.Linear(2 * width, 2 * latent)
        self.first = nn.Linear(latent, config.num_hidden_layers * width)
        self.layers = nn.ModuleList(
            nn.GRU(width if i else width + latent, width, batch_first=True) for i in range(config.num_hidden_layers)
        )
        self.register_buffer("passes", torch.zeros((), dtype=torch.long))

    def encode(self, ids: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """mu and log sigma^2 of q(z|x), each [B, Z].

        ids: B, T, sentences without marks. mask: B, T, 0 where there is a pad.
        """
        order, _, lengths = tokens_first(torch.ones_like(ids) if mask is None else mask)
        x = locked_dropout(self.embed_tokens(ids.gather(1, order)), self.config.dropout, self.training)
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        _, ends = self.encoder(packed)  # 2, B, D
        mean, log_variance = self.posterior(torch.cat([*ends], dim=-1)).float().chunk(2, dim=-1)
        return mean, log_variance

    def decode(self, x: Tensor, z: Tensor) -> Tensor:
        """Hidden vectors [B, T, D] that the words are read off.

        x: B, T, D, the embedded words before each place. z: B, Z.
        """
        hidden, _ = self.read(x, self.at(z).tensors, None)
        return hidden

    def at(self, z: Tensor) -> State:
        """The state before the first token of the sentences at `z` [B, Z]."""
        return State((z, *torch.tanh(self.first(z)).chunk(len(self.layers), dim=-1)))

    def read(
        self, x: Tensor, before: tuple[Tensor, ...], lengths: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See `Backbone.read`; remembered are z and, after it, h of each layer."""
        z, *states = before or self.at(x.new_zeros(len(x), self.config.latent_size)).tensors
        x = torch.cat([x, z[:, None].expand(-1, x.shape[1], -1).to(x.dtype)], dim=-1)
        after = [z]
        for layer, state in zip(self.layers, states, strict=True):
            given = state[None].to(x.dtype).contiguous()
            if lengths is None:
                x, last = layer(x, given)
            else:
                packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
                out, last = layer(packed, given)
                x, _ = pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
            x = locked_dropout(x, self.config.dropout, self.training)
            after.append(last[0])
        return x, tuple(after)


class VaeForCausalLM(SequenceModel):
    """A sentence VAE; as a language model, its decoder."""

    config_class = VaeConfig
    backbone = Vae

    def begin(self, input_ids: Tensor) -> State:
        """The state to continue a text from: z is where the encoder puts what is there of it, mu.

        Where nothing but the mark between texts is there, z is drawn from the prior.
        """
        words = input_ids != self.config.eos_token_id
        if not bool(words.any()):
            return self.model.at(torch.randn(len(input_ids), self.config.latent_size, device=input_ids.device))
        return self.model.at(self.model.encode(input_ids, words)[0])

    def _init_weights(self, module: nn.Module) -> None:
        """A q(z|x) that begins narrow, so that the decoder finds z worth reading."""
        super()._init_weights(module)
        if isinstance(module, nn.GRU):
            for name, weight in module.named_parameters():
                for gate in weight.chunk(3):
                    if "weight_hh" in name:
                        init.orthogonal_(gate)
                    elif "weight" in name:
                        init.xavier_uniform_(gate)
                    else:
                        init.zeros_(gate)
        if isinstance(module, Vae):
            latent = self.config.latent_size
            init.constant_(module.posterior.bias[latent:], -2.0)


CLASSES = (VaeConfig, VaeForCausalLM)


def build(shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> VaeForCausalLM:
    """A sentence VAE with fresh weights from torch's random state.

    Args:
        shape: one of SIZES, or another.
        tokenizer: gives the vocabulary's size and the id that ends a text.
        context: the longest sentence in training, in tokens.
    """
    config = VaeConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        max_position_embeddings=context,
        latent_size=shape.latent,
        word_dropout=shape.word_dropout,
        free_bits=shape.free_bits,
        annealing=shape.annealing,
        softmaxes=shape.softmaxes,
        dropout=shape.dropout,
        tie_word_embeddings=bool(shape.tied),
    )
    model = VaeForCausalLM(config)
    with_ends(model, tokenizer)
    return model
