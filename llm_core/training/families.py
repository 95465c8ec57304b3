"""The families that can be trained: one line each, all of one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.errors import UserError
from llm_core.models import cnn, decoder, encoder, mlp, ngram_model, recurrent, seq2seq, vae
from llm_core.training.attention import PLAIN
from llm_core.training.config import TrainConfig
from llm_core.training.counting import Counting, table_loss
from llm_core.training.dataset import Blocks, Pairs, Stream
from llm_core.training.elbo import elbo_loss, latent_figures
from llm_core.training.evaluate import continue_texts, translate_prompts
from llm_core.training.latent import write
from llm_core.training.loop import Trainer
from llm_core.training.loss import Loss, batch_loss
from llm_core.training.masking import MaskedBlocks, fill_in, masked_loss
from llm_core.training.sentences import Sentences, sentences_of
from llm_core.training.tokenize import Tokens


@dataclass(frozen=True)
class Family:
    """What a run has to know of a family of models."""

    sizes: Mapping[str, Any]
    """From the size dial to a shape."""
    build: Callable[[Any, PreTrainedTokenizerFast, int], PreTrainedModel]
    """(shape, tokenizer, context in tokens) -> a model with fresh weights."""
    open_stream: Callable[[TrainConfig, PreTrainedTokenizerFast, Sequence[Tokens]], Stream]
    """(configuration, tokenizer, token ids of each field of a row) -> batches."""
    sample: Callable[[PreTrainedModel, PreTrainedTokenizerFast, Sequence[str]], list[str]]
    """What a model makes of each prompt."""
    short_attention: str
    """The attention of transformers that trains short sequences fastest on a CPU."""
    own_pieces: Callable[[Sequence[str]], list[str]]
    """Pieces that the tokenizer needs for these languages, beside those of the text."""
    loss: Loss = batch_loss
    """What training makes small."""
    trainer: Callable[..., Trainer] = Trainer
    """How it is trained."""
    units: Callable[[str], Sequence[str]] = lambda text: (text,)
    """What of a text is read as one, with a mark at its end."""
    figures: Callable[[PreTrainedModel, Stream], dict[str, float]] = lambda model, stream: {}
    """What else a look at a model says of it, on validation batches."""


def shape_of(family: Family, config: TrainConfig) -> Any:
    """The shape of the size dial with the configuration's own knobs in it.

    Raises:
        UserError: `knob_unknown`, for one that this family does not have.
    """
    shape = family.sizes[config.size]
    known = [field.name for field in fields(shape)]
    if unknown := sorted(config.shape.keys() - set(known)):
        raise UserError("knob_unknown", name=unknown[0], family=config.family, known=", ".join(known))
    return replace(shape, **config.shape)


def open_tokens(folder: Path, split: str) -> list[Tokens]:
    """The token ids of a split, one file for each field of a row."""
    return [Tokens.open(path.with_suffix("")) for path in sorted(folder.glob(f"{split}-*.ids"))]


def _blocks(config: TrainConfig, tokenizer: PreTrainedTokenizerFast, tokens: Sequence[Tokens]) -> Blocks:
    batch = config.batch
    return Blocks(tokens[0], batch.context, max(1, batch.micro_tokens // batch.context), config.seed)


def _pairs(config: TrainConfig, tokenizer: PreTrainedTokenizerFast, tokens: Sequence[Tokens]) -> Pairs:
    vocabulary, batch = tokenizer.get_vocab(), config.batch
    first, second = (vocabulary[tag] for tag in seq2seq.tags(config.languages))
    pad = tokenizer.pad_token_id
    return Pairs((tokens[0], tokens[1]), (first, second), pad, batch.context, batch.micro_tokens, config.seed)


def _sentences(config: TrainConfig, tokenizer: PreTrainedTokenizerFast, tokens: Sequence[Tokens]) -> Sentences:
    return Sentences(tokens[0], config.batch.context, config.batch.micro_tokens, config.seed)


def _masked(config: TrainConfig, tokenizer: PreTrainedTokenizerFast, tokens: Sequence[Tokens]) -> MaskedBlocks:
    batch = config.batch
    return MaskedBlocks(tokens[0], tokenizer, batch.context, max(1, batch.micro_tokens // batch.context), config.seed)


def _recurrent(cell: recurrent.Cell) -> Family:
    return _text(recurrent.SIZES[cell], partial(recurrent.build, cell))


def _text(sizes: Mapping[str, Any], build: Callable[..., PreTrainedModel]) -> Family:
    """A small family that reads running text."""
    return Family(sizes, build, _blocks, continue_texts, "eager", lambda languages: [])


FAMILIES: Mapping[str, Family] = {
    "ngram": replace(_text(ngram_model.SIZES, ngram_model.build), loss=table_loss, trainer=Counting),
    "mlp": _text(mlp.SIZES, mlp.build),
    "cnn": _text(cnn.SIZES, cnn.build),
    "rnn": _recurrent("rnn"),
    "lstm": _recurrent("lstm"),
    "gru": _recurrent("gru"),
    "vae": replace(
        _text(vae.SIZES, vae.build),
        open_stream=_sentences,
        sample=write,
        loss=elbo_loss,
        units=sentences_of,
        figures=latent_figures,
    ),
    "decoder": Family(decoder.SIZES, decoder.build, _blocks, continue_texts, PLAIN, lambda languages: []),
    "encoder": Family(encoder.SIZES, encoder.build, _masked, fill_in, "eager", lambda languages: [], masked_loss),
    "seq2seq": Family(seq2seq.SIZES, seq2seq.build, _pairs, translate_prompts, "eager", seq2seq.tags),
}
