"""Models measured on held-out text, for the page and the command line; a run keeps what was found in scores.json."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core import atomic, machine
from llm_core.catalog import bundled, choose
from llm_core.errors import UserError
from llm_core.events import Done, Events
from llm_core.settings import Settings

if TYPE_CHECKING:
    from llm_core.catalog.listing import Entry
    from llm_core.workbench.models import Models

SCORES_FILE = "scores.json"
HELD_OUT = ("test", "valid")
GGUF_CHARACTERS = 4000  # llama.cpp tells one token at a time


class Measuring:
    """What can be found out about a model. `owner` is the visitor's token, "" at the command line.

    Args:
        models: where engines come from.
        settings: places and limits.
    """

    def __init__(self, models: Models, settings: Settings) -> None:
        self._models = models
        self._settings = settings

    def writer(self, owner: str, name: str, text: Path | None = None) -> Events:
        """Loss, perplexity, bits per character, accuracy, variety, repetition and speed.

        Args:
            owner: who asks.
            name: of a run or of a model that is here.
            text: a file of text, never from a visitor; a run without one is measured on what it kept apart.

        Yields:
            As `evaluation.writers.evaluate`.

        Raises:
            UserError: `model_unknown`, `model_missing`, `model_not_writing`, `evaluate_no_text`.
        """
        from llm_core.evaluation import writers

        entry = self._models.choice("chat", name, owner).entry
        if entry.path is None:
            raise UserError("model_missing", name=entry.id)
        if entry.served:
            raise UserError("lacks_score", model=entry.id)
        texts = _of_file(text) if text else self._held_out(entry)
        limit = {"characters": GGUF_CHARACTERS} if entry.format == "gguf" else {}
        for event in writers.evaluate(self._models.engine(entry), texts, **limit):  # type: ignore[arg-type] # both
            if isinstance(event, Done) and entry.sources == ("run",):
                self.keep(entry.id, "evaluation", dataclasses.asdict(event.result))
            yield event

    def understanding(self, name: str, data: Sequence[Path]) -> Events:
        """A bundled model that reads, analyzes or searches, on development sets; scores.json is written beside it.

        Args:
            name: of the model.
            data: files, or folders of them; never from a visitor.

        Yields:
            As `evaluation.understanding.evaluate`.

        Raises:
            UserError: `model_unknown`, `encoder_data`.
        """
        from llm_core.engines.encoder import E5
        from llm_core.evaluation import understanding

        folder = bundled.folder(name)
        if folder is None:
            raise UserError("model_unknown", name=name[:80], nearest="")
        caches, threads = self._settings.paths.conversions, self._settings.threads or machine.cores()
        return understanding.evaluate(folder, data, caches, threads, E5(folder, caches, threads))

    def privacy(self, owner: str, name: str) -> Events:
        """How much of its training text a run's model recites, and what to do about it.

        Yields:
            As `training.privacy.check`; `Done` holds a `Privacy`, which names strings of the owner's own text.

        Raises:
            UserError: `privacy_not_run`, `model_unknown`, `model_not_writing`, `memory_short`, `model_unusable`.
        """
        entry = self._models.choice("chat", name, owner).entry
        if entry.sources != ("run",) or entry.path is None:
            raise UserError("privacy_not_run", name=entry.id)
        from llm_core.engines.causal import Causal
        from llm_core.training import privacy

        machine.check_memory(entry.id, entry.parameters * 4)
        causal = Causal(entry.path, entry.context_tokens or self._settings.context_tokens, machine.cores())
        for event in privacy.check(causal, self._settings.paths.run(entry.id)):
            if isinstance(event, Done):
                self.keep(entry.id, "privacy", privacy.as_record(event.result))
            yield event

    def scores(self, owner: str, run: str) -> dict[str, Any]:
        """What was found out about a finished run, by its training and since; empty where nothing was.

        Raises:
            UserError: `model_unknown`.
        """
        path = self._settings.paths.run(choose.find(run, self._settings, owner=owner).id) / SCORES_FILE
        found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return found

    def keep(self, run: str, part: str, found: dict[str, Any]) -> None:
        """Put what was found beside what the run's scores say already."""
        path = self._settings.paths.run(run) / SCORES_FILE
        kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
        with atomic.writing(path, "w") as file:
            json.dump(kept | {part: found}, file, ensure_ascii=False, indent=2)

    def _held_out(self, entry: Entry) -> Iterator[str]:
        """What the run kept apart for a test, else for validation."""
        folder = self._settings.paths.run(entry.id) / "data" if entry.sources == ("run",) else Path()
        for split in HELD_OUT:
            path = folder / f"{split}.jsonl"
            if folder.parts and path.exists():
                with path.open(encoding="utf-8") as lines:
                    for line in lines:
                        yield str(json.loads(line)[0])
                return
        raise UserError("evaluate_no_text")


def _of_file(path: Path) -> Iterator[str]:
    from llm_core.training.collect import read_records
    from llm_core.training.config import Source
    from llm_core.training.corpus import read_source

    source = Source(path=path)
    if next(iter(read_records(source)), {}).keys() & {"text", "messages"}:
        yield from (row[0] for row in read_source(source))
