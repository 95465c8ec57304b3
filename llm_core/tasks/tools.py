"""What reading and analyzing work with: the bundled models, each opened when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from llm_core.catalog import understanding
from llm_core.catalog.understanding import Quality
from llm_core.engines.classifier import Classifier
from llm_core.engines.reader import Reader
from llm_core.engines.tagger import Tagger
from llm_core.errors import UserError
from llm_core.messages import Language
from llm_core.models.relations import marked
from llm_core.text.language import language

DIGITS: Final = 4


class Tools:
    """The models by task. Safe from several threads.

    Args:
        caches: where converted copies stand.
        threads: for computing.
        model_of: the folder of a task's model.
    """

    def __init__(
        self, caches: Path, threads: int, model_of: Callable[[str], Path | None] = understanding.model_of
    ) -> None:
        self._caches, self._threads = caches, threads
        self._folder_of = model_of
        self._opened: dict[tuple[Path, Any], Any] = {}
        self._lock = threading.Lock()

    def has(self, task: str) -> bool:
        """Whether there is a model for it."""
        return self._folder_of(task) is not None

    def classifier(self, task: str) -> Classifier:
        """The model that gives labels; of relations it takes pairs (`models.relations.marked`).

        Raises:
            UserError: `understanding_missing`.
        """
        return self._open(task, Classifier)  # type: ignore[no-any-return]

    def tagger(self) -> Tagger:
        """The model that marks names.

        Raises:
            UserError: `understanding_missing`.
        """
        return self._open("entities", Tagger)  # type: ignore[no-any-return]

    def reader(self) -> Reader:
        """The model that finds answers.

        Raises:
            UserError: `understanding_missing`.
        """
        return self._open("read", Reader)  # type: ignore[no-any-return]

    def label_set(self, task: str, asked: str | None, language: Language | None) -> str:
        """The set of labels that suits; see `understanding.label_set`.

        Raises:
            UserError: `understanding_missing`, `label_set_unknown`.
        """
        model = self.tagger() if task == "entities" else self.classifier(task)
        return understanding.label_set(task, list(model.label_sets), asked, language)

    def quality(self, task: str, label_set: str | None = None) -> Quality:
        """How good the model for `task` is.

        Raises:
            UserError: `understanding_missing`.
        """
        return understanding.quality(self._folder(task), task, label_set)

    def labels(self, task: str, texts: Sequence[str], asked: str | None) -> list[dict[str, Any]]:
        """What each text is, as programs get it; each is asked with the labels that suit its language.

        Raises:
            UserError: as `label_set`.
        """
        found: list[dict[str, Any]] = [{} for _ in texts]
        for chosen, places in self._by_set(task, texts, asked):
            rows = self.classifier(task).classify([texts[i] for i in places], chosen)
            for i, one in zip(places, rows, strict=True):
                found[i] = {"label": one.label, "score": round(one.score, DIGITS)}
        return found

    def names(self, texts: Sequence[str], asked: str | None) -> list[dict[str, Any]]:
        """The names in each text, as programs get them.

        Raises:
            UserError: as `label_set`.
        """
        found: list[dict[str, Any]] = [{} for _ in texts]
        for chosen, places in self._by_set("entities", texts, asked):
            rows = self.tagger().find([texts[i] for i in places], chosen)
            for i, row in zip(places, rows, strict=True):
                entities = [
                    {"text": texts[i][e.start : e.end], "type": e.type, "start": e.start, "end": e.end,
                     "score": round(e.score, DIGITS)}
                    for e in row
                ]  # fmt: skip
                found[i] = {"entities": entities}
        return found

    def relations(self, rows: Sequence[Mapping[str, Any]], asked: str | None) -> list[dict[str, Any]]:
        """How head and tail of each row relate: `text`, `head` and `tail`, each of these `text` and `start`.

        Raises:
            UserError: as `label_set`.
        """
        found: list[dict[str, Any]] = [{} for _ in rows]
        for chosen, places in self._by_set("relations", [row["text"] for row in rows], asked):
            pairs = [marked(rows[i]["text"], rows[i]["head"], rows[i]["tail"]) for i in places]
            for i, one in zip(places, self.classifier("relations").classify(pairs, chosen), strict=True):
                found[i] = {"label": one.label, "score": round(one.score, DIGITS)}
        return found

    def _by_set(self, task: str, texts: Sequence[str], asked: str | None) -> Iterator[tuple[str, list[int]]]:
        """The texts that are asked with the same labels, by their places."""
        groups: dict[str, list[int]] = {}
        for i, text in enumerate(texts):
            groups.setdefault(self.label_set(task, asked, language(text)), []).append(i)
        yield from groups.items()

    def close(self) -> None:
        """Free the memory; models are opened again when they are needed."""
        with self._lock:
            for model in self._opened.values():
                model.close()

    def _folder(self, task: str) -> Path:
        if (folder := self._folder_of(task)) is None:
            raise UserError("understanding_missing", task=task)
        return folder

    def _open(self, task: str, kind: Callable[[Path, Path, int], Any]) -> Any:
        folder = self._folder(task)
        with self._lock:
            key = (folder, kind)
            if key not in self._opened:
                self._opened[key] = kind(folder, self._caches, self._threads)
            return self._opened[key]
