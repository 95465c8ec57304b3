"""What was measured of a bundled model, task by task, and how that is said in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from llm_core.catalog import understanding
from llm_core.catalog.understanding import Figure
from llm_core.messages import Language, say
from llm_core.models.card import ModelCard

Measured: TypeAlias = Mapping[str, Sequence[Figure]]

SHOWN: Final = 2  # figures of a task that are named one by one; of more their range is told
BITS: Final = "bits_per_character"


def measured(folder: Path, card: ModelCard) -> Measured:
    """By task: of understanding what `evaluate NAME` wrote beside the model, of writing what its card says."""
    found = {task: understanding.quality(folder, task).figures for task in understanding.tasks_of(folder)}
    found |= {"continue": tuple(_bits(card)), "translate": tuple(_bleu(card))}
    return {task: figures for task, figures in found.items() if figures and task in card.tasks}


def told(figures: Measured, language: Language) -> str:
    """All of it in a sentence; empty where nothing was measured."""
    if not figures:
        return ""
    gap = say(language, "models.measured_gap")
    tasks = gap.join(_task(task, some, language) for task, some in figures.items())
    return say(language, "models.measured", figures=tasks)


def value(metric: str, figure: float) -> str:
    """A figure as it is written."""
    return f"{figure:.2f}" if metric == BITS else f"{figure:.1f}"


def _task(task: str, figures: Sequence[Figure], language: Language) -> str:
    metric = figures[0].metric
    facts = {"task": say(language, f"models.task_{task}"), "metric": say(language, f"models.metric_{metric}")}
    if len(figures) > SHOWN:
        values = [figure.value for figure in figures]
        low, high = (value(metric, end) for end in (min(values), max(values)))
        return say(language, "models.measured_range", low=low, high=high, sets=len(figures), **facts)
    gap = say(language, "analyze.list_gap")
    values_said = gap.join(f"{value(one.metric, one.value)} ({one.data})" for one in figures)
    return say(language, "models.measured_one", values=values_said, **facts)


def _bits(card: ModelCard) -> Iterator[Figure]:
    by_language: Mapping[str, float] = card.scores.get(BITS, {}).get("model", {})
    for language in card.languages:
        if language in by_language:
            yield Figure(language, BITS, float(by_language[language]), 0)


def _bleu(card: ModelCard) -> Iterator[Figure]:
    for data, scores in card.scores.get("translation", {}).items():
        yield Figure(data, "bleu", float(scores["bleu"]), 0)
