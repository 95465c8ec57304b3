"""The encoder: stock BERT, sized by one dial, and the tokenizer that it needs.

A fresh one learns by filling in what was masked (Devlin et al. 2018). One that is here already is opened with the
head that an objective needs; its embeddings, layers and tokenizer come along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, processors
from transformers import BertConfig, BertForMaskedLM, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging

BEGIN, PAD, END, UNKNOWN, MASK = "<s>", "<pad>", "</s>", "<unk>", "<mask>"


@dataclass(frozen=True)
class Shape:
    """Width of the residual stream, and what hangs on it."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    dropout: float = 0.1


SIZES = {
    "tiny": Shape(hidden=128, layers=4, heads=4, feed_forward=512),
    "small": Shape(hidden=256, layers=6, heads=4, feed_forward=1024),
    "medium": Shape(hidden=384, layers=10, heads=6, feed_forward=1536),
    "base": Shape(hidden=768, layers=12, heads=12, feed_forward=3072),
}


def config_of(shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> BertConfig:
    """A fresh encoder that reads `context` tokens; input and output embeddings are one matrix."""
    return BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=context,
        hidden_dropout_prob=shape.dropout,
        attention_probs_dropout_prob=shape.dropout,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )


def build(shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> BertForMaskedLM:
    """An encoder with fresh weights from torch's random state, and the head that fills in what is masked.

    Args:
        shape: one of SIZES, or another.
        tokenizer: as `as_encoder_tokenizer` leaves it.
        context: the longest sequence, in tokens.
    """
    return BertForMaskedLM(config_of(shape, tokenizer, context))


def open_with_head(
    folder: Path, head: type[PreTrainedModel], dropout: float | None, **config: Any
) -> PreTrainedModel:
    """The encoder in `folder` in float32, with a `head` that is fresh where the folder holds none that fits.

    Args:
        folder: a Transformers folder of the BERT family.
        head: a class such as BertForSequenceClassification.
        dropout: in place of the folder's own.
        **config: further entries of the model's configuration, such as `id2label`.
    """
    if dropout is not None:
        config |= {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    told = logging.get_verbosity()
    logging.set_verbosity_error()  # that the head is fresh is no news
    logging.disable_progress_bar()
    try:
        model: PreTrainedModel = head.from_pretrained(
            folder, dtype=torch.float32, ignore_mismatched_sizes=True, trust_remote_code=False, **config
        )
    finally:
        logging.set_verbosity(told)
    return model


def as_encoder_tokenizer(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """The same pieces with the special ones of an encoder, put around a text or a pair as XLM-R does."""
    backend = tokenizer.backend_tokenizer
    # The mask takes the blank before it along, as the piece of a word does that it stands for.
    specials = (BEGIN, PAD, END, UNKNOWN, MASK)
    backend.add_special_tokens([AddedToken(t, special=True, normalized=False, lstrip=t == MASK) for t in specials])
    backend.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}",
        pair=f"{BEGIN} $A {END} {END} $B {END}",
        special_tokens=[(t, backend.token_to_id(t)) for t in (BEGIN, END)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=BEGIN,
        cls_token=BEGIN,
        eos_token=END,
        sep_token=END,
        pad_token=PAD,
        unk_token=UNKNOWN,
        mask_token=MASK,
        clean_up_tokenization_spaces=False,
        model_input_names=["input_ids", "attention_mask"],
    )


def frozen(model: PreTrainedModel, prefixes: Sequence[str]) -> None:
    """Stop training the parameters whose names, without the trunk's own prefix, begin so."""
    trunk = f"{model.base_model_prefix}."
    for name, parameter in model.named_parameters():
        if name.removeprefix(trunk).startswith(tuple(prefixes)):
            parameter.requires_grad_(False)
