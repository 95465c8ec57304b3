"""Analyses: texts, documents and tables taken to pieces, knowledge graphs, answers word for word, own labels.

For callers that hold a text `analyze`, `graph`, `rows`, `read` and `learn` give events; for visitors of the page
`start_...` runs the same in a job that survives a reload.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Generator as Generating
from pathlib import Path
from typing import Any, Final

from llm_core import machine
from llm_core.catalog.understanding import TASKS, Quality
from llm_core.documents import guard
from llm_core.documents.document import Block, Document
from llm_core.engines.base import Encoder, Generator
from llm_core.engines.classifier import Labelled
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Notice
from llm_core.jobs import Job, Jobs
from llm_core.settings import Settings
from llm_core.store.own_labels import OwnLabelSets
from llm_core.tasks import graph as graphs
from llm_core.tasks import own_labels, passages, rows
from llm_core.tasks.analysis import Analysis, AnalysisOptions, Name
from llm_core.tasks.analyze import analyze
from llm_core.tasks.open_relations import open_relations
from llm_core.tasks.read import Passage, read
from llm_core.tasks.tools import Tools
from llm_core.text.paragraphs import paragraphs
from llm_core.workbench import tables
from llm_core.workbench.disk import MayKeep, anything
from llm_core.workbench.models import Models
from llm_core.workbench.replies import check_text

SUBJECT: Final = "analysis"  # of jobs: a visitor has one analysis under way
LIMIT_S: Final = 3600.0
GRAPH_PARTS: Final = AnalysisOptions(what=("entities", "relations"))
NAMES_ALONE: Final = AnalysisOptions(what=("entities",))
NAME_CHARS_MAX: Final = 80

Source = str | Document


class Analyses:
    """What can be analyzed.

    Args:
        models: where the language model comes from.
        encoder: gives the vectors that own labels rest on.
        jobs: where the page's analyses run.
        settings: places and limits.
        may_keep: asked before labels are taught; see `disk.Disk.check`.
    """

    def __init__(
        self,
        models: Models,
        encoder: Callable[[], Encoder],
        jobs: Jobs,
        settings: Settings,
        may_keep: MayKeep = anything,
    ) -> None:
        self._may_keep = may_keep
        self._models = models
        self._encoder = encoder
        self._jobs = jobs
        self._settings = settings
        self.tools = Tools(settings.paths.conversions, settings.threads or machine.cores())
        self._own = OwnLabelSets(settings.paths.own_labels, settings.own_labels_max)

    def with_tools(self, tools: Tools) -> Analyses:
        """The same by other models, such as those of `trying.Trying.tools`."""
        other = copy.copy(self)
        other.tools = tools
        return other

    def missing(self) -> list[str]:
        """Tasks that no model is here for yet."""
        return [task for task in TASKS if not self.tools.has(task)]

    def quality(self, task: str, label_set: str | None = None) -> Quality:
        """The model behind a task, and what was measured of it.

        Raises:
            UserError: `understanding_missing`.
        """
        return self.tools.quality(task, label_set)

    # ---------------------------------------------------------------- texts

    def analyze(self, source: Source, options: Mapping[str, Any] | None = None) -> Events:
        """Take a text to pieces; see `tasks.analyze` for the events. `Done` holds a `tasks.analysis.Analysis`.

        Args:
            source: a text, or a document that was read; places are characters of its text.
            options: fields of `tasks.analysis.AnalysisOptions`.

        Raises:
            UserError: `text_empty`, `text_too_long`, `text_unusable`, what is wrong with an option, the task's own.
        """
        return analyze(self._checked(source), AnalysisOptions.of(options or {}), self.tools)

    def graph(self, source: Source, *, written: bool = False, model: str | None = None, visitor: str = "") -> Events:
        """The knowledge graph of a text: its names and how they relate.

        Args:
            source: as for `analyze`.
            written: have the language model write relations of open kinds, in place of those of fixed kinds.
            model: which one.
            visitor: for the waiting line.

        Yields:
            The events of `tasks.analyze` and `tasks.open_relations`; `Done` holds a `tasks.graph.Graph`.

        Raises:
            UserError: as `analyze`; `understanding_missing` where names cannot be found; those of the model.
        """
        return self._graph(self._checked(source), written=written, model=model, visitor=visitor)

    def _graph(self, text: str, *, written: bool, model: str | None, visitor: str) -> Events:
        if not written:
            found: Analysis = yield from _result(analyze(text, GRAPH_PARTS, self.tools))
            yield Done(graphs.graph(text, found.entities, found.relations))
            return
        names: tuple[Name, ...] = ()
        if self.tools.has("entities"):
            names = (yield from _result(analyze(text, NAMES_ALONE, self.tools))).entities
        generator = yield from self._generator(model)
        related = yield from _result(open_relations(text, names, generator, visitor=visitor))
        ends = {end for one in related for end in (one.head, one.tail)}
        named = sorted({*names, *ends}, key=lambda one: (one.start, one.end))
        yield Done(graphs.graph(text, named, related, "written"))

    def _generator(self, model: str | None) -> Generating[Event, None, Generator]:
        entry, generator = yield from self._models.ready("chat", model)
        yield Notice("model", {"id": entry.id, "title": entry.title})
        return generator

    def read(self, question: str, sources: Sequence[tuple[str, Source]]) -> Events:
        """The answer to a question word for word; see `tasks.read`. `Done` holds a `tasks.read.Read`.

        Args:
            question: in the language of the texts.
            sources: names and texts.

        Raises:
            UserError: `text_empty`, `text_too_long`, `understanding_missing`.
        """
        if not question.strip():
            raise UserError("text_empty")
        check_text(question, self._settings.question_chars_max)
        cut = [passage for name, source in sources for passage in self._passages(name, source)]
        return read(question, cut, self.tools)

    def _passages(self, name: str, source: Source) -> list[Passage]:
        text = self._checked(source)
        blocks = tuple(Block(start, end) for start, end in paragraphs(text))
        document = source if isinstance(source, Document) else Document(name, "txt", text, blocks)
        return [Passage(text[one.start : one.end], name, one.start) for one in passages.cut(document)]

    def _checked(self, source: Source) -> str:
        text = source if isinstance(source, str) else source.text
        if not text.strip():
            raise UserError("text_empty")
        check_text(text, self._settings.document_chars_max)
        return text

    # ---------------------------------------------------------------- tables

    def rows(
        self,
        path: Path,
        column: str | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        rows_max: int | None = None,
    ) -> Events:
        """Analyze a column of a table row by row; see `tasks.rows` for the events.

        Args:
            path: a csv, tsv or jsonl file; it is only read.
            column: the texts; the first one where none is named.
            options: fields of `AnalysisOptions`.
            rows_max: more are refused.

        Yields:
            First Item(`tables.Table`), the table as it was read; `Done` holds the table with columns added.

        Raises:
            UserError: those of `tables.read`, `column_unknown`, those of `tasks.rows`.
        """
        checked = AnalysisOptions.of(options or {})
        table = tables.read(path, rows_max)
        texts = table.texts(column)
        yield Item(table)
        made: list[rows.Cells] = yield from _result(rows.analyze_rows(texts, checked, self.tools))
        yield Done(table.with_columns(rows.columns(checked, self.tools), made))

    # ---------------------------------------------------------------- own labels

    def learn(self, owner: str, name: str, examples: Sequence[tuple[str, str]]) -> Events:
        """Learn a visitor's labels and keep them; see `tasks.own_labels.learn`.

        Args:
            owner: the visitor.
            name: of the set of labels.
            examples: texts with their labels.

        Yields:
            Progress; `Done` holds an `OwnLabels`, whose `report()` says how well they are told apart.

        Raises:
            UserError: `name_unusable`, `own_labels_few`, `own_labels_many`, `text_too_long`, `text_unusable`,
                `address_disk`.
        """
        called = " ".join(name.split())
        if not 0 < len(called) <= NAME_CHARS_MAX:
            raise UserError("name_unusable", name=called[:NAME_CHARS_MAX])
        given = self._examples(examples)
        self._may_keep(owner, sum(len(one.text.encode()) for one in given))
        return self._learned(owner, called, given)

    def teach(self, examples: Sequence[tuple[str, str]]) -> Events:
        """As `learn`, and nothing is kept.

        Raises:
            UserError: as `learn`.
        """
        return own_labels.learn(self._examples(examples), self._encoder())

    def labelled(self, learned: own_labels.OwnLabels, texts: Sequence[str]) -> list[Labelled]:
        """The label of each text, by what `teach` gave; of a long text its beginning counts.

        Raises:
            UserError: `text_too_long`.
        """
        check_text("".join(texts), self._settings.message_chars_max)
        return learned.classify(self._encoder().encode(texts, "query")) if texts else []

    def _examples(self, examples: Sequence[tuple[str, str]]) -> list[own_labels.Example]:
        check_text("".join(text + label for text, label in examples), self._settings.message_chars_max)
        given = [
            own_labels.Example(text, label.strip()) for text, label in examples if text.strip() and label.strip()
        ]
        own_labels.check(given)
        return given

    def _learned(self, owner: str, name: str, examples: Sequence[own_labels.Example]) -> Events:
        learned: own_labels.OwnLabels = yield from _result(own_labels.learn(examples, self._encoder()))
        kept = [(one.text, one.label) for one in examples]
        self._own.keep(owner, name, learned.to_json() | {"texts": kept})
        yield Done(learned)

    def own_labels_bytes(self, owner: str) -> int:
        """What they take on the disk."""
        return self._own.kept_bytes(owner)

    def own_labels(self, owner: str) -> dict[str, dict[str, Any]]:
        """The visitor's sets by name, each with its report and its examples (`texts`)."""
        hidden = {"weights", "bias", "name"}
        return {
            str(record["name"]): {key: value for key, value in record.items() if key not in hidden}
            for record in self._own.records(owner)
        }

    def classify(self, owner: str, name: str, texts: Sequence[str]) -> list[Labelled]:
        """The label of each text, by a set that the visitor taught.

        Raises:
            UserError: `own_labels_unknown`, `text_too_long`.
        """
        return self.labelled(own_labels.OwnLabels.of_json(self._own.record(owner, name)), texts)

    def forget_labels(self, owner: str, name: str) -> None:
        """Delete a set that the visitor taught."""
        self._own.delete(owner, name)

    # ---------------------------------------------------------------- for visitors

    def forget(self, owner: str) -> None:
        """Forget everything of the visitor; jobs were stopped."""
        self._own.delete_all(owner)

    def start(self, owner: str, source: Source, options: Mapping[str, Any] | None = None) -> Job:
        """`analyze` in a job, in the place of what was under way for the visitor."""
        return self._run(owner, self.analyze(source, options))

    def start_file(self, owner: str, path: Path, name: str, options: Mapping[str, Any] | None = None) -> Job:
        """The same for a file, which is read first: its `Document` comes as the first Item."""
        AnalysisOptions.of(options or {})
        return self._run(owner, self._of_file(path, name, lambda document: self.analyze(document, options)))

    def start_graph(self, owner: str, source: Source, *, written: bool = False, model: str | None = None) -> Job:
        """`graph` in a job."""
        return self._run(owner, self.graph(source, written=written, model=model, visitor=owner))

    def start_rows(
        self, owner: str, path: Path, column: str | None = None, options: Mapping[str, Any] | None = None
    ) -> Job:
        """`rows` in a job, up to the server's limit."""
        limit = self._settings.analysis_rows_max
        return self._run(owner, self.rows(path, column, options, rows_max=limit))

    def start_learning(self, owner: str, name: str, examples: Sequence[tuple[str, str]]) -> Job:
        """`learn` in a job."""
        return self._run(owner, self.learn(owner, name, examples))

    def running(self, owner: str) -> Job | None:
        """The visitor's analysis that is under way."""
        return self._jobs.running(owner, SUBJECT)

    def stop(self, owner: str) -> None:
        """Stop it; what was found stays in the job's events."""
        self._jobs.stop(owner, SUBJECT)

    def _run(self, owner: str, events: Events) -> Job:
        self._jobs.stop(owner, SUBJECT, wait_s=1)
        return self._jobs.start(events, owner=owner, subject=SUBJECT, unwatched_s=LIMIT_S, limit_s=LIMIT_S)

    def _of_file(self, path: Path, name: str, then: Callable[[Document], Events]) -> Events:
        document: Document = yield from _result(guard.read(path, name, self._settings))
        yield Item(document)
        yield from then(document)

    def close(self) -> None:
        """Free the models' memory."""
        self.tools.close()


def _result(events: Events) -> Generating[Event, None, Any]:
    """Pass on what a part of the work says, and return its result."""
    with contextlib.closing(events):
        for event in events:
            if isinstance(event, Done):
                return event.result
            yield event
    raise AssertionError("a task without an end")
