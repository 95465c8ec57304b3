"""The encoder-decoder: stock Marian, one model for both directions.

The first source token, `>>zh<<` or `>>en<<`, says which language is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from torch import Tensor
from transformers import GenerationConfig, MarianConfig, MarianMTModel, PreTrainedTokenizerFast


def tag(language: str) -> str:
    """The piece that asks for a translation into `language`."""
    return f">>{language}<<"


def tags(languages: Iterable[str]) -> list[str]:
    """The pieces that a tokenizer for these languages needs of its own."""
    return [tag(language) for language in languages]


@dataclass(frozen=True)
class Shape:
    """One width for both stacks; a deep encoder and a shallow decoder translate fast."""

    hidden: int
    layers: int
    decoder_layers: int
    heads: int
    feed_forward: int
    dropout: float = 0.0


SIZES = {
    "tiny": Shape(hidden=128, layers=3, decoder_layers=1, heads=4, feed_forward=512),
    "small": Shape(hidden=256, layers=5, decoder_layers=2, heads=4, feed_forward=1024),
    "medium": Shape(hidden=384, layers=6, decoder_layers=2, heads=6, feed_forward=1536),
    "base": Shape(hidden=512, layers=6, decoder_layers=6, heads=8, feed_forward=2048),
}


def build(shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> MarianMTModel:
    """A translator with fresh weights; encoder, decoder and output share one embedding.

    Args:
        shape: one of SIZES, or another.
        tokenizer: its last piece is `<pad>`, which also starts every translation.
        context: the longest source or target, in tokens.
    """
    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id
    assert pad == len(tokenizer) - 1, "CTranslate2 takes the last piece for <pad>"
    config = MarianConfig(
        vocab_size=len(tokenizer),
        d_model=shape.hidden,
        encoder_layers=shape.layers,
        decoder_layers=shape.decoder_layers,
        encoder_attention_heads=shape.heads,
        decoder_attention_heads=shape.heads,
        encoder_ffn_dim=shape.feed_forward,
        decoder_ffn_dim=shape.feed_forward,
        max_position_embeddings=context,
        dropout=shape.dropout,
        attention_dropout=0.0,
        activation_function="swish",
        scale_embedding=True,
        share_encoder_decoder_embeddings=True,
        tie_word_embeddings=True,
        init_std=shape.hidden**-0.5,
        pad_token_id=pad,
        eos_token_id=end,
        bos_token_id=None,
        decoder_start_token_id=pad,
        forced_eos_token_id=None,
    )
    model = MarianMTModel(config)
    model.generation_config = _generation(pad, end, context)
    model.get_parameter("model.shared.weight").register_hook(partial(_without_row, row=pad))
    return model


def _without_row(gradient: Tensor, row: int) -> Tensor:
    """The embedding of `<pad>` stays zero, for Marian and CTranslate2 begin every translation with a zero vector.

    As input it never learns; without this it would learn as output, since the two are one matrix.
    """
    gradient = gradient.clone()
    gradient[row] = 0
    return gradient


def _generation(pad: int, end: int, context: int) -> GenerationConfig:
    return GenerationConfig(
        eos_token_id=end,
        pad_token_id=pad,
        decoder_start_token_id=pad,
        bad_words_ids=[[pad]],
        num_beams=4,
        max_length=context,
    )
