"""What the small families have in common: tokens in, hidden vectors inside, logits out, a state to go on from.

A family is a `Backbone` (embeddings, and how one vector for each token is made from them) and a configuration. The
rest (output layer, generation, padding, saving) stands here once.

Legend: B sequences, T tokens, D width of the embeddings and of the last hidden vectors, V tokens in the vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import GenerationConfig, GenerationMixin, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers import initialization as init
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast

from llm_core.models.mixture import Mixture
from llm_core.models.state import CarriesState, State, tokens_first


class SequenceConfig(PreTrainedConfig):
    """The knobs of every small family."""

    vocab_size: int = 0
    hidden_size: int = 0
    num_hidden_layers: int = 1
    max_position_embeddings: int = 256
    """Tokens that it was trained on together; it can read on beyond them."""
    softmaxes: int = 1
    dropout: float = 0.0
    tie_word_embeddings: bool = True


class Backbone(nn.Module):
    """Embeddings, and what makes one hidden vector for each token from them. Families fill in `read`."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        past_key_values: State | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """Hidden vectors [B, T, D] of `input_ids` [B, T], and the state after them.

        Where `attention_mask` is 0 stands a pad: it changes no state, and its own hidden vector means nothing.
        """
        before = past_key_values or State()
        mask = None if attention_mask is None else attention_mask[:, -input_ids.shape[1] :].bool()
        if mask is None or bool(mask.all()):
            hidden, after = self.read(self.embed_tokens(input_ids), before.tensors, None)
        else:
            order, back, lengths = tokens_first(mask)
            hidden, after = self.read(self.embed_tokens(input_ids.gather(1, order)), before.tensors, lengths)
            hidden = hidden.gather(1, back[..., None].expand_as(hidden))
        state: Any = None if use_cache is False else State(after, before.tokens + input_ids.shape[1])
        return BaseModelOutputWithPast(last_hidden_state=hidden, past_key_values=state)

    def read(
        self, x: Tensor, before: tuple[Tensor, ...], lengths: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Hidden vectors of the embedded tokens, and what is to be remembered after them.

        Args:
            x: B, T, D.
            before: what the tokens before left behind; empty at the beginning.
            lengths: B, how many of the T are tokens and not pads behind them; None for all.
        """
        raise NotImplementedError


class FreshWeights(PreTrainedModel):
    """A model that begins with weights of a sound size, whatever stands on its backbone."""

    base_model_prefix = "model"

    def _init_weights(self, module: nn.Module) -> None:
        """Vectors of about length one for embeddings, and layers that keep the size of what goes through them."""
        if isinstance(module, nn.Embedding):
            init.normal_(module.weight, std=module.embedding_dim**-0.5)
        elif isinstance(module, nn.Linear):
            init.xavier_uniform_(module.weight)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.RMSNorm):
            init.ones_(module.weight)


class WritesOn(CarriesState):
    """A language model's forward pass over what it makes of a text: logits, loss and state.

    Stands before transformers' own classes; a model fills in `read` and `logits`.
    """

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        past_key_values: State | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Logits [B, T, V] of what follows each token, and the state after the last one.

        labels: B, T; the loss is the mean of -log P(labels[:, t + 1] | tokens up to t), -100 not counted.
        logits_to_keep: only of the last so many tokens; 0 for all.
        """
        hidden, state = self.read(input_ids, attention_mask, past_key_values, use_cache)
        logits = self.logits(hidden[:, -logits_to_keep:])
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits[:, :-1].float().flatten(0, 1), labels[:, 1:].flatten())
        return CausalLMOutputWithPast(loss=loss, logits=logits, past_key_values=state)

    def read(
        self, ids: Tensor, mask: Tensor | None, state: State | None, use_cache: bool | None
    ) -> tuple[Tensor, Any]:
        """What the successor of each token depends on [B, T, ...], and the state or None; see `forward`."""
        raise NotImplementedError

    def logits(self, hidden: Tensor) -> Tensor:
        """From what `read` found [..., D] to [..., V]."""
        raise NotImplementedError


class SequenceModel(WritesOn, FreshWeights, GenerationMixin):  # type: ignore[misc]
    """A backbone with an output layer, as transformers loads, saves and generates with it."""

    config_class = SequenceConfig
    backbone: type[Backbone]
    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}  # noqa: RUF012 - as transformers has it

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.model = self.backbone(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size)
        self.mixture = Mixture(config.hidden_size, config.softmaxes) if config.softmaxes > 1 else None
        self.post_init()

    def read(
        self, ids: Tensor, mask: Tensor | None, state: State | None, use_cache: bool | None
    ) -> tuple[Tensor, Any]:
        """The hidden vectors [B, T, D] of the backbone."""
        out = self.model(ids, mask, state, use_cache)
        return out.last_hidden_state, out.past_key_values

    def logits(self, hidden: Tensor) -> Tensor:
        """The output layer: hidden [..., D] to [..., V]; of a mixture of softmaxes, log-probabilities."""
        return self.lm_head(hidden) if self.mixture is None else self.mixture(hidden, self.lm_head)


def with_ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
    """Tell a fresh model with which token a text ends."""
    end = tokenizer.eos_token_id
    model.config.eos_token_id = model.config.pad_token_id = end
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=end)


def locked_dropout(x: Tensor, chance: float, training: bool) -> Tensor:
    """Dropout with one mask for all tokens of a sequence (Gal and Ghahramani 2016). x: B, T, D."""
    if not training or not chance:
        return x
    return x * F.dropout(torch.ones_like(x[:, :1]), chance)
