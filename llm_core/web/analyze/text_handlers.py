"""What happens with a text: it comes in, what is found is painted as it comes, its graph is drawn and taken away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from llm_core.events import Done
from llm_core.jobs import Job
from llm_core.messages import Language, say
from llm_core.tasks.graph import Graph
from llm_core.tasks.graph_export import FORMATS
from llm_core.web import model_menu
from llm_core.web.analyze import network, pieces
from llm_core.web.analyze.following import Update, buttons, followed, guarded, wish
from llm_core.web.analyze.progress import Gathering, Writing
from llm_core.web.analyze.screen import Screen
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.workbench.analysis_desk import said

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

GRAPH_TASKS = ("entities", "relations")
BOM = "\ufeff"  # without it spreadsheets take Chinese in a csv for something else


class TextHandlers:
    """Every handler of a text.

    Args:
        workbench: what does the work.
        screen: what is painted.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self._workbench = workbench
        self._screen = screen
        self._part = screen.text
        self._desk = workbench.analysis_desk

    def go(self, visitor: str, text: str, request: gr.Request) -> Iterator[Update]:
        """Analyze what is in the box; where the box is put away and was empty, the same file again."""

        def start() -> Job:
            work = self._desk.last(visitor, "text")
            again = work.source if work and not text.strip() else None
            return self._desk.start_text(visitor, again or text)

        yield from self._followed(visitor, start, language_of_request(request))

    def upload(self, visitor: str, file: str | None, request: gr.Request) -> Iterator[Update]:
        """Read a file and analyze it."""
        if not file:
            return
        path = Path(file)
        self._workbench.mine.uploaded(visitor, [path])
        yield {self._part.text: "", self._part.upload: None}
        yield from self._followed(
            visitor, lambda: self._desk.start_file(visitor, path, path.name), language_of_request(request)
        )

    def write(self, visitor: str, model: str, request: gr.Request) -> Iterator[Update]:
        """Have the language model write relations."""
        start = lambda: self._desk.start_graph(visitor, model or None)  # noqa: E731
        yield from self._written(visitor, start, language_of_request(request))

    def act(self, visitor: str, event: gr.EventData, request: gr.Request) -> Iterator[Update]:
        """A button in our HTML: an example, another text, an export."""
        do, name = wish(event)
        if do == "other":
            yield self._emptied()
        elif do == "example" and (text := pieces.example(name, "txt")):
            yield {self._part.text: text}
            yield from self.go(visitor, text, request)
        elif do == "export" and name in FORMATS and (graph := self._graph(visitor)):
            text = (BOM if name == "csv" else "") + FORMATS[name](graph)
            yield {self._part.saved: json.dumps({"name": f"graph.{name}", "text": text, "at": time.time()})}

    def stop(self, visitor: str) -> None:
        """Stop; what was found stays."""
        self._desk.stop(visitor)

    def restore(self, visitor: str, request: gr.Request) -> Iterator[Update]:
        """The page is opened: show what was found last, and follow what is under way."""
        language = language_of_request(request)
        start = pieces.empty(language, model_menu.trust(self._workbench, language))
        menu = model_menu.filled(self._workbench.models, language, None)
        yield {self._part.start: start, self._part.model: menu, self._screen.mode: self._mode(visitor)}
        work = self._desk.last(visitor, "text")
        if work is None:
            return
        yield {self._part.text: work.source if isinstance(work.source, str) else ""}
        yield from self._followed(visitor, lambda: work.job, language)
        graph = self._desk.last(visitor, "graph")
        if graph is not None and not graph.job.done:
            yield from self._written(visitor, lambda: graph.job, language)

    # ---------------------------------------------------------------- inside

    def _mode(self, visitor: str) -> str:
        """The page on which something is under way, or was last."""
        work = self._desk.running(visitor)
        if work is None and self._desk.last(visitor, "text") is None and self._desk.table(visitor):
            return "table"
        return {"rows": "table", "labels": "labels"}.get(work.kind if work else "text", "text")

    def _followed(self, visitor: str, start: Callable[[], Job], language: Language) -> Iterator[Update]:
        work = self._desk.last(visitor, "text")
        live = Gathering(None, lambda: self._workbench.analyses.own_labels(visitor), language)

        def begun() -> Job:
            nonlocal work
            job = start()
            work = self._desk.last(visitor, "text")
            live.origin = work.source if work else None
            return job

        def show(picture: tuple[str, str]) -> Update:
            return self._picture(picture) | self._buttons(running=True) | {self._part.notice: ""}

        def end() -> Update:
            over = {self._part.graph: self._drawn(visitor, live, language), self._part.notice: ""}
            there = {self._part.write: gr.update(visible=live.origin is not None)}
            return self._picture(live.end()) | over | there | self._buttons(running=False)

        yield from guarded(
            followed(self._desk, visitor, "text", begun, live, show, end),
            self._part.notice, self._buttons(running=False), language,
        )  # fmt: skip

    def _written(self, visitor: str, start: Callable[[], Job], language: Language) -> Iterator[Update]:
        live = Writing(language)
        running = self._buttons(running=True) | {self._part.write: gr.update(visible=False), self._part.notice: ""}

        def show(picture: str) -> Update:
            heading = say(language, "analyze.graph")
            waits = f'<section class="graph"><h3 class="heading">{heading}</h3>{picture}</section>'
            return {self._part.graph: waits} | running

        def end() -> Update:
            graph = self._drawn(visitor, self._gathered(visitor, language), language)
            return {self._part.graph: graph} | self._idle()

        yield from guarded(
            followed(self._desk, visitor, "graph", start, live, show, end), self._part.notice, self._idle(), language
        )

    def _picture(self, picture: tuple[str, str]) -> Update:
        shown, side = picture
        update: Update = {self._part.side: side}
        if shown:
            update |= {self._part.shown: shown, self._part.edit: gr.update(visible=False)}
        return update

    def _drawn(self, visitor: str, gathered: Gathering, language: Language) -> str:
        """The graph that the language model wrote; else that of what was found; else what is missing for one."""
        why = f'<p class="why">{say(language, "analyze.write_why")}</p>'
        if work := self._desk.last(visitor, "graph"):
            writing = Writing(language)
            for event in said(work.job):
                writing.take(event)
            if writing.graph:
                return network.html(writing.graph, language, below=writing.below() + why)
        graph = gathered.graph()
        if graph is None:
            heading = say(language, "analyze.graph")
            none = f'<p class="why">{say(language, "analyze.graph_none")}</p>'
            return f'<section class="graph"><h3 class="heading">{heading}</h3>{none}{why}</section>'
        lines = [pieces.measured(task, gathered.found, language) for task in GRAPH_TASKS]
        return network.html(graph, language, below="".join(lines) + why)

    def _graph(self, visitor: str) -> Graph | None:
        """The graph that is drawn."""
        if work := self._desk.last(visitor, "graph"):
            for event in said(work.job):
                if isinstance(event, Done):
                    written: Graph = event.result
                    return written
        return self._gathered(visitor, "en").graph()

    def _gathered(self, visitor: str, language: Language) -> Gathering:
        """What the last text's job has said so far."""
        work = self._desk.last(visitor, "text")
        live = Gathering(work.source if work else None, lambda: {}, language)
        for event in said(work.job) if work else ():
            live.take(event)
        return live

    def _emptied(self) -> Update:
        gone = dict.fromkeys((self._part.shown, self._part.side, self._part.graph, self._part.notice), "")
        return gone | {self._part.edit: gr.update(visible=True), self._part.write: gr.update(visible=False)}

    def _idle(self) -> Update:
        return self._buttons(running=False) | {self._part.write: gr.update(visible=True)}

    def _buttons(self, *, running: bool) -> Update:
        return buttons(self._part.go, self._part.stop, running=running)
