"""The workbench's own training loop on random text, for the benchmarks that time it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from llm_core.models import decoder
from llm_core.training.attention import PLAIN
from llm_core.training.config import TrainConfig
from llm_core.training.dataset import Blocks
from llm_core.training.loop import Trainer
from llm_core.training.tokenize import Tokens


def speeds(
    shape: decoder.Shape, vocabulary: int, context: int, micro_tokens: int, compiled: bool = False
) -> Iterator[float]:
    """Tokens a second in each update of a decoder, without end; on a GPU where there is one."""
    torch.manual_seed(0)
    model = decoder.build(shape, words(vocabulary), context)
    if torch.cuda.is_available():
        torch.nn.Module.to(model, "cuda")
    else:
        model.set_attn_implementation(PLAIN)
    if compiled:
        model.base_model.compile()
    ids = np.random.default_rng(0).integers(vocabulary, size=200 * micro_tokens, dtype=np.uint16)
    text = Tokens(ids, np.array([0, len(ids)]))
    stream = Blocks(text, context, micro_tokens // context, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(_config(vocabulary, context, micro_tokens), model, stream, Path(folder))
        for record in trainer.run():
            yield record.tokens_per_second


def parameters(shape: decoder.Shape, vocabulary: int, context: int) -> int:
    """Of a decoder of this shape."""
    count: int = decoder.build(shape, words(vocabulary), context).num_parameters()
    return count


def _config(vocabulary: int, context: int, micro_tokens: int) -> TrainConfig:
    return TrainConfig.model_validate(
        {
            "name": "benchmark",
            "family": "decoder",
            "sources": [{"path": "none.txt"}],
            "tokenizer": {"kind": "byte-bpe", "vocabulary": vocabulary},
            "batch": {"context": context, "micro_tokens": micro_tokens},
            "budget": {"steps": 10**6, "checkpoint_every_seconds": 10**6},
        }
    )


def words(count: int) -> PreTrainedTokenizerFast:
    """A tokenizer of so many words, for a model to be built for."""
    words = Tokenizer(models.WordLevel({f"w{i}": i for i in range(count)}, unk_token="w0"))
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="w0", pad_token="w0")
