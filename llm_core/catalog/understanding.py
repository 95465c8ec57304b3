"""Which bundled model answers for which task of understanding, which sets of labels it knows, and how good it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from llm_core.catalog import bundled
from llm_core.errors import UserError
from llm_core.messages import Language
from llm_core.models.card import CARD_FILE, ModelCard

Task: TypeAlias = Literal["sentiment", "topic", "intent", "entities", "relations", "read", "embed"]
TASKS: Final = get_args(Task)
SCORES_FILE: Final = "scores.json"

# Of each task its sets of labels, and the data sets whose labels they hold beside the one of their own name. The
# first is asked where none is asked for and the language has no better one.
LABEL_SETS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "sentiment": {"sentiment": ("shopping", "chnsenticorp", "waimai", "eprstmt", "sst2")},
    "topic": {"thucnews": (), "20newsgroups": (), "tnews": (), "csl": (), "csldcp": ()},
    "intent": {"clinc150": (), "crosswoz": (), "banking77": (), "snips": (), "smp2019": (), "cais": ()},
    "entities": {
        "names": ("msra", "weibo", "btc"),
        "names-and-others": ("wikigold", "crossner", "wnut17", "conll2003"),
        "resume": (),
    },
    "relations": {"semeval2010": (), "sanwen": (), "fewrel": (), "finre": ()},
}
# What suits plain text. Of relations fewrel has no label for "none of these", so that it is only asked by name.
DEFAULTS: Final[Mapping[tuple[str, Language], str]] = {
    ("topic", "en"): "20newsgroups",
    ("intent", "zh"): "crosswoz",
    ("entities", "en"): "names-and-others",
    ("relations", "zh"): "sanwen",
}
MAIN: Final[Mapping[str, str]] = {
    "sentiment": "accuracy",
    "topic": "accuracy",
    "intent": "accuracy",
    "entities": "f1",
    "relations": "f1",
    "read": "f1",
    "embed": "recall_at_1",
}
"""The figure by which each task is judged; all figures are percent."""


@dataclass(frozen=True, slots=True)
class Figure:
    """How well a model did on one development set."""

    data: str  # its name
    metric: str
    value: float  # percent
    rows: int


@dataclass(frozen=True, slots=True)
class Quality:
    """The model behind a result, and what was measured of it on sets with these labels; nothing where it was not."""

    model: str
    figures: tuple[Figure, ...] = ()

    def to_json(self) -> dict[str, object]:
        """For programs."""
        measured = [{"data": f.data, "metric": f.metric, "value": f.value, "rows": f.rows} for f in self.figures]
        return {"model": self.model, "measured": measured}


def model_of(task: str) -> Path | None:
    """The folder of the bundled model whose card names this task; None where there is none yet."""
    for card in sorted(bundled.FOLDER.glob(f"*/{CARD_FILE}")):
        if task in ModelCard.read(card.parent).tasks:
            return card.parent
    return None


def tasks_of(folder: Path) -> list[str]:
    """The tasks that the model in `folder` answers for."""
    return [task for task in TASKS if task in ModelCard.read(folder).tasks]


def label_set(task: str, known: Sequence[str], asked: str | None, language: Language | None) -> str:
    """The set of labels to ask a model for.

    Args:
        task: what is asked.
        known: the sets that the model has, those of other tasks among them.
        asked: a set, or a data set with the same labels.
        language: of the text.

    Raises:
        UserError: `label_set_unknown`.
    """
    sets = LABEL_SETS.get(task, {})
    ours = [name for name in sets if name in known] or list(known)
    if asked is None:
        usual = DEFAULTS.get((task, language or "en"), "")
        return usual if usual in ours else ours[0]
    for name in ours:
        if asked == name or asked in sets.get(name, ()):
            return name
    raise UserError("label_set_unknown", name=asked[:80], known=", ".join(ours))


def quality(folder: Path, task: str, labels: str | None = None) -> Quality:
    """What `evaluate NAME` measured of the model in `folder` at this task, with these labels where it has several."""
    name = ModelCard.read(folder).id  # a run's folder is called "model"
    try:
        sets = json.loads((folder / SCORES_FILE).read_text("utf-8"))["sets"]
    except (OSError, ValueError, KeyError):
        return Quality(name)
    figures = tuple(
        Figure(data, MAIN[task], float(told["figures"][MAIN[task]]), int(told["rows"]))
        for data, told in sets.items()
        if told["task"] == task and labels in (None, told.get("label_set"))
    )
    return Quality(name, figures)
