"""Analyze many short texts at once: a line of a result table for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from llm_core.errors import UserError
from llm_core.events import Done, Events, Item, Notice, Progress
from llm_core.tasks.analysis import AnalysisOptions
from llm_core.tasks.tools import Tools
from llm_core.tasks.waiting import ticking
from llm_core.text.keywords import keywords

AT_ONCE: Final = 64
ROW_PARTS: Final = ("sentiment", "topic", "intent", "entities", "keywords")
Cells: TypeAlias = dict[str, Any]


def analyze_rows(texts: Sequence[str], options: AnalysisOptions, tools: Tools) -> Events:
    """Look for what the options ask for in each text; relations are found in whole texts alone.

    Args:
        texts: any number, in either language.
        options: which parts, and which sets of labels.
        tools: the models.

    Yields:
        Progress ("analyzing_rows"), Notice ("part_missing"), Item(list[Cells]) for some rows at a time, in order,
        Done(list[Cells]). Cells are such as {"sentiment": "positive", "sentiment_score": 0.98}.

    Raises:
        UserError: `understanding_missing` where nothing else was asked for, `label_set_unknown`, the engines' own.
    """
    parts = [part for part in ROW_PARTS if part in options.what]
    missing = [part for part in parts if part != "keywords" and not tools.has(part)]
    if missing and missing == parts:
        raise UserError("understanding_missing", task=missing[0])
    for left_out in missing:
        yield Notice("part_missing", {"part": left_out})
    made: list[Cells] = []
    for start in range(0, len(texts), AT_ONCE):
        yield Progress("analyzing_rows", start, len(texts), "rows")
        some = texts[start : start + AT_ONCE]
        rows: list[Cells] = [{} for _ in some]
        for part in parts:
            if part not in missing:
                work: Callable[[], None] = _filling(part, some, rows, options, tools)
                yield from ticking(work, "opening")
        made += rows
        yield Item(rows)
    yield Done(made)


def columns(options: AnalysisOptions, tools: Tools) -> list[str]:
    """The columns that a result table gets, in their order."""
    found: list[str] = []
    for part in ROW_PARTS:
        if part in options.what and (part == "keywords" or tools.has(part)):
            found += [part] if part in ("keywords", "entities") else [part, f"{part}_score"]
    return found


def _filling(
    part: str, texts: Sequence[str], rows: list[Cells], options: AnalysisOptions, tools: Tools
) -> Callable[[], None]:
    """Work that writes one part into every row."""
    asked = options.labels.get(part)  # type: ignore[call-overload]

    def keyworded() -> None:
        for text, row in zip(texts, rows, strict=True):
            row[part] = "; ".join(keywords(text, options.keywords))

    def named() -> None:
        for found, row in zip(tools.names(texts, asked), rows, strict=True):
            row[part] = "; ".join(f"{one['text']} ({one['type']})" for one in found["entities"])

    def labelled() -> None:
        for found, row in zip(tools.labels(part, texts, asked), rows, strict=True):
            row |= {part: found["label"], f"{part}_score": found["score"]}

    return {"keywords": keyworded, "entities": named}.get(part, labelled)
