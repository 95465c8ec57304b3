"""A tiny recurrent language model of our own families, over bytes: what carries a state instead of a cache."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from llm_core.models import recurrent

TRAINED_TOKENS = 16  # together; it can read on beyond them


def write_tiny_recurrent(folder: Path, *, end: str | None = None) -> Path:
    """Random weights, always the same, and a tokenizer of bytes; with `end`, that is the mark of a text's end."""
    torch.manual_seed(0)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: place for place, token in enumerate(alphabet)} | ({end: 256} if end else {})
    bytewise = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytewise, eos_token=end)
    model = recurrent.build("gru", recurrent.Shape(hidden=16, layers=1, tied=0), tokenizer, TRAINED_TOKENS)
    torch.nn.init.normal_(model.lm_head.weight, std=2.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
