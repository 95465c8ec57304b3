"""What was measured of the bundled models as a table in Markdown, and a file in which it stands kept true.

The figures are those of scores.json and card.json beside each model; `evaluate NAME` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from llm_core import atomic
from llm_core.catalog import bundled
from llm_core.catalog.measured import measured, value
from llm_core.catalog.understanding import Figure
from llm_core.errors import UserError
from llm_core.messages import Language, say

BEGIN: Final = "<!-- scores: begin -->"
END: Final = "<!-- scores: end -->"
CHINESE_FILE: Final = ".zh-CN"


def table(language: Language, folder: Path = bundled.FOLDER) -> str:
    """One row for each task of each model, with its figures by set."""
    rows = [
        say(language, "models.table_head"),
        "|---|---|---|---|",
        *(row for model in bundled.models(folder) for row in _rows(model, language)),
    ]
    return "\n".join(rows) + "\n"


def fill(file: Path, folder: Path = bundled.FOLDER) -> None:
    """Put the table between the two marks in a file; `.zh-CN` in its name says that it is in Chinese.

    Raises:
        UserError: `file_missing`, `marks_missing`.
    """
    if not file.is_file():
        raise UserError("file_missing", path=str(file)[:200])
    text = file.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError("marks_missing", path=file.name, begin=BEGIN, end=END)
    language: Language = "zh" if CHINESE_FILE in file.name else "en"
    filled = f"{before}{BEGIN}\n{table(language, folder)}{END}{after}"
    if filled != text:
        with atomic.writing(file, "w") as out:
            out.write(filled)


def _rows(model: bundled.Bundled, language: Language) -> Iterator[str]:
    for task, figures in measured(model.path, model.card).items():
        named = say(language, f"models.task_{task}")
        metric = say(language, f"models.metric_{figures[0].metric}")
        yield f"| {named} | `{model.card.id}` | {metric} | {_said(figures, language)} |"


def _said(figures: Sequence[Figure], language: Language) -> str:
    return say(language, "analyze.list_gap").join(f"{one.data} {value(one.metric, one.value)}" for one in figures)
