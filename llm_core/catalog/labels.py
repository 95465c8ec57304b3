"""What the labels of bundled models are called in the reader's language; programs get the names of the data sets."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from llm_core.catalog.understanding import LABEL_SETS
from llm_core.messages import Language, say

DIRECTIONS: Final = ("(e1,e2)", "(e2,e1)")
OPINIONS: Final = ("positive", "negative", "neutral")
_FILE: Final = Path(__file__).with_name("labels.toml")

Names = Mapping[str, Mapping[str, Mapping[Language, str]]]


@functools.cache
def table() -> Names:
    """Set of labels -> label -> language -> what it is called."""
    return tomllib.loads(_FILE.read_text("utf-8"))


def called(task: str, label: str, language: Language, label_set: str = "") -> str:
    """What a label is called; the label itself where nobody has named it.

    Args:
        task: whose label it is.
        label: as the model gives it; a relation may have its direction behind it.
        language: of the reader.
        label_set: where it is known; else the first set of the task that has such a label.
    """
    if label in OPINIONS:
        return say(language, f"analyze.{label}")
    for direction in DIRECTIONS:
        label = label.removesuffix(direction)
    for name in (label_set, *LABEL_SETS.get(task, ())):
        if found := table().get(name, {}).get(label):
            return found[language]
    return label
