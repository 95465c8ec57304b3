"""The n-gram as a family: its tables of counts in a standard folder, its probabilities as logits.

What is kept are the k-grams and how often each was seen; smoothing follows from them (ngram.py). Nothing is learned
by gradient, and there is no parameter: the tables are buffers of integers, so that no rounding changes them.

Legend: B sequences, T tokens, V tokens in the vocabulary, G different k-grams of one k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import GenerationMixin, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

from llm_core.models.ngram import Ids, NGram, Reals
from llm_core.models.sequence import WritesOn, with_ends
from llm_core.models.state import State, tokens_first, windows

_ROWS = 512
"""Distributions over the vocabulary that are computed at a time."""


@dataclass(frozen=True)
class Shape:
    """How many tokens are seen together; how large the tables become depends on the text."""

    order: int
    """1: how often each token is; 2: the transition matrix; up to 5."""
    tokens: int = 5_000_000
    """Of a longer text, only so many tokens are counted: about 230 bytes of memory for each while counting."""


SIZES = {
    "tiny": Shape(order=2),
    "small": Shape(order=3),
    "medium": Shape(order=4),
    "base": Shape(order=5),
}


class NGramConfig(PreTrainedConfig):
    """How many tokens are seen together, and how large each table is."""

    model_type = "workbench_ngram"
    vocab_size: int = 0
    order: int = 3
    counted_tokens: int = 5_000_000
    """At most so many tokens of a text are counted."""
    k_grams: list[int] | None = None
    """Different k-grams for k = 1, 2, ... order; None before anything was counted."""
    max_position_embeddings: int = 256


class NGramForCausalLM(WritesOn, PreTrainedModel, GenerationMixin):  # type: ignore[misc]
    """Counts, looked up."""

    config_class = NGramConfig

    def __init__(self, config: NGramConfig) -> None:
        super().__init__(config)
        self._ngram: NGram | None = None
        for k, size in enumerate(config.k_grams or [0] * config.order, 1):
            self.register_buffer(f"keys_{k}", torch.zeros(size, dtype=torch.int64))
            self.register_buffer(f"counts_{k}", torch.zeros(size, dtype=torch.int32))
        self.post_init()

    @property
    def device(self) -> torch.device:
        """Where the tables lie; they are looked up on the CPU."""
        return self.get_buffer("keys_1").device

    @property
    def dtype(self) -> torch.dtype:
        """Of the logits."""
        return torch.float32

    def num_parameters(self, only_trainable: bool = False, exclude_embeddings: bool = False) -> int:
        """Counts in all tables together."""
        return sum(self.config.k_grams or [])

    @property
    def ngram(self) -> NGram:
        """The tables with all that follows from them."""
        if self._ngram is None:
            tables = [
                (self._table(f"keys_{k}"), self._table(f"counts_{k}").astype(np.float64))
                for k in range(1, self.config.order + 1)
            ]
            counted = self.config.k_grams is not None
            vocabulary = self.config.vocab_size
            self._ngram = NGram.of_tables(vocabulary, tables) if counted else NGram(self.config.order, vocabulary)
        return self._ngram

    def fit(self, ids: Ids) -> None:
        """Count a text of N ids; what was counted before is forgotten."""
        self._ngram = NGram(self.config.order, self.config.vocab_size).fit(ids)
        device = self.device
        for k, level in enumerate(self._ngram.levels, 1):
            setattr(self, f"keys_{k}", torch.from_numpy(level.keys).to(device))
            setattr(self, f"counts_{k}", torch.from_numpy(level.counts.astype(np.int32)).to(device))
        self.config.k_grams = [len(level.keys) for level in self._ngram.levels]

    def read(
        self, ids: Tensor, mask: Tensor | None, state: State | None, use_cache: bool | None
    ) -> tuple[Tensor, Any]:
        """The ids before each place, and the state: the last few of them."""
        state = state or State()
        before, after = self._before(ids, mask, state)
        return before, None if use_cache is False else State((after,), state.tokens + ids.shape[1])

    def logits(self, before: Tensor) -> Tensor:
        """Log-probabilities [B, T, V] of what follows these ids [B, T, order - 1]."""
        found = torch.from_numpy(self._log_distributions(before.flatten(0, 1).cpu().numpy()))
        return found.unflatten(0, before.shape[:2]).to(before.device)

    def log_likelihoods(self, input_ids: Tensor, labels: Tensor) -> Tensor:
        """ln P(labels[:, t] | input_ids up to t), both [B, T] ids: looked up without the other tokens' chances."""
        before, _ = self._before(input_ids, None, State())
        chances = self.ngram.after(before.flatten(0, 1).cpu().numpy(), labels.flatten().cpu().numpy())
        return torch.from_numpy(np.log(chances)).float().view(labels.shape).to(labels.device)

    def frequent(self, count: int) -> Tensor:
        """The ids that were seen most often, most frequent first."""
        longest = self.ngram.levels[-1]  # the shorter ones count after how many different tokens each was seen
        vocabulary = self.config.vocab_size
        seen = np.bincount(longest.keys % (vocabulary + 1), longest.counts, vocabulary)[:vocabulary]
        return torch.from_numpy(np.argsort(-seen, kind="stable")[:count])

    def transition_rows(self, ids: Tensor) -> Tensor:
        """Rows of the transition matrix: P(next token | one token) after each of n ids [n, V]. All ids: all of it."""
        before = np.full((len(ids), max(self.config.order - 1, 1)), -1)  # and nothing is known of what stood there
        before[:, -1] = ids.cpu().numpy()
        return torch.from_numpy(np.exp(self._log_distributions(before)))

    def _before(self, ids: Tensor, mask: Tensor | None, state: State) -> tuple[Tensor, Tensor]:
        """The ids that each place's successor depends on [B, T, order - 1], -1 for none; what to remember of them."""
        width = max(self.config.order - 1, 1)
        known = (ids + 1)[..., None]  # B, T, 1; 0 where nothing is known
        earlier = state.tensors[0] if state.tensors else None
        mask = None if mask is None else mask[:, -ids.shape[1] :].bool()
        if mask is None or bool(mask.all()):
            seen, after = windows(known, width, earlier, None)
        else:
            order, back, lengths = tokens_first(mask)
            seen, after = windows(known.gather(1, order[..., None]), width, earlier, lengths)
            seen = seen.gather(1, back[..., None].expand_as(seen))
        return seen - 1, after

    def _log_distributions(self, before: Ids) -> Reals:
        """ln P of every token at each of N places [N, V], in float32."""
        out = np.empty((len(before), self.config.vocab_size), dtype=np.float32)
        for start in range(0, len(before), _ROWS):
            some = slice(start, start + _ROWS)
            np.log(self.ngram.distributions(before[some]), out=out[some], casting="same_kind")
        return out

    def _table(self, name: str) -> Any:
        return self.get_buffer(name).cpu().numpy()

    def _init_weights(self, module: Any) -> None:
        """Nothing is drawn: tables are counted."""


CLASSES = (NGramConfig, NGramForCausalLM)


def build(shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> NGramForCausalLM:
    """An n-gram model with empty tables, to which every token is as likely as any other.

    Args:
        shape: one of SIZES, or another.
        tokenizer: gives the vocabulary's size and the id that ends a text.
        context: the longest sequence in evaluation, in tokens.
    """
    config = NGramConfig(
        vocab_size=len(tokenizer),
        order=shape.order,
        counted_tokens=shape.tokens,
        max_position_embeddings=context,
    )
    model = NGramForCausalLM(config)
    with_ends(model, tokenizer)
    return model
