"""A look at a run's data before it begins, made in a process of its own: what cleaning does, how text is cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.events import Done, Events
from llm_core.workbench.aside import answered

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig


@dataclass(frozen=True)
class Preview:
    """As `training.preview.DataPreview`, in plain values that need no transformers to be read.

    `changes`: before, after, steps, dropped; `pieces`: token, text, partial; `tokenizer`: vocabulary, used,
    characters, tokens, tokens_per_character, coverage, most_frequent; `findings`: (key of the messages, facts);
    `counts`: set of labels -> label -> examples; `examples`: (what is read, what is to be said of it).
    """

    changes: Sequence[Mapping[str, Any]]
    sentence: str
    pieces: Sequence[Mapping[str, Any]]
    tokenizer: Mapping[str, Any]
    findings: Sequence[tuple[str, Mapping[str, Any]]]
    whole: bool
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    examples: Sequence[tuple[str, str]] = ()


def previewed(config: TrainConfig, sentence: str, runs: Path) -> Events:
    """`Done` holds a `Preview`; closing it ends the process. The `runs` may hold the model that it begins with.

    Raises:
        UserError: what is wrong with the text.
    """
    question = {"config": config.model_dump(mode="json"), "sentence": sentence}
    runs.mkdir(parents=True, exist_ok=True)
    found = yield from answered("llm_core.training.previewing", question, "previewing", (str(runs),))
    yield Done(Preview(**found))
