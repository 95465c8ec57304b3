"""Labels as they are said on the page: those of the samples that come along have names, others stand as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from llm_core.messages import Language, say, table

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig

Word: TypeAlias = Callable[[str], str]


def word_of(config: TrainConfig, language: Language) -> Word:
    """What the labels of this run are called."""
    ours = all(source.sample for source in config.sources)

    def word(label: str) -> str:
        key = f"samples.label_{label}"
        return say(language, key) if ours and key in table() else label

    return word
