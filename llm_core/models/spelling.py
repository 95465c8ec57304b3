"""Tokenizers that a person can read: one piece a character, or one piece a word.

Neither loses anything: a character that has no piece is written in bytes, `<0xE4><0xBD><0xA0>`. Both are an ordinary
tokenizer.json, so that no word cutter is needed to use a model. Words are those of jieba while learning; afterwards
a run of Chinese is cut where the words' frequencies in this very text make it likeliest, which is jieba's own rule
(the best path through the words of its dictionary) with frequencies that fit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from llm_core.models.tokenizers import BYTES, END_OF_TEXT, UNKNOWN, as_transformers
from llm_core.text.words import spaced

WORD_SPLIT = r"\p{Han}+| ?[\p{L}\p{M}&&[^\p{Han}]]+| ?\p{N}| ?[^\s\p{L}\p{M}\p{N}]|\s"
_CHARACTERS_MOST = 0.5
"""Of the pieces of a word vocabulary: single characters, which spell the words that are too rare for a piece."""


def train_characters(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """One piece for each of the commonest characters of the NFC text, with at most `vocabulary` pieces in all."""
    counts: Counter[str] = Counter()
    nfc = normalizers.NFC()
    for text in texts:
        counts.update(nfc.normalize_str(text))
    pieces = [END_OF_TEXT, *BYTES, *_commonest(counts, vocabulary - len(BYTES) - 1)]
    ids = {piece: i for i, piece in enumerate(pieces)}
    return _finished(Tokenizer(models.BPE(ids, [], byte_fallback=True)), [])


def train_words(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """One piece for each of the commonest words and characters of the NFC text, with at most `vocabulary` in all."""
    words, characters = _count_words(texts)
    room = vocabulary - len(BYTES) - 2
    letters = _commonest(characters, int(room * _CHARACTERS_MOST))
    chosen = [*letters, *_commonest(words - Counter(dict.fromkeys(letters, 10**18)), room - len(letters))]
    total = sum(words.values()) or 1
    scores = [(piece, math.log((words[piece] or 0.5) / total)) for piece in chosen]
    bytes_score = math.log(0.5 / total) - 10
    special = [(UNKNOWN, 0.0), (END_OF_TEXT, 0.0)]
    pieces = [*special, *((byte, bytes_score) for byte in BYTES), *scores]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD_SPLIT), behavior="isolated")
    return _finished(tokenizer, [UNKNOWN])


def _finished(tokenizer: Tokenizer, special: Sequence[str]) -> PreTrainedTokenizerFast:
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in (END_OF_TEXT, *special)])
    return as_transformers(tokenizer)


def _count_words(texts: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """How often each word and each character occurs; a word of another script holds the blank before it."""
    words: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    splitter, nfc = pre_tokenizers.Split(Regex(WORD_SPLIT), behavior="isolated"), normalizers.NFC()
    for text in texts:
        text = nfc.normalize_str(text)
        characters.update(text)
        for piece, _ in splitter.pre_tokenize_str(text):
            words.update(spaced(piece).split(" ") if piece[0] >= "\u3400" else [piece])
    return words, characters


def _commonest(counts: Counter[str], most: int) -> list[str]:
    """The commonest, by number and then by code point, so that equal texts give equal vocabularies."""
    return [piece for piece, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count > 0][
        :most
    ]
