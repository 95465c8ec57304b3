"""Which side a document is on: training, validation or test. A seeded hash of its text, and nothing else, decides.

So a document keeps its side whatever is added to the corpus or taken from it, and k folds need no file of their own.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from llm_core.training.config import TrainConfig

Split = Literal["train", "valid", "test"]


def splits(config: TrainConfig) -> tuple[Split, ...]:
    """Those that a run has: test only where some of the text is kept for it."""
    return ("train", "valid", "test") if config.test_fraction else ("train", "valid")


def examined(config: TrainConfig) -> Split:
    """The side that a finished run is judged on: its part of several, else test, else validation."""
    return "valid" if config.fold is not None else splits(config)[-1]


def draw(document: str, seed: int) -> float:
    """A number in [0, 1) that depends on nothing but the text and the seed."""
    digest = hashlib.blake2b(f"{seed}\x00{document}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def side_of(document: str, config: TrainConfig) -> Split:
    """The split that `document` goes to; test is the same in all folds."""
    drawn = draw(document, config.seed)
    if drawn >= 1 - config.test_fraction:
        return "test"
    if config.folds is not None and config.fold is not None:
        fold = int(drawn / (1 - config.test_fraction) * config.folds)
        return "valid" if fold == config.fold else "train"
    return "valid" if drawn < config.validation_fraction else "train"
