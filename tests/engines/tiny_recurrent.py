"""A tiny recurrent language model as a Transformers folder: the state that it takes and returns is one hidden vector.

Registered with Transformers in the process that imports this, as every family of ours is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.modeling_outputs import CausalLMOutputWithPast

WIDTH = 16


class TinyRecurrentConfig(PretrainedConfig):
    model_type = "tiny_recurrent"

    def __init__(self, vocab_size: int = 257, **others: Any) -> None:
        self.vocab_size = vocab_size
        super().__init__(**others)


class TinyRecurrent(PreTrainedModel):
    config_class = TinyRecurrentConfig
    main_input_name = "input_ids"

    def __init__(self, config: TinyRecurrentConfig) -> None:
        super().__init__(config)
        self.embedding = torch.nn.Embedding(config.vocab_size, WIDTH)
        self.network = torch.nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.output = torch.nn.Linear(WIDTH, config.vocab_size)
        self.read = 0  # tokens, to see what a step costs
        self.post_init()

    def forward(self, input_ids: Any, past_key_values: Any = None, use_cache: bool = True) -> Any:
        self.read += input_ids.numel()
        states, last = self.network(self.embedding(input_ids), past_key_values)
        return CausalLMOutputWithPast(logits=self.output(states), past_key_values=last)


AutoConfig.register("tiny_recurrent", TinyRecurrentConfig)
AutoModelForCausalLM.register(TinyRecurrentConfig, TinyRecurrent)


def write_tiny_recurrent(folder: Path, *, end: str | None = None) -> Path:
    """Random weights, always the same, and a tokenizer of bytes; with `end`, that is the mark of a text's end."""
    torch.manual_seed(0)
    tokens = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: place for place, token in enumerate(tokens)} | ({end: 256} if end else {})
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    model = TinyRecurrent(TinyRecurrentConfig(len(vocabulary)))
    torch.nn.init.normal_(model.output.weight, std=2.0)
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end).save_pretrained(folder)
    return folder
