"""Runs that learned to understand texts, tried on other texts: labels, names, relations, answers, likeness.

What a run can do follows from what it learned; labels of texts are `classifying`'s.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from llm_core import machine
from llm_core.catalog import runs, understanding
from llm_core.engines.encoder import E5
from llm_core.errors import UserError
from llm_core.models.relations import unmarked
from llm_core.settings import Settings
from llm_core.tasks.tools import Tools

TASKS: Final[Mapping[str, tuple[str, ...]]] = {
    "label": ("sentiment", "topic", "intent"),
    "relation": ("relations",),
    "tags": ("entities",),
    "span": ("read",),
    "contrastive": ("embed",),
}
"""What a run answers for in the place of a bundled model, by what it learned."""
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "label": ("text",),
    "relation": ("text", "head", "tail"),
    "tags": ("text",),
    "span": ("context", "question"),
    "contrastive": ("lines",),
}
_EXAMPLES_MAX: Final = 200

Texts: TypeAlias = tuple[str, ...]


class Trying:
    """Opens what `owner` trained; the run that was used last stays open.

    Args:
        settings: of this workbench.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: tuple[Path, Tools] | None = None
        self._encoder: tuple[Path, E5] | None = None

    def learned(self, name: str, owner: str = "") -> str:
        """What a run learned, one of TASKS; "" for any other run, and where there is none of the name."""
        model = self._model(name, owner)
        objective = str(model.card.trained.get("objective", "")) if model else ""
        return objective if objective in TASKS else ""

    def roles(self, name: str, owner: str = "") -> Texts:
        """What a run is given to read: text, second, head, tail, context, question, or lines of text."""
        learned = self.learned(name, owner)
        if learned == "label" and len(next(self._held_out(name), ("",))) > 1:
            return "text", "second"
        return _ROLES.get(learned, ())

    def example(self, name: str, owner: str = "") -> Texts:
        """Something to read that the run kept apart, in the order of its roles; nothing where it kept nothing.

        Raises:
            UserError: `run_understands_nothing`.
        """
        self._checked(name, owner)
        return random.choice(list(islice(self._held_out(name), _EXAMPLES_MAX)) or [()])

    def tools(self, name: str, owner: str = "") -> Tools:
        """The run's model for what it learned, the bundled ones for everything else.

        Raises:
            UserError: `run_understands_nothing`.
        """
        model = self._checked(name, owner)
        opened = self._open  # not read again: another visitor may open another run meanwhile
        if opened is None or opened[0] != model.path:
            own = TASKS[self.learned(name, owner)]
            opened = (
                model.path,
                Tools(
                    self._settings.paths.conversions,
                    self._threads,
                    lambda task: model.path if task in own else understanding.model_of(task),
                ),
            )
            self._open = opened
        return opened[1]

    def encoder(self, name: str, owner: str = "") -> E5:
        """What turns texts into vectors as the run learned it, the same beginnings put before them.

        Raises:
            UserError: `run_understands_nothing`, also for a run that learned something else.
        """
        model = self._checked(name, owner)
        if self.learned(name, owner) != "contrastive":
            raise UserError("run_understands_nothing", name=name[:80])
        opened = self._encoder  # as in `tools`
        if opened is None or opened[0] != model.path:
            query, passage = (*(model.card.model_extra or {}).get("settings", {}).get("prefixes", ()), "", "")[:2]
            prefixes = {"query": query, "passage": passage}
            opened = model.path, E5(model.path, self._settings.paths.conversions, self._threads, prefixes)
            self._encoder = opened
        return opened[1]

    def close(self) -> None:
        """Free the memory."""
        for opened in (self._open, self._encoder):
            if opened is not None:
                opened[1].close()

    @property
    def _threads(self) -> int:
        return self._settings.threads or machine.cores()

    def _model(self, name: str, owner: str) -> runs.Trained | None:
        return next((model for model in runs.models(self._settings, owner) if model.name == name), None)

    def _checked(self, name: str, owner: str) -> runs.Trained:
        model = self._model(name, owner)
        if model is None or not self.learned(name, owner):
            raise UserError("run_understands_nothing", name=name[:80])
        return model

    def _held_out(self, name: str) -> Iterator[Texts]:
        """What stands in the run's validation data, as a person would write it."""
        path = self._settings.paths.run(name) / "data" / "valid.jsonl"
        if not path.exists():
            return
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield _as_written(json.loads(line))


def similarities(encoder: E5, texts: Sequence[str]) -> list[list[float]]:
    """The cosine of each two texts, [n][n]."""
    vectors = encoder.encode(texts, "query")
    return [[float(value) for value in row] for row in vectors @ vectors.T]


def _as_written(row: Any) -> Texts:
    """An example as `training.objectives` keep it: of labels, names, passages, or texts that belong together."""
    if isinstance(row, list):
        return ("\n".join(" ".join(text.split()) for text in row[0]),)
    if "questions" in row:
        return row["context"], random.choice(row["questions"])[0]
    if "entities" in row:
        return (row["text"],)
    return unmarked(*row["texts"]) if row["texts"][0].startswith("[ ") else tuple(row["texts"])
