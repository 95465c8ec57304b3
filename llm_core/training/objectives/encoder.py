"""What all objectives of the encoder share: where its weights come from, and how it computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

from llm_core.errors import UserError
from llm_core.models import encoder, recurrent
from llm_core.training.attention import SHORT
from llm_core.training.config import TrainConfig
from llm_core.training.evaluate import at_rest
from llm_core.training.families import FAMILIES, shape_of
from llm_core.training.precision import computing
from llm_core.training.start import find_start
from llm_core.training.tokenize import learn_tokenizer


@dataclass(frozen=True)
class OverEncoder:
    """One configuration in one folder; the objectives of the encoder derive from it."""

    config: TrainConfig
    folder: Path

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The tokenizer that `prepare` learned, or took over."""
        return PreTrainedTokenizerFast.from_pretrained(self.folder / "tokenizer")

    @property
    def start(self) -> Path | None:
        """The folder of the model that the run begins with.

        Raises:
            UserError: `start_unknown`; `start_fresh`, the family is none of encoders.
        """
        if self.config.start and self.config.family != "encoder":
            config = self.config
            raise UserError("start_fresh", name=config.start, family=config.family, objective=config.objective)
        return find_start(self.config.start, self.folder.parent) if self.config.start else None

    def encoder_tokenizer(self, texts: Iterable[str]) -> PreTrainedTokenizerFast:
        """That of the model to start with, or one learned from `texts`."""
        if self.start:
            return PreTrainedTokenizerFast.from_pretrained(self.start)
        return encoder.as_encoder_tokenizer(learn_tokenizer(self.config.tokenizer, texts, []))

    def open_model(self, head: type[PreTrainedModel], **config: Any) -> PreTrainedModel:
        """The encoder with a head of this class on the best device here, and what is frozen frozen."""
        if self.start:
            dropout = self.config.shape.get("dropout")
            model = encoder.open_with_head(self.start, head, dropout, **config)
        else:
            model = head(self._fresh(config))
        encoder.frozen(model, self.config.freeze)
        model.config.context_tokens = self.config.batch.context  # whoever serves it reads no more at once
        if torch.cuda.is_available():
            nn.Module.to(model, "cuda")
        elif self.config.family == "encoder" and self.config.batch.context <= SHORT:
            model.set_attn_implementation("eager")  # measured: 1.08 times as fast as the fused kernel
        return model

    def _fresh(self, entries: dict[str, Any]) -> PreTrainedConfig:
        """The configuration of a model with fresh weights."""
        config, shape = self.config, shape_of(FAMILIES[self.config.family], self.config)
        fresh: PreTrainedConfig
        if config.family in ("rnn", "lstm", "gru"):
            fresh = recurrent.config_of(config.family, shape, self.tokenizer, config.batch.context)
        else:
            fresh = encoder.config_of(shape, self.tokenizer, config.batch.context)
        fresh.update(entries)
        return fresh


@contextmanager
def judging(model: PreTrainedModel) -> Iterator[None]:
    """Compute as in training, without gradients and dropout, and leave no trace."""
    with at_rest(model), computing(model.device):
        yield
