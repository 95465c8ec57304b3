"""Sentence embeddings in both languages: a BERT folder of the E5 family, served by CTranslate2 in int8.

Two languages in one library only meet once each language's mean vector is subtracted: raw, a Chinese question is
nearer to any Chinese passage than to the English one that answers it. The means stand beside the model
(`python -m llm_core.evaluation.language_means` computes them from training rows).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from llm_core.engines import encoder_cache
from llm_core.engines.base import EmbeddingKind
from llm_core.engines.bert import Floats, read_config
from llm_core.text.language import language

MEANS_FILE = "language_means.json"  # language -> kind -> vector
TOKENS_MAX = 512
CHARS_MAX = 8 * TOKENS_MAX  # of a text are looked at; what lies behind is cut off by TOKENS_MAX in any case
BATCH_TOKENS = 4096  # with padding; texts of like length share a batch


class E5:
    """An `Encoder`. The model is opened with the first text, in under a second once it has been converted.

    Args:
        folder: the Transformers folder.
        caches: where its converted copy stands or is made, which takes some seconds.
        threads: for computing.
    """

    def __init__(self, folder: Path, caches: Path, threads: int) -> None:
        self._folder = folder
        self._caches = caches
        self._threads = threads
        self._lock = threading.Lock()
        self._opened: _Model | None = None
        self._means: dict[str, dict[str, Floats]] = {}

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(read_config(self._folder)["hidden_size"])

    def encode(self, texts: Sequence[str], kind: EmbeddingKind) -> Floats:
        """See `base.Encoder`."""
        model = self._model()
        vectors = _normalised(model.pooled([f"{kind}: {text[:CHARS_MAX]}" for text in texts]))
        means = [self._means.get(language(text[:CHARS_MAX]) or "en", {}).get(kind) for text in texts]
        for row, mean in enumerate(means):
            if mean is not None:
                vectors[row] -= mean
        return _normalised(vectors)

    def count_tokens(self, texts: Sequence[str]) -> int:
        """See `base.Encoder`."""
        return sum(map(len, self._model().ids([text[:CHARS_MAX] for text in texts])))

    def close(self) -> None:
        """Free the memory; the next text opens the model again."""
        with self._lock:
            self._opened = None

    def _model(self) -> _Model:
        with self._lock:
            if self._opened is None:
                folder = encoder_cache.converted(self._folder, self._caches, self._pooled_by)
                self._means = _read_means(self._folder / MEANS_FILE)
                self._opened = _Model(folder, self._folder, self._threads)
            return self._opened

    def _pooled_by(self, folder: Path, texts: Sequence[str]) -> Floats:
        return _Model(folder, self._folder, self._threads).pooled(texts)


class _Model:
    """The open model and its tokenizer."""

    def __init__(self, converted: Path, original: Path, threads: int) -> None:
        import ctranslate2
        from tokenizers import Tokenizer

        self._encoder: Any = ctranslate2.Encoder(
            str(converted), device="cpu", compute_type="int8", intra_threads=threads
        )
        self._tokenizer = Tokenizer.from_file(str(original / "tokenizer.json"))
        self._tokenizer.enable_truncation(TOKENS_MAX)
        self._tokenizer.no_padding()
        self._hidden = int(read_config(original)["hidden_size"])

    def pooled(self, texts: Sequence[str]) -> Floats:
        """The mean of each text's last states [n, hidden], in the order of `texts`."""
        ids = self.ids(texts)
        vectors = np.zeros((len(ids), self._hidden), np.float32)
        for batch in _batches([len(each) for each in ids]):
            states = np.asarray(self._encoder.forward_batch([ids[row] for row in batch]).last_hidden_state)
            for row, state in zip(batch, states, strict=True):
                vectors[row] = state[: len(ids[row])].mean(0)  # what follows is padding
        return vectors

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text, cut off where the model reads no further."""
        sound = [text.encode("utf-8", "replace").decode() for text in texts]  # half characters cannot be encoded
        return [encoding.ids for encoding in self._tokenizer.encode_batch(sound)]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The rows in batches of at most BATCH_TOKENS, padding counted, shortest first."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[row] * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _normalised(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _read_means(path: Path) -> dict[str, dict[str, Floats]]:
    """Without the file (a model of somebody else's) nothing is subtracted."""
    if not path.exists():
        return {}
    kinds = json.loads(path.read_text("utf-8"))
    return {
        name: {kind: np.asarray(vector, np.float32) for kind, vector in vectors.items()}
        for name, vectors in kinds.items()
    }
