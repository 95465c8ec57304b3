"""Text to token ids on disk, and back as a memory map: a corpus never has to fit in memory.

Characters that a tokenizer cannot write (`<unk>`, only of SentencePiece vocabularies too small for bytes) are
counted: whoever compares bits per character has to charge for them, see `UNKNOWN_BITS`.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from llm_core.errors import UserError
from llm_core.models.spelling import train_characters, train_words
from llm_core.models.tokenizers import train_bpe, train_byte_bpe, train_unigram
from llm_core.training.config import Tokenizing

_BATCH, _BATCH_CHARS = 1000, 500_000


UNKNOWN_BITS = math.log2(0x110000 - 0x800)
"""What a character costs that a model only knows to be unknown: to name it among all of Unicode, each as likely."""

_PLAIN: dict[str, Callable[[Iterable[str], int], PreTrainedTokenizerFast]] = {
    "byte-bpe": train_byte_bpe,
    "char": train_characters,
    "word": train_words,
}
_TAGGED: dict[str, Callable[[Iterable[str], int, Sequence[str]], PreTrainedTokenizerFast]] = {
    "unigram": train_unigram,
    "bpe": train_bpe,
}


def learn_tokenizer(wanted: Tokenizing, texts: Iterable[str], own_pieces: Sequence[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of the wanted kind and size, learned from `texts`.

    Raises:
        UserError: `vocabulary_small`; `tokenizer_untagged`, a kind that has no `own_pieces`.
    """
    if wanted.kind in _TAGGED:
        return _TAGGED[wanted.kind](texts, wanted.vocabulary, own_pieces)
    if own_pieces:
        raise UserError("tokenizer_untagged", kind=wanted.kind, known=", ".join(_TAGGED))
    return _PLAIN[wanted.kind](texts, wanted.vocabulary)


@dataclass(frozen=True)
class Tokens:
    """Token ids of many texts, end to end: text i is ids[offsets[i]:offsets[i + 1]]."""

    ids: NDArray[np.uint16] | NDArray[np.uint32]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> NDArray[np.uint16] | NDArray[np.uint32]:
        return self.ids[self.offsets[index] : self.offsets[index + 1]]

    @classmethod
    def open(cls, path: Path) -> Tokens:
        """Memory-map what `write_tokens` wrote at `path`."""
        offsets = np.load(path.with_suffix(".offsets.npy"), mmap_mode="r")
        count, stored = int(offsets[-1]), path.with_suffix(".ids")
        dtype = np.uint32 if stored.stat().st_size == 4 * count else np.uint16
        ids = np.memmap(stored, dtype=dtype, mode="r", shape=(count,))
        return cls(ids, offsets)


def write_tokens(path: Path, texts: Iterable[str], tokenizer: PreTrainedTokenizerFast, end: Sequence[int]) -> int:
    """Encode each text, put the ids `end` behind it, and write `path`.ids and `path`.offsets.npy.

    A special piece that a text spells out, such as `</s>`, is read as letters.

    Returns:
        How many characters are lost, each within an unknown piece.
    """
    dtype = np.uint16 if len(tokenizer) <= 2**16 else np.uint32
    backend, unknown, lost = tokenizer.backend_tokenizer, tokenizer.unk_token_id, 0
    backend.encode_special_tokens = True
    lengths = array("q", [0])
    with path.with_suffix(".ids").open("wb") as out:
        for some in _batches(texts):
            for text, encoding in zip(some, backend.encode_batch_fast(some, add_special_tokens=False), strict=True):
                ids = [*encoding.ids, *end]
                out.write(np.asarray(ids, dtype=dtype).tobytes())
                lengths.append(len(ids))
                if unknown in encoding.ids:
                    lost += _lost_characters(tokenizer, text)
    np.save(path.with_suffix(".offsets.npy"), np.cumsum(np.frombuffer(lengths, dtype=np.int64)))
    backend.encode_special_tokens = False
    return lost


def _lost_characters(tokenizer: PreTrainedTokenizerFast, text: str) -> int:
    encoding = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
    spans = zip(encoding.ids, encoding.offsets, strict=True)
    return sum(end - start for token, (start, end) in spans if token == tokenizer.unk_token_id)


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Texts by the thousand, or fewer where they are long."""
    some: list[str] = []
    size = 0
    for text in texts:
        some.append(text)
        size += len(text)
        if len(some) == _BATCH or size >= _BATCH_CHARS:
            yield some
            some, size = [], 0
    if some:
        yield some
