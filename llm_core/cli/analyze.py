"""`analyze`: a file or stdin taken to pieces, its knowledge graph, a table row by row, or a task for each line."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm_core.catalog.labels import called
from llm_core.cli import columns, own_labels, session, streams
from llm_core.cli.commands import command
from llm_core.errors import UserError
from llm_core.messages import say, system_language

if TYPE_CHECKING:
    from llm_core.events import Events
    from llm_core.tasks.analysis import Analysis, Labels
    from llm_core.tasks.tools import Tools
    from llm_core.terminal import ProgressLine
    from llm_core.workbench import Workbench
    from llm_core.workbench.analyses import Analyses

AT_ONCE = 128
ROOM = 76
SHOWN = 40  # names and relations that are printed for a person
LINE_TASKS = ("sentiment", "topic", "intent", "entities", "relations")

Text = str | None


def analyze(
    file: Annotated[Text, typer.Argument(help="analyze_file", metavar="FILE")] = None,
    what: Annotated[Text, typer.Option("--what", help="analyze_what", metavar="PARTS")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="analyze_json")] = False,
    graph: Annotated[Text, typer.Option("--graph", help="analyze_graph", metavar="FORMAT")] = None,
    written: Annotated[bool, typer.Option("--written", help="analyze_written")] = False,
    model: Annotated[Text, typer.Option("--model", "-m", help="analyze_model", metavar="NAME")] = None,
    rows: Annotated[Text, typer.Option("--rows", help="analyze_rows", metavar="COLUMN")] = None,
    task: Annotated[Text, typer.Option("--task", help="analyze_task", metavar="TASK")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="analyze_lines")] = False,
    labels: Annotated[Text, typer.Option("--labels", help="analyze_labels", metavar="SET")] = None,
    own: Annotated[Text, typer.Option("--own", help="analyze_own", metavar="EXAMPLES")] = None,
) -> None:
    """See messages/cli.toml."""
    options = _options(what or task, labels, task)
    with session.opened(model=model) as workbench:
        line, analyses = session.progress_line(), workbench.analyses
        if model and not written:  # a run in the place of a bundled model; else the language model that writes
            analyses = analyses.with_tools(workbench.trying.tools(model))
        if own is not None:
            own_labels.run(analyses, own, file, rows, line, lines=lines)
        elif lines:
            _lines(analyses.tools, task or "", labels, streams.read_lines(file))
        elif rows is not None:
            _rows(analyses, file or "", rows, options if what or task else {"what": ("sentiment", "topic")}, line)
        elif graph is not None:
            source = session.source(workbench, file, line)
            _graph(workbench, analyses.graph(source, written=written), graph, written, line)
        else:
            events = analyses.analyze(session.source(workbench, file, line), options)
            found: Analysis = session.result(events, line)
            print(json.dumps(found.to_json(), ensure_ascii=False) if as_json else _shown(found))


def _options(what: str | None, labels: str | None, task: str | None) -> dict[str, Any]:
    parts = [part.strip() for part in what.split(",") if part.strip()] if what else None
    options: dict[str, Any] = {} if parts is None else {"what": parts}
    if labels is not None:
        if task is None and (parts is None or len(parts) != 1):
            raise UserError("value_missing", name="--task")
        options["labels"] = {task or (parts or [""])[0]: labels}
    return options


def _rows(analyses: Analyses, file: str, column: str, options: dict[str, Any], line: ProgressLine) -> None:
    """The whole table as csv, with columns added."""
    if not file or file == "-":
        raise UserError("value_missing", name="FILE")
    table = session.result(analyses.rows(Path(file), column, options), line)
    print(table.as_csv(), end="")


def _graph(workbench: Workbench, events: Events, form: str, written: bool, line: ProgressLine) -> None:
    from llm_core.tasks.graph_export import FORMATS

    if form not in FORMATS:
        raise UserError("graph_format", name=form[:40])
    if written:
        session.ready_model(workbench, line)
    print(FORMATS[form](session.result(events, line)), end="")


def _lines(tools: Tools, task: str, labels: str | None, lines: Iterator[str]) -> None:
    """One item a line in, one object a line out, in order."""
    if task not in LINE_TASKS:
        raise UserError("value_unusable", name="--task", value=task[:40])
    while some := list(itertools.islice(lines, AT_ONCE)):
        for record in _records(tools, task, some, labels):
            print(json.dumps(record, ensure_ascii=False), flush=True)


def _records(tools: Tools, task: str, lines: list[str], labels: str | None) -> list[dict[str, Any]]:
    if task == "entities":
        return tools.names(lines, labels)
    if task == "relations":
        return tools.relations([_pair(line) for line in lines], labels)
    return tools.labels(task, lines, labels)


def _pair(line: str) -> dict[str, Any]:
    """Text, head and tail of a JSON line."""
    try:
        told = json.loads(line)
        text = str(told["text"])
        ends = {
            side: {"text": str(told[side]["text"]), "start": int(told[side]["start"])} for side in ("head", "tail")
        }
    except (ValueError, KeyError, TypeError):
        raise UserError("json_unreadable") from None
    return {"text": text, **ends}


def _shown(found: Analysis) -> str:
    """For a person."""
    language = system_language()
    gap = say(language, "analyze.list_gap")
    lines = [
        _labelled(part, getattr(found, part)) for part in ("sentiment", "topic", "intent") if getattr(found, part)
    ]
    if found.keywords:
        lines.append(say(language, "analyze.keywords_are", words=gap.join(found.keywords)))
    if found.entities:
        named = dict.fromkeys(f"{name.text} ({name.type})" for name in found.entities)
        lines.append(say(language, "analyze.names_are", names=gap.join([*named][:SHOWN])))
    for one in found.relations[:SHOWN]:
        how = called("relations", one.label, language)
        lines.append(f"{one.head.text} — {how} → {one.tail.text}  {one.score:.0%}")
    for part, quality in found.quality.items():
        for figure in quality.figures:
            lines.append(
                say(language, "analyze.quality", part=say(language, f"analyze.part_{part}"), model=quality.model,
                    data=figure.data, metric=figure.metric, value=figure.value, rows=figure.rows)
            )  # fmt: skip
        if not quality.figures:
            lines.append(say(language, "analyze.unmeasured", model=quality.model))
    return "\n".join(part for line in lines for part in columns.wrapped(line, ROOM))


def _labelled(part: str, labels: Labels) -> str:
    language = system_language()

    def named(label: str) -> str:
        return called(part, label, language, labels.label_set)

    others = say(language, "analyze.list_gap").join(
        f"{named(label)} {score:.0%}" for label, score in [*labels.scores.items()][1:3]
    )
    name = say(language, f"analyze.part_{part}")
    return say(
        language, "analyze.labelled", part=name, label=named(labels.label), score=f"{labels.score:.0%}", others=others
    )


app = command(analyze, "analyze")
