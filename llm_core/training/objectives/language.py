"""Language itself: the next token of running text, or the other sentence of a pair."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.models.opening import open_tokenizer
from llm_core.training.attention import SHORT
from llm_core.training.canaries import plant
from llm_core.training.config import TrainConfig
from llm_core.training.corpus import read_rows, write_corpus
from llm_core.training.dataset import Stream
from llm_core.training.evaluate import validation_loss
from llm_core.training.families import FAMILIES, Family, open_tokens, shape_of
from llm_core.training.loss import Loss
from llm_core.training.objectives.base import Judgement
from llm_core.training.opening import find_causal, open_for
from llm_core.training.split import splits
from llm_core.training.tokenize import UNKNOWN_BITS, learn_tokenizer, write_tokens
from llm_core.training.width import fitted

_VALIDATION_BATCHES = 12


@dataclass(frozen=True)
class Language:
    """An `Objective` of every family that writes text."""

    config: TrainConfig
    folder: Path

    @property
    def family(self) -> Family:
        """The family that the configuration names."""
        return FAMILIES[self.config.family]

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The tokenizer that `prepare` learned."""
        return PreTrainedTokenizerFast.from_pretrained(self.folder / "tokenizer")

    @property
    def begins_with(self) -> Path:
        """Where the model stands that the run begins with."""
        assert self.config.start is not None
        return find_causal(self.config.start, self.folder.parent)

    @property
    def loss(self) -> Loss:
        """See `Objective`."""
        return self.family.loss

    def prepare(self) -> dict[str, Any]:
        """Read and clean the text, learn the tokenizer, write the token ids."""
        data = self.folder / "data"
        report = write_corpus(self.config, data)
        if self.config.canaries:
            config = self.config
            report["canaries"] = plant(config.canaries, config.seed, config.languages, data)
        texts = _spread(data / "train.jsonl", report["train"]["characters"], self.config.tokenizer.sample_characters)
        tokenizer = self.learn_tokenizer(texts)
        tokenizer.save_pretrained(self.folder / "tokenizer")
        for split in splits(self.config):
            fields = len(next(read_rows(data / f"{split}.jsonl")))
            for i in range(fields):
                rows = read_rows(data / f"{split}.jsonl")
                texts = (unit for row in rows for unit in self.family.units(row[i]))
                lost = write_tokens(data / f"{split}-{i}", texts, tokenizer, [tokenizer.eos_token_id])
                report[split]["unknown"] = report[split].get("unknown", 0) + lost
        return report

    def learn_tokenizer(self, texts: Iterable[str]) -> PreTrainedTokenizerFast:
        """That of the model to start with, or one of the wanted kind with the pieces that the family needs."""
        if self.config.start:
            return open_tokenizer(self.begins_with)
        return learn_tokenizer(self.config.tokenizer, texts, self.family.own_pieces(self.config.languages))

    def build_model(self) -> PreTrainedModel:
        """The model to start with, or a fresh one of the family and size that the configuration asks for."""
        if self.config.start:
            return open_for(self.config, self.begins_with)
        context, shape = self.config.batch.context, shape_of(self.family, self.config)
        if self.config.parameters:
            shape = fitted(self.family, shape, self.tokenizer, self.config.parameters)
        model = self.family.build(shape, self.tokenizer, context)
        if torch.cuda.is_available():
            nn.Module.to(model, "cuda")
        elif context <= SHORT:
            model.set_attn_implementation(self.family.short_attention)
        return model

    def stream(self, split: str) -> Stream:
        """See `Objective`."""
        return self.family.open_stream(self.config, self.tokenizer, open_tokens(self.folder / "data", split))

    def judge(self, model: PreTrainedModel) -> Judgement:
        """Loss, bits per character, what the model makes of each prompt, and what its family says of it."""
        loss = validation_loss(model, self.stream("valid"), _VALIDATION_BATCHES, self.loss)
        samples = self.family.sample(model, self.tokenizer, self.config.prompts)
        extra = self.family.figures(model, self.stream("valid"))
        return Judgement(loss, self.bits_per_character(loss), samples, extra)

    def examine(self, model: PreTrainedModel) -> dict[str, Any]:
        """Nothing: `python -m llm_core.training.measure` compares with n-gram models, which takes minutes."""
        return {}

    def bits_per_character(self, loss: float) -> float:
        """What a validation loss in nats a token means in bits a character, comparable across tokenizers."""
        tokens = sum(len(side.ids) for side in open_tokens(self.folder / "data", "valid"))
        report = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        valid = report["valid"]
        bits = loss / math.log(2) * tokens + UNKNOWN_BITS * valid.get("unknown", 0)
        return bits / float(valid["characters"])


def _spread(path: Path, characters: int, limit: int) -> Iterator[str]:
    """Texts of rows spread evenly over a file of `characters`, about `limit` characters in all."""
    step = max(1, -(-characters // limit))
    for row in islice(read_rows(path), 0, None, step):
        yield from row
