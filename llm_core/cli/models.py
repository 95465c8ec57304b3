"""`models`: which are here and which can be had; get, remove and export them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from llm_core.catalog import measured
from llm_core.catalog.choose import Choice
from llm_core.catalog.found import Program
from llm_core.catalog.listing import Entry
from llm_core.cli import columns, model_sources, session
from llm_core.cli.commands import Command, Group, new_app
from llm_core.errors import UserError
from llm_core.events import Done
from llm_core.messages import Language, explain, say, system_language, write_bytes
from llm_core.workbench.exports import Format

app = new_app(cls=Group, help="models_help", invoke_without_command=True)
model_sources.add_to(app)
SIZE_COLUMN = 2


@app.callback()
def models(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="models_json")] = False
) -> None:
    """List them, unless a command follows."""
    if not context.invoked_subcommand:
        list_models(as_json)


@app.command("list", cls=Command, help="models_list_help")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="models_json")] = False) -> None:
    """List them."""
    with session.opened() as workbench:
        entries, choice = workbench.models.listing(), workbench.models.choice("chat")
    if as_json:
        record = {"models": [_record(entry) for entry in entries], "chat": choice.entry.id}
        sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    else:
        print("\n".join(_written(entries, choice, system_language())))


@app.command("get", cls=Command, help="models_get_help")
@app.command("fetch", cls=Command, help="models_fetch_help")
def get(
    names: Annotated[list[str] | None, typer.Argument(help="models_get_name", metavar="NAME")] = None,
    variant: Annotated[str | None, typer.Option("--file", help="models_get_variant", metavar="NAME")] = None,
) -> None:
    """Fetch, resume or mend."""
    with session.opened() as workbench:
        for name in names or ["recommended"]:
            wanted = f"{name}:{variant}" if variant else name
            model_sources.taking(workbench, wanted)
            print(session.fetched(workbench, wanted, session.progress_line()))


@app.command("remove", cls=Command, help="models_remove_help")
def remove(
    names: Annotated[list[str] | None, typer.Argument(help="models_remove_name", metavar="NAME")] = None,
) -> None:
    """Delete."""
    if not names:
        raise UserError("value_missing", name="NAME")
    with session.opened() as workbench:
        for name in names:
            model = workbench.models.find(name)
            freed = workbench.models.remove(name)
            if not freed and not set(model.sources) & set(get_args(Program)):
                raise UserError("model_not_here", name=model.id)
            key = "cli.models_removed" if freed else "cli.models_let_go"
            print(say(system_language(), key, name=model.id, size=freed, path=str(model.path)))


@app.command("export", cls=Command, help="models_export_help")
def export(
    name: Annotated[str | None, typer.Argument(help="models_export_name", metavar="NAME")] = None,
    form: Annotated[str | None, typer.Option("--format", help="models_export_format", metavar="FORMAT")] = None,
    out: Annotated[str | None, typer.Option("--out", help="models_export_out", metavar="PATH")] = None,
    push: Annotated[str | None, typer.Option("--push", help="models_export_push", metavar="OWNER/NAME")] = None,
    public: Annotated[bool, typer.Option("--public", help="models_export_public")] = False,
) -> None:
    """Write it, send it, or say how it is served."""
    if not name:
        raise UserError("value_missing", name="NAME")
    with session.opened() as workbench:
        if push:
            if not (token := os.environ.get("HF_TOKEN", "")):
                raise UserError("value_missing", name="HF_TOKEN")
            print(workbench.exports.push("", name, push, token, private=not public))
        elif form is None:
            print(workbench.exports.vllm("", name))
        elif form in get_args(Format):
            line = session.progress_line()
            place = Path(out or (f"{name}.zip" if form == "zip" else name))
            for event in workbench.exports.write("", name, form, place):  # type: ignore[arg-type] # one of them
                line.show(event)
                if isinstance(event, Done):
                    line.clear()
                    print(event.result)
        else:
            raise UserError("value_unusable", name="--format", value=form[:40])


def _written(entries: list[Entry], choice: Choice, language: Language) -> list[str]:
    rows = [say(language, "cli.models_columns").split("|"), *(_row(entry, language) for entry in entries)]
    lines = columns.table(rows, right=[SIZE_COLUMN])
    if choice.entry.path is None:
        return [*lines, "", say(language, "cli.models_none")]
    reason = say(language, choice.reason, **choice.facts)
    lines += ["", say(language, "cli.models_chosen", name=choice.entry.id, reason=reason)]
    lines += [say(language, "cli.models_better", name=better.id) for better in choice.to_fetch[:1]]
    return lines


def _row(entry: Entry, language: Language) -> list[str]:
    if "bundled" in entry.sources or not entry.problem:
        use = " ".join(filter(None, (measured.told(entry.measured, language), entry.limits.get(language, ""))))
    else:
        use = explain(entry.problem, language)
    size, languages = write_bytes(entry.bytes), " ".join(entry.languages)
    return [entry.id, _state(entry, language), size, entry.licence, languages, use]


def _state(entry: Entry, language: Language) -> str:
    if entry.damaged:
        return say(language, "cli.models_damaged")
    if entry.state == "can_be_had" and entry.fetched_bytes:
        return say(language, "cli.models_part", share=entry.fetched_bytes / entry.bytes)
    return say(language, f"models.state_{entry.state}")


def _record(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": dict(entry.title),
        "state": "damaged" if entry.damaged else entry.state,
        "path": str(entry.path) if entry.path else None,
        "bytes": entry.bytes,
        "fetched_bytes": entry.fetched_bytes,
        "parameters": entry.parameters,
        "context_tokens": entry.context_tokens,
        "licence": entry.licence,
        "languages": list(entry.languages),
        "tasks": list(entry.tasks),
        "scores": dict(entry.scores),
        "measured": {
            task: [{"data": f.data, "metric": f.metric, "value": f.value} for f in some]
            for task, some in entry.measured.items()
        },
        "sources": list(entry.sources),
        "problem": entry.problem.code if entry.problem else None,
    }
