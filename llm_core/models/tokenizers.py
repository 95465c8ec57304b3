"""Learn a tokenizer from text, and save it as every runtime expects it; characters and words are in spelling.py.

`byte-bpe` loses nothing (each byte has a piece) and is cut as Qwen2 cuts, so that llama.cpp and vLLM know it.
`unigram` and `bpe` are SentencePiece's models, written out as a tokenizer.json; a translator's `<pad>` is its last
piece, which is where CTranslate2 and Marian look for it. From BYTES_FROM pieces on, a character that has no piece is
written in bytes; a smaller vocabulary has no room for them, and such a character is `<unk>`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from llm_core.errors import UserError

END_OF_TEXT = "<|endoftext|>"
PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
BYTES_FROM = 1024

QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_BYTE_SCORE = -100.0
"""Of a byte among unigram pieces: it is for characters without a piece, not for a text that spells out `<0x41>`."""


def train_byte_bpe(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE with at most `vocabulary` pieces, `<|endoftext|>` among them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return as_transformers(tokenizer)


def as_transformers(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """A tokenizer for running text: one special piece, `<|endoftext|>`, ends a text and fills up."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END_OF_TEXT, pad_token=END_OF_TEXT, clean_up_tokenization_spaces=False
    )


def train_unigram(texts: Iterable[str], vocabulary: int, tags: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """SentencePiece unigram with at most `vocabulary` pieces, the last one `<pad>`; see `_sentencepiece`."""
    pieces = _learn_pieces("unigram", _sentences(texts), vocabulary - 1, tags)
    scores = [(piece, _BYTE_SCORE if piece in BYTES else score) for piece, score in pieces]
    model = models.Unigram([*scores, (PAD, 0.0)], unk_id=0, byte_fallback=vocabulary >= BYTES_FROM)
    return _sentencepiece(Tokenizer(model), tags)


def train_bpe(texts: Iterable[str], vocabulary: int, tags: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """SentencePiece BPE with at most `vocabulary` pieces, the last one `<pad>`; see `_sentencepiece`."""
    pieces = [piece for piece, _ in _learn_pieces("bpe", _sentences(texts), vocabulary - 1, tags)]
    ids = {piece: i for i, piece in enumerate([*pieces, PAD])}
    model = models.BPE(ids, _merges(ids), unk_token=UNKNOWN, fuse_unk=True, byte_fallback=vocabulary >= BYTES_FROM)
    return _sentencepiece(Tokenizer(model), tags)


def _sentencepiece(tokenizer: Tokenizer, tags: Sequence[str]) -> PreTrainedTokenizerFast:
    """What the two kinds have in common.

    `tags` are pieces of their own that text never falls into, such as `>>zh<<`; with them, which is for translators,
    every encoded sequence ends with `</s>`. Text is brought to NFC, which leaves full-width punctuation alone; what
    does not come back are a blank at the beginning and all but one of several blanks.
    """
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in (UNKNOWN, END, PAD, *tags)])
    if tags:
        end = tokenizer.token_to_id(END)
        tokenizer.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, end)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        unk_token=UNKNOWN,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
    )


def _learn_pieces(
    kind: Literal["unigram", "bpe"], sentences: Iterator[str], count: int, tags: Sequence[str]
) -> list[tuple[str, float]]:
    """SentencePiece's pieces and their scores.

    Raises:
        UserError: `vocabulary_small`, fewer pieces than the text has characters.
    """
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=sentences,
            model_writer=model,
            model_type=kind,
            vocab_size=count,
            hard_vocab_limit=False,  # a small text has fewer pieces than were asked for
            character_coverage=0.9998,
            normalization_rule_name="identity",
            control_symbols=list(tags),
            byte_fallback=count + 1 >= BYTES_FROM,
            unk_id=0,
            eos_id=1,
            bos_id=-1,
            pad_id=-1,
            num_threads=1,
            input_sentence_size=400_000,
            shuffle_input_sentence=True,
            minloglevel=2,
        )
    except RuntimeError as error:
        if "required_chars" in str(error):
            raise UserError("vocabulary_small", pieces=count + 1) from error
        raise
    processor: Any = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())]


def _merges(ids: dict[str, int]) -> list[tuple[str, str]]:
    """The merges that SentencePiece made, in order: it numbers pieces as it makes them, and keeps no other list."""
    merges = [
        (ids[piece], ids[piece[:cut]], ids[piece[cut:]], piece[:cut], piece[cut:])
        for piece in ids
        for cut in range(1, len(piece))
        if piece[:cut] in ids and piece[cut:] in ids and piece not in BYTES
    ]
    return [(left, right) for *_, left, right in sorted(merges)]


def _sentences(texts: Iterable[str]) -> Iterator[str]:
    """SentencePiece reads lines, and refuses those above 4,192 bytes."""
    for text in texts:
        for line in text.splitlines():
            for start in range(0, len(line), 1000):
                yield line[start : start + 1000]
