"""A whole configuration out of the little that a person says, and why each value is as it is. No torch, no model.

The reasons are derived from the configuration, so that they stay true of one that was changed by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_core.training.config import Size, TrainConfig

Reason = tuple[str, dict[str, Any]]
"""A key of the messages, and its facts."""

CHARACTERS_OF_SIZE: tuple[tuple[int, Size], ...] = (
    (2_000_000, "tiny"),
    (50_000_000, "small"),
    (300_000_000, "medium"),
)
"""Up to so many characters of text, a model of that size; above, "base"."""
PIECES_OF_CHARACTERS = ((300_000, 512), (3_000_000, 2048), (30_000_000, 8192))
PIECES_MAX = 16_384
SECONDS = 180.0
PROMPTS = {"zh": "今天", "en": "The "}
BYTES_PER_CHARACTER = 2.0  # between English, 1, and Chinese, 3


def characters(paths: Sequence[Path]) -> int:
    """About how many characters these files hold, by their sizes."""
    return int(sum(path.stat().st_size for path in paths) / BYTES_PER_CHARACTER)


def plan(
    name: str,
    texts: Sequence[Path],
    *,
    family: str = "decoder",
    size: Size | None = None,
    steps: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    more: Mapping[str, Any] | None = None,
) -> TrainConfig:
    """A configuration for `texts`, with what is not said filled in to suit their size.

    Args:
        name: of the run.
        texts: files.
        family: of the model.
        size: of the model.
        steps: updates; or
        seconds: of training; three minutes where neither is given.
        seed: of everything that is drawn.
        more: entries of a TrainConfig that replace what stands here; parts of them are merged.

    Raises:
        pydantic.ValidationError: an entry does not fit.
    """
    amount = characters(texts)
    budget = {"steps": steps} if steps else {"seconds": seconds or SECONDS}
    chosen: dict[str, Any] = {
        "name": name,
        "family": family,
        "size": size or size_for(amount),
        "sources": [{"path": path, "origin": path.name, "licence": "not stated"} for path in texts],
        "tokenizer": {"kind": "byte-bpe", "vocabulary": pieces_for(amount)},
        "validation_fraction": 0.1 if amount < 1_000_000 else 0.02,
        "batch": {"context": 128 if amount < 1_000_000 else 256, "micro_tokens": 2048},
        "optimize": {"optimizer": "muon", "learning_rate": 0.01, "warmup_steps": 20},
        "budget": budget | {"evaluate_every": 50, "checkpoint_every_seconds": 60},
        "prompts": list(PROMPTS.values()),
        "seed": seed,
    }
    return TrainConfig.model_validate(_merged(chosen, more or {}))


def reasons(config: TrainConfig) -> list[Reason]:
    """Why size, vocabulary and context suit the text."""
    amount = characters([source.path for source in config.sources])
    return [
        ("runs.reason_size", {"size": config.size, "characters": amount}),
        ("runs.reason_pieces", {"pieces": config.tokenizer.vocabulary, "characters": amount}),
        ("runs.reason_context", {"context": config.batch.context}),
    ]


def size_for(amount: int) -> Size:
    """The size that so many characters can fill."""
    return next((size for most, size in CHARACTERS_OF_SIZE if amount <= most), "base")


def pieces_for(amount: int) -> int:
    """How many pieces so many characters can teach."""
    return next((pieces for most, pieces in PIECES_OF_CHARACTERS if amount <= most), PIECES_MAX)


def _merged(chosen: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    parts = {
        name: {**chosen[name], **value}
        for name, value in more.items()
        if isinstance(chosen.get(name), dict) and isinstance(value, Mapping)
    }
    return chosen | dict(more) | parts
