"""A table as HTML: its first rows, with the columns that were added marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from llm_core.events import Done, Event, Item, Notice, Progress
from llm_core.messages import Language, say, table
from llm_core.tasks.rows import ROW_PARTS
from llm_core.web.analyze import pieces
from llm_core.web.analyze.progress import progress
from llm_core.workbench.analysis_desk import Asked
from llm_core.workbench.tables import Table

PREVIEW_ROWS: Final = 8
RESULT_ROWS: Final = 40
COLUMNS_MAX: Final = 12
CELL_CHARS_MAX: Final = 160
SCORE: Final = "_score"
LOOKED_AT: Final = 50  # rows, for a guess at the column of texts


class Filling:
    """Takes the events of a table's job.

    Args:
        opened: the table.
        asked: what is looked for.
        language: of the page.
    """

    def __init__(self, opened: Table, asked: Asked, language: Language) -> None:
        self.whole: Table | None = None
        self._opened = opened
        self._asked = asked
        self._language = language
        self._stage: Progress | None = None
        self._made: list[Mapping[str, Any]] = []

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        match event:
            case Progress():
                self._stage = event
            case Item(list() as cells):
                self._made += cells
            case Done(Table() as whole):
                self.whole = whole
            case Notice():
                return False
            case _:
                return False
        return True

    def picture(self) -> str:
        """What is being done, and the rows that are there."""
        return progress(self._stage, self._language) + self._rows()

    def end(self, quality: Sequence[str]) -> str:
        """The rows, however it ended, with what is known of the models behind them."""
        if not self._made:
            return preview(self._opened, self._language)
        done, rows = len(self._made), len(self._opened.rows)
        told = "" if done == rows else pieces.notice(
            say(self._language, "analyze.table_done", done=done, rows=rows), doubt=True
        )  # fmt: skip
        save = f'<p class="exports"><button class="quiet" data-do="save">{say(self._language, "analyze.table_save")}'
        lines = "".join(f'<p class="measured">{escape(line)}</p>' for line in quality)
        return f"{told}{self._rows()}{lines}{save}</button></p>"

    def _rows(self) -> str:
        if not self._made:
            return ""
        added = [*dict.fromkeys(name for cells in self._made[:RESULT_ROWS] for name in cells)]
        column = self._asked.column
        rows = zip(self._opened.rows, self._made[:RESULT_ROWS], strict=False)
        shown = [
            {column: row.get(column, ""), **{f"+{name}": cells.get(name, "") for name in added}}
            for row, cells in rows
        ]
        return _table([column, *(f"+{name}" for name in added)], shown, len(self._opened.rows), self._language)


def preview(opened: Table, language: Language) -> str:
    """The first rows as they were read."""
    return _table(opened.columns[:COLUMNS_MAX], opened.rows[:PREVIEW_ROWS], len(opened.rows), language)


def opened(name: str, found: Table, language: Language) -> str:
    """The head of a table that is open."""
    figures = say(language, "analyze.table_rows", rows=len(found.rows), columns=len(found.columns), n=len(found.rows))
    return f'<div class="dochead"><h2>{escape(name)}</h2><p class="meter"><span>{figures}</span></p></div>'


def empty(language: Language) -> str:
    """Before the first table."""
    return (
        f'<section class="empty"><h2>{say(language, "analyze.table_empty")}</h2><ul class="starts"><li>'
        f'<button data-do="example">{say(language, "analyze.table_try")}</button></li></ul></section>'
    )


def column_of_texts(found: Table) -> str:
    """The column with the longest values: those are the texts."""
    some = found.rows[:LOOKED_AT]
    return max(found.columns, key=lambda name: sum(len(str(row.get(name) or "")) for row in some))


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], whole: int, language: Language) -> str:
    caption = say(language, "analyze.table_first", n=len(rows), rows=whole)
    head = "".join(f'<th scope="col">{escape(_heading(name, language))}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(_cell(name, row.get(name), language, row.get(name + SCORE)) for name in columns) + "</tr>"
        for row in rows
    )
    return (
        f'<p class="meter"><span>{caption}</span></p><div class="scroll" tabindex="0"><table class="rows"><thead>'
        f"<tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _heading(name: str, language: Language) -> str:
    if not name.startswith("+"):
        return name
    plain = name[1:]
    part = plain.removesuffix(SCORE)
    said = table()[f"analyze.part_{part}"][language] if part in ROW_PARTS else part
    return say(language, "analyze.score_of", name=said) if plain.endswith(SCORE) else said


def _cell(name: str, value: Any, language: Language, score: Any = None) -> str:
    if isinstance(value, float):
        return f'<td class="figure">{value:.2f}</td>'
    text = " ".join(str("" if value is None else value).split())
    shown = text if len(text) <= CELL_CHARS_MAX else text[:CELL_CHARS_MAX] + "…"
    if name in ("+topic", "+intent"):
        return f"<td>{escape(pieces.label_word(text, language, name[1:]))}</td>"
    if name == "+sentiment":
        sure = not isinstance(score, float) or score >= pieces.FAINT
        kind = {"positive": "up", "negative": "down"}.get(text, "flat") if sure else "flat"
        return f'<td><span class="sent {kind}" style="--k:1">{escape(pieces.label_word(text, language))}</span></td>'
    return f"<td{pieces.lang(shown)}>{escape(shown)}</td>"
