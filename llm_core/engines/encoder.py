"""Sentence embeddings in both languages: a BERT folder of the E5 family, served by CTranslate2 in int8.

Two languages in one library only meet once each language's mean vector is subtracted: raw, a Chinese question is
nearer to any Chinese passage than to the English one that answers it. The means stand beside the model
(`python -m llm_core.evaluation.language_means` computes them from training rows).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from llm_core.engines.base import EmbeddingKind
from llm_core.engines.bert import Floats, read_config
from llm_core.engines.trunk import Trunk
from llm_core.text.language import language

PREFIXES = {"query": "query: ", "passage": "passage: "}
MEANS_FILE = "language_means.json"  # language -> kind -> vector
TOKENS_MAX = 512
CHARS_MAX = 8 * TOKENS_MAX  # of a text are looked at; what lies behind is cut off by TOKENS_MAX in any case


class E5:
    """An `Encoder`. The model is opened with the first text, in under a second once it has been converted.

    Args:
        folder: the Transformers folder.
        caches: where its converted copy stands or is made, which takes some seconds.
        threads: for computing.
        prefixes: what is put before a text of each kind, where it is not what E5 learned with.
    """

    def __init__(
        self, folder: Path, caches: Path, threads: int, prefixes: Mapping[str, str] = MappingProxyType(PREFIXES)
    ) -> None:
        self._folder = folder
        self._prefixes = prefixes
        self._trunk = Trunk(folder, caches, threads, TOKENS_MAX)

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(read_config(self._folder)["hidden_size"])

    def encode(self, texts: Sequence[str], kind: EmbeddingKind) -> Floats:
        """See `base.Encoder`."""
        vectors = _normalised(self._trunk.open().pooled([self._prefixes[kind] + text[:CHARS_MAX] for text in texts]))
        means = [self._means.get(language(text[:CHARS_MAX]) or "en", {}).get(kind) for text in texts]
        for row, mean in enumerate(means):
            if mean is not None:
                vectors[row] -= mean
        return _normalised(vectors)

    def count_tokens(self, texts: Sequence[str]) -> int:
        """See `base.Encoder`."""
        return sum(map(len, self._trunk.open().ids([text[:CHARS_MAX] for text in texts])))

    def close(self) -> None:
        """Free the memory; the next text opens the model again."""
        self._trunk.close()

    @functools.cached_property
    def _means(self) -> dict[str, dict[str, Floats]]:
        return _read_means(self._folder / MEANS_FILE)


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
