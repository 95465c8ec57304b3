"""Analyses that are under way, as the page shows them: what was found so far, and what is being done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_core.documents.document import Document
from llm_core.events import Done, Event, Item, Notice, Progress
from llm_core.messages import Language, say
from llm_core.tasks import graph as graphs
from llm_core.tasks.analysis import Analysis, Found, Relation
from llm_core.tasks.graph import Graph
from llm_core.web.analyze import marking, pieces
from llm_core.web.frame import escape
from llm_core.workbench.analysis_desk import Told


class Gathering:
    """Takes the events of a text's job.

    Args:
        origin: the text; None while a file is being read.
        reports: what is known of the visitor's own labels, by the name of the set.
        language: of the page.
    """

    def __init__(
        self, origin: str | Document | None, reports: Callable[[], dict[str, dict[str, Any]]], language: Language
    ) -> None:
        self.origin = origin
        self.whole: Analysis | None = None
        self._reports = reports
        self._language = language
        self._stage: Progress | None = None
        self._told: list[Told] = []
        self._found: dict[str, Any] = {"language": None}
        self._missing: tuple[str, ...] = ()

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        match event:
            case Progress():
                self._stage = event
            case Item(Document() as document):
                self.origin = document
            case Item(Found(part, value)) if part in ("sentences", "entities", "relations"):
                self._found[part] = (*self._found.get(part, ()), *value)
            case Item(Found(part, value)):
                self._found[part] = value
            case Item(Told() as told):
                self._told.append(told)
            case Notice("part_missing", facts):
                self._missing = (*self._missing, facts["part"])
            case Done(Analysis() as whole):
                self.whole = whole
            case _:
                return False
        return True

    @property
    def found(self) -> Analysis:
        """All of it, or what was found so far."""
        return self.whole or Analysis(**self._found, missing=self._missing)

    def graph(self) -> Graph | None:
        """The graph of what was found; None where names cannot be found."""
        if self.origin is None or "entities" in self.found.missing:
            return None
        return graphs.graph(pieces.text_of(self.origin), self.found.entities, self.found.relations)

    def picture(self) -> tuple[str, str]:
        """The text and the margin, while it is under way."""
        return self._shown(), progress(self._stage, self._language) + self._side()

    def end(self) -> tuple[str, str]:
        """The same, however it ended."""
        return self._shown(), self._side()

    def _shown(self) -> str:
        return "" if self.origin is None else marking.shown(self.origin, self.found, self._language)

    def _side(self) -> str:
        if self.origin is None or "keywords" not in self._found:
            return ""
        reports = self._reports() if self._told else {}
        told = [(one, reports[one.name]) for one in self._told if one.name in reports]
        return pieces.side(self.origin, self.found, told, self._language)


class Writing:
    """Takes the events of the language model's relations."""

    def __init__(self, language: Language) -> None:
        self.graph: Graph | None = None
        self._language = language
        self._stage: Progress | None = None
        self._relations = 0
        self._model = ""
        self._dropped = 0

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        match event:
            case Progress():
                self._stage = event
            case Item(Relation()):
                self._relations += 1
            case Notice("model", facts):
                self._model = facts["title"][self._language]
            case Notice("relations_dropped", facts):
                self._dropped = facts["n"]
            case Done(Graph() as graph):
                self.graph = graph
            case _:
                return False
        return True

    def picture(self) -> str:
        """What is being done."""
        count = f"<b>{self._relations}</b> {say(self._language, 'analyze.part_relations').lower()}"
        return progress(self._stage, self._language, f"<span>{count}</span>" if self._relations else "")

    def below(self) -> str:
        """Where the relations come from, under the graph."""
        told = say(self._language, "analyze.graph_written", model=self._model)
        if self._dropped:
            told += " " + say(self._language, "notices.relations_dropped", n=self._dropped)
        return f'<p class="measured">{escape(told)}</p>'


def progress(stage: Progress | None, language: Language, more: str = "") -> str:
    """What is being done, and how far it has come."""
    if stage is None:
        return pieces.waiting(say(language, "analyze.starting"), None)
    said = escape(say(language, f"stages.{stage.stage}"))
    if stage.total and stage.unit != "seconds":
        figures = say(language, "analyze.share", done=stage.done, total=stage.total)
        return pieces.waiting(f"<span>{said}</span><span>{figures}</span>{more}", stage.done / stage.total)
    return pieces.waiting(f"<span>{said}</span>{more}", None)
