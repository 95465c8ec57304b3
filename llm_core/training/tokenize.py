"""Text to token ids on disk, and back as a memory map: a corpus never has to fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from llm_core.models.tokenizers import train_byte_bpe, train_unigram
from llm_core.training.config import Tokenizing

_BATCH = 1000


def learn_tokenizer(wanted: Tokenizing, texts: Iterable[str], own_pieces: Sequence[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of the wanted kind and size, learned from `texts`."""
    if wanted.kind == "byte-bpe":
        return train_byte_bpe(texts, wanted.vocabulary)
    return train_unigram(texts, wanted.vocabulary, own_pieces)


@dataclass(frozen=True)
class Tokens:
    """Token ids of many texts, end to end: text i is ids[offsets[i]:offsets[i + 1]]."""

    ids: NDArray[np.uint16]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> NDArray[np.uint16]:
        return self.ids[self.offsets[index] : self.offsets[index + 1]]

    @classmethod
    def open(cls, path: Path) -> Tokens:
        """Memory-map what `write_tokens` wrote at `path`."""
        offsets = np.load(path.with_suffix(".offsets.npy"))
        ids = np.memmap(path.with_suffix(".ids"), dtype=np.uint16, mode="r", shape=(int(offsets[-1]),))
        return cls(ids, offsets)


def write_tokens(path: Path, texts: Iterable[str], tokenizer: PreTrainedTokenizerFast, end: Sequence[int]) -> None:
    """Encode each text, put the ids `end` behind it, and write `path`.ids and `path`.offsets.npy."""
    assert len(tokenizer) <= 2**16, "ids are stored in 16 bits"
    lengths = [0]
    with path.with_suffix(".ids").open("wb") as out:
        for some in _batches(texts):
            for encoding in tokenizer.backend_tokenizer.encode_batch_fast(some, add_special_tokens=False):
                ids = [*encoding.ids, *end]
                out.write(np.asarray(ids, dtype=np.uint16).tobytes())
                lengths.append(len(ids))
    np.save(path.with_suffix(".offsets.npy"), np.cumsum(lengths, dtype=np.int64))


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(texts)
    while some := list(islice(rest, _BATCH)):
        yield some
