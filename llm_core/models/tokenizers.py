"""Learn a tokenizer from text, and save it as every runtime expects it.

Two kinds. `byte-bpe` loses nothing (each byte has a piece) and is cut as Qwen2 cuts, so that
llama.cpp and vLLM know it. `unigram` is SentencePiece's model, written out as a
tokenizer.json; a translator's `<pad>` is its last piece, which is where CTranslate2
and Marian look for it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"
PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"

QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


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
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END_OF_TEXT, pad_token=END_OF_TEXT, clean_up_tokenization_spaces=False
    )


def train_unigram(texts: Iterable[str], vocabulary: int, tags: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """SentencePiece unigram with at most `vocabulary` pieces, the last one `<pad>`.

    `tags` are pieces of their own that text never falls into, such as `>>zh<<`.
    Text is brought to NFC, which leaves full-width punctuation alone; every encoded sequence ends with `</s>`.
    """
    pieces = _learn_pieces(_sentences(texts), vocabulary - 1, tags)
    pieces.append((PAD, 0.0))
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in (UNKNOWN, END, PAD, *tags)])
    end = tokenizer.token_to_id(END)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, end)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        unk_token=UNKNOWN,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
    )


def _learn_pieces(sentences: Iterator[str], count: int, tags: Sequence[str]) -> list[tuple[str, float]]:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=sentences,
        model_writer=model,
        model_type="unigram",
        vocab_size=count,
        hard_vocab_limit=False,  # a small text has fewer pieces than were asked for
        character_coverage=0.9998,
        normalization_rule_name="identity",
        control_symbols=list(tags),
        unk_id=0,
        eos_id=1,
        bos_id=-1,
        pad_id=-1,
        num_threads=1,
        input_sentence_size=400_000,
        shuffle_input_sentence=True,
        minloglevel=2,
    )
    processor: Any = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())]


def _sentences(texts: Iterable[str]) -> Iterator[str]:
    """SentencePiece reads lines, and refuses those above 4,192 bytes."""
    for text in texts:
        for line in text.splitlines():
            for start in range(0, len(line), 1000):
                yield line[start : start + 1000]
