"""`read`: the answer to a question word for word, from files; or a question with its passage on each line."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm_core.cli import columns, session, streams
from llm_core.cli.commands import command
from llm_core.errors import UserError
from llm_core.messages import say, system_language

if TYPE_CHECKING:
    from llm_core.tasks.read import Read
    from llm_core.workbench.analyses import Analyses

AT_ONCE = 64
ROOM = 76
DIGITS = 4


def read(
    question: Annotated[list[str] | None, typer.Argument(help="read_question", metavar="QUESTION FILE")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="read_lines")] = False,
    model: Annotated[str | None, typer.Option("--model", "-m", help="understanding_model", metavar="RUN")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="read_json")] = False,
) -> None:
    """See messages/cli.toml."""
    with session.opened() as workbench:
        analyses = workbench.analyses
        if model:
            analyses = analyses.with_tools(workbench.trying.tools(model))
        if lines:
            _lines(analyses, streams.read_lines(None))
            return
        asked, *files = question or [""]
        if not files:
            raise UserError("value_missing", name="FILE")
        line = session.progress_line()
        sources = [(Path(file).name, session.source(workbench, file, line)) for file in files]
        found: Read = session.result(analyses.read(asked, sources), line)
    print(json.dumps(found.to_json(), ensure_ascii=False) if as_json else _shown(found))


def _lines(analyses: Analyses, lines: Iterator[str]) -> None:
    """Objects with `context` and `question` in, one with `answer` out for each, in order."""
    reader = analyses.tools.reader()
    while some := list(itertools.islice(lines, AT_ONCE)):
        for answer in reader.read([_pair(each) for each in some]):
            record: dict[str, Any] = {
                "answer": "" if answer.abstained else answer.text,
                "start": None if answer.abstained else answer.start,
                "score": round(answer.score, DIGITS),
                "abstained": answer.abstained,
                "candidate": {"answer": answer.text, "start": answer.start},
            }
            print(json.dumps(record, ensure_ascii=False), flush=True)


def _pair(line: str) -> tuple[str, str]:
    try:
        told = json.loads(line)
        return str(told["question"]), str(told["context"])
    except (ValueError, KeyError, TypeError):
        raise UserError("json_unreadable") from None


def _shown(found: Read) -> str:
    """The answer with the passage that it stands in, or that there is none."""
    language = system_language()
    best = found.answer
    if best is None:
        lines = [say(language, "analyze.not_there")]
    else:
        passage = " ".join(best.passage.text.split())
        lines = [f"{best.text}  {best.score:.0%}", "", *columns.wrapped(passage, ROOM), best.source]
    measured = [
        say(language, "analyze.quality", part=say(language, "analyze.part_read"), model=found.quality.model,
            data=one.data, metric=one.metric, value=one.value, rows=one.rows)
        for one in found.quality.figures
    ]  # fmt: skip
    return "\n".join([*lines, *measured])


app = command(read, "read")
