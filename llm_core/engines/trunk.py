"""A BERT trunk open in CTranslate2, in int8: token ids in, last states out. Heads are applied by whoever asks.

Batched by length, since padding is computed like any other token. Safe from several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from llm_core.engines import encoder_cache
from llm_core.engines.bert import Floats, read_config
from llm_core.models import weights
from llm_core.models.shared import tokenizer_file

BATCH_TOKENS = 4096  # with padding; texts of like length share a batch

Ids: TypeAlias = "Sequence[int] | np.ndarray[Any, np.dtype[np.int32]]"


class Trunk:
    """One model's trunk. It is opened with the first text, in under a second once it has been converted.

    Args:
        folder: the Transformers folder, which may share weights with the one beside it.
        caches: where its converted copy stands or is made, which takes some seconds.
        threads: for computing.
        tokens_max: of a text that `Open.ids` gives; None cuts nothing off.
    """

    def __init__(self, folder: Path, caches: Path, threads: int, tokens_max: int | None = None) -> None:
        self.folder = folder
        self._tokens_max = tokens_max
        self._caches = caches
        self._threads = threads
        self._lock = threading.Lock()
        self._opened: Open | None = None

    def open(self) -> Open:
        """The open model.

        Raises:
            UserError: `encoder_unusable`, `disk_full`.
        """
        with self._lock:
            if self._opened is None:
                folder = encoder_cache.converted(self.folder, self._caches, self._pooled_by)
                self._opened = Open(folder, self.folder, self._threads, self._tokens_max)
            return self._opened

    def close(self) -> None:
        """Free the memory; the next text opens the model again."""
        with self._lock:
            self._opened = None

    def _pooled_by(self, converted: Path, texts: Sequence[str]) -> Floats:
        return Open(converted, self.folder, self._threads, encoder_cache.positions(self.folder)).pooled(texts)


class Open:
    """The open model and its tokenizer.

    Args:
        converted: what CTranslate2 reads.
        original: whose configuration and tokenizer count.
        threads: for computing.
        tokens_max: see `Trunk`.
    """

    def __init__(self, converted: Path, original: Path, threads: int, tokens_max: int | None) -> None:
        import ctranslate2
        from tokenizers import Tokenizer

        self._encoder: Any = ctranslate2.Encoder(
            str(converted), device="cpu", compute_type="int8", intra_threads=threads
        )
        self.hidden = int(read_config(original)["hidden_size"])
        self.tokenizer = Tokenizer.from_file(str(tokenizer_file(original)))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        if tokens_max is not None:
            self.tokenizer.enable_truncation(tokens_max, strategy="longest_first")

    def ids(self, texts: Sequence[str | tuple[str, str]]) -> list[list[int]]:
        """The tokens of each text or pair, special ones included; of a pair the longer one is cut first."""
        return [one.ids for one in self.tokenizer.encode_batch([_sound(text) for text in texts])]

    @property
    def marks(self) -> tuple[int, int]:
        """The tokens that stand before and behind every text."""
        begin, *_, end = self.tokenizer.encode("").ids
        return begin, end

    def states(self, ids: Sequence[Ids]) -> Iterator[tuple[int, Floats]]:
        """The last states [tokens, hidden] of each row of token ids, with its number; shortest first."""
        for batch in batches([len(each) for each in ids]):
            found = np.asarray(self._encoder.forward_batch([list(ids[row]) for row in batch]).last_hidden_state)
            for row, states in zip(batch, found, strict=True):
                yield row, states[: len(ids[row])]  # what follows is padding

    def pooled(self, texts: Sequence[str]) -> Floats:
        """The mean of each text's last states [n, hidden], in the order of `texts`."""
        ids = self.ids(texts)
        vectors = np.zeros((len(ids), self.hidden), np.float32)
        for row, states in self.states(ids):
            vectors[row] = states.mean(0)
        return vectors


class Linear:
    """A linear layer of the original, in numpy.

    Args:
        folder: of the original.
        name: of its weights, [out, in], without `.weight`.
    """

    def __init__(self, folder: Path, name: str) -> None:
        found = weights.stored(folder)
        self._weight = found[f"{name}.weight"].read()
        self._bias = found[f"{name}.bias"].read()

    def __call__(self, states: Floats) -> Floats:
        """From [..., in] to [..., out]."""
        return np.asarray(states @ self._weight.T + self._bias, np.float32)


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities over the last axis."""
    moved = logits - logits.max(-1, keepdims=True)
    return np.asarray(moved - np.log(np.exp(moved).sum(-1, keepdims=True)), np.float32)


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The rows in batches of at most BATCH_TOKENS, padding counted, shortest first."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[row] * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _sound(text: str | tuple[str, str]) -> Any:
    """Half characters cannot be encoded."""
    if isinstance(text, tuple):
        return tuple(each.encode("utf-8", "replace").decode() for each in text)
    return text.encode("utf-8", "replace").decode()
