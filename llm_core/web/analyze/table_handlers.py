"""What happens with a table: it is opened, a column chosen, its rows analyzed one by one, the result taken away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.jobs import Job
from llm_core.messages import Language, explain, say
from llm_core.tasks.rows import ROW_PARTS
from llm_core.web.analyze import grid, pieces
from llm_core.web.analyze.following import Update, buttons, followed, guarded, wish
from llm_core.web.analyze.screen import Screen
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.workbench.analysis_desk import Asked

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

OWN = "own:"  # before the name of a visitor's set among what can be ticked
BOM = "\ufeff"


class TableHandlers:
    """Every handler of a table.

    Args:
        workbench: what does the work.
        screen: what is painted.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self._workbench = workbench
        self._part = screen.table
        self._desk = workbench.analysis_desk

    def upload(self, visitor: str, file: str | None, request: gr.Request) -> Iterator[Update]:
        """Open a table; the upload goes once it was read."""
        if file:
            yield from self._opened(visitor, Path(file), language_of_request(request), gone=True)

    def act(self, visitor: str, event: gr.EventData, request: gr.Request) -> Iterator[Update]:
        """A button in our HTML: the example, or the download."""
        language, (do, _) = language_of_request(request), wish(event)
        if do == "example":
            yield from self._opened(visitor, pieces.EXAMPLES / f"reviews.{language}.csv", language, gone=False)
        elif do == "save" and (found := self._desk.result_table(visitor)) and (opened := self._desk.table(visitor)):
            name = f"{Path(opened[0]).stem}-analyzed.csv"
            yield {self._part.saved: json.dumps({"name": name, "text": BOM + found.as_csv(), "at": time.time()})}

    def go(self, visitor: str, column: str, what: Sequence[str], request: gr.Request) -> Iterator[Update]:
        """Analyze the rows."""
        own = tuple(name.removeprefix(OWN) for name in what if name.startswith(OWN))
        asked = Asked(column, tuple(part for part in ROW_PARTS if part in what), own)
        language = language_of_request(request)
        yield from self._followed(visitor, lambda: self._desk.start_rows(visitor, asked), asked, language)

    def stop(self, visitor: str) -> None:
        """Stop; the rows that are done stay."""
        self._desk.stop(visitor)

    def refresh(self, visitor: str, what: Sequence[str], request: gr.Request) -> Update:
        """Sets of labels came or went."""
        return {self._part.what: self._choices(visitor, language_of_request(request), what)}

    def restore(self, visitor: str, request: gr.Request) -> Iterator[Update]:
        """The page is opened: show the table, and follow what is under way."""
        language = language_of_request(request)
        opened, work = self._desk.table(visitor), self._desk.last(visitor, "rows")
        if opened is None:
            yield {self._part.shown: grid.empty(language)}
            return
        asked = work.asked if work else None
        yield self._there(visitor, language, asked)
        if work and asked:
            yield from self._followed(visitor, lambda: work.job, asked, language)

    # ---------------------------------------------------------------- inside

    def _opened(self, visitor: str, path: Path, language: Language, *, gone: bool) -> Iterator[Update]:
        def updates() -> Iterator[Update]:
            try:
                self._desk.open_table(visitor, path, path.name)
            finally:
                if gone:
                    path.unlink(missing_ok=True)
            yield self._there(visitor, language, None)

        idle = self._buttons(visitor, running=False) | {self._part.upload: None}
        yield from guarded(updates(), self._part.notice, idle, language)

    def _there(self, visitor: str, language: Language, asked: Asked | None) -> Update:
        """The table that is open, before or beside what was found in it."""
        opened = self._desk.table(visitor)
        if opened is None:
            raise UserError("table_gone")
        name, table = opened
        column = asked.column if asked else grid.column_of_texts(table)
        ticked = [*asked.what, *(OWN + one for one in asked.own)] if asked else []
        return {
            self._part.shown: grid.opened(name, table, language) + grid.preview(table, language),
            self._part.dials: gr.update(visible=True),
            self._part.column: gr.update(choices=list(table.columns), value=column),
            self._part.what: self._choices(visitor, language, ticked),
            self._part.notice: self._missing(language),
            self._part.upload: None,
        } | self._buttons(visitor, running=False)

    def _choices(self, visitor: str, language: Language, ticked: Sequence[str]) -> Any:
        """What can be found in a row: by the models that are here, and by the visitor's own labels."""
        missing = self._workbench.analyses.missing()
        parts = [part for part in ROW_PARTS if part not in missing]
        choices = [(say(language, f"analyze.part_{part}"), part) for part in parts]
        choices += [(name, OWN + name) for name in self._workbench.analyses.own_labels(visitor)]
        there = [value for _, value in choices]
        kept = [value for value in ticked if value in there] or parts[:1]
        return gr.update(choices=choices, value=kept)

    def _missing(self, language: Language) -> str:
        return pieces.missing([part for part in self._workbench.analyses.missing() if part in ROW_PARTS], language)

    def _followed(self, visitor: str, start: Callable[[], Job], asked: Asked, language: Language) -> Iterator[Update]:
        opened = self._desk.table(visitor)
        if opened is None:
            told = pieces.notice(explain(UserError("table_gone"), language))
            yield {self._part.notice: told} | self._buttons(visitor, running=False)
            return
        name, table = opened
        live, head = grid.Filling(table, asked, language), grid.opened(name, table, language)

        def show(picture: str) -> Update:
            return {self._part.shown: head + picture, self._part.notice: ""} | self._buttons(visitor, running=True)

        def end() -> Update:
            quality = [pieces.quality_line(self._workbench.analyses.quality(part), language)
                       for part in asked.what if part != "keywords"]  # fmt: skip
            reports = self._workbench.analyses.own_labels(visitor)
            quality += [f"{one}: {pieces.own_quality(reports[one], language)}" for one in asked.own if one in reports]
            found = head + live.end(quality)
            return {self._part.shown: found, self._part.notice: ""} | self._buttons(visitor, running=False)

        idle = self._buttons(visitor, running=False)
        yield from guarded(
            followed(self._desk, visitor, "rows", start, live, show, end), self._part.notice, idle, language
        )

    def _buttons(self, visitor: str, *, running: bool) -> Update:
        there = self._desk.table(visitor) is not None
        shown = buttons(self._part.go, self._part.stop, running=running)
        return shown if there else shown | {self._part.go: gr.update(visible=False)}
