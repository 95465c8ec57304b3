"""`chat`: one reply, a conversation at the terminal, both perhaps about documents, or a file of requests."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from llm_core.cli import session, streams
from llm_core.cli.commands import command
from llm_core.engines.base import Message
from llm_core.errors import UserError
from llm_core.messages import system_language
from llm_core.workbench.replies import check_prompt

# Every value is taken as text, and refused where it does not fit by the one check that all faces share.
Text = str | None
STDIN = "-"


def chat(
    message: Annotated[list[str] | None, typer.Argument(help="chat_message", metavar="MESSAGE")] = None,
    file: Annotated[list[str] | None, typer.Option("--file", "-f", help="chat_file", metavar="PATH")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="chat_lines")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="chat_json")] = False,
    model: Annotated[Text, typer.Option("--model", "-m", help="chat_model", metavar="NAME")] = None,
    compare: Annotated[Text, typer.Option("--compare", help="chat_compare", metavar="NAME")] = None,
    system: Annotated[Text, typer.Option("--system", "-s", help="chat_system", metavar="TEXT")] = None,
    role: Annotated[Text, typer.Option(help="chat_role", metavar="ROLE")] = None,
    seed: Annotated[Text, typer.Option(help="chat_seed", metavar="N")] = None,
    max_tokens: Annotated[Text, typer.Option(help="chat_max_tokens", metavar="N")] = None,
    temperature: Annotated[Text, typer.Option(help="chat_temperature", metavar="T")] = None,
    top_p: Annotated[Text, typer.Option(help="chat_top_p", metavar="P")] = None,
    top_k: Annotated[Text, typer.Option(help="chat_top_k", metavar="N")] = None,
    min_p: Annotated[Text, typer.Option(help="chat_min_p", metavar="P")] = None,
    repetition_penalty: Annotated[Text, typer.Option(help="chat_repetition_penalty", metavar="X")] = None,
) -> None:
    """See messages/cli.toml."""
    dials = {
        "system": system, "role": role, "seed": seed, "max_tokens": max_tokens, "temperature": temperature,
        "top_p": top_p, "top_k": top_k, "min_p": min_p, "repetition_penalty": repetition_penalty,
    }  # fmt: skip
    options = {name: value for name, value in dials.items() if value is not None}
    documents = [path for path in file or () if path != STDIN]
    if lines:
        from llm_core.cli.lines import answer_lines

        answer_lines(streams.read_lines(_only_file(message, file)), model, options, as_json=as_json)
    elif not message and STDIN not in (file or ()) and streams.is_terminal():
        from llm_core.cli.conversation import converse

        converse(model, options, documents)
    else:
        text = _text(message, file)
        if compare is None:
            _answer(text, model, options, documents, as_json=as_json)
        else:
            _compare(text, [model, compare], options, documents, as_json=as_json)


def _answer(text: str, model: str | None, options: dict[str, Any], documents: list[str], *, as_json: bool) -> None:
    """One reply to one message."""
    with session.opened(model=model) as workbench:
        line = session.progress_line()
        messages = [Message("user", text)]
        check_prompt(messages, workbench.settings)  # before a model is fetched for it
        with session.shelf_of(workbench, documents, line) as shelf:
            events = workbench.chat(messages, shelf=shelf, **options)
            session.ready_model(workbench, line)
            printed = session.Printed()
            session.follow(events, printed, line, aloud=not as_json)
    if as_json:
        sys.stdout.write(json.dumps(printed.record(), ensure_ascii=False) + "\n")
    elif printed.reply and printed.reply.finish == "length":
        session.note("cut", tokens=printed.reply.reply_tokens)


def _compare(
    text: str, models: list[str | None], options: dict[str, Any], documents: list[str], *, as_json: bool
) -> None:
    """The replies of two models to one message, one below the other, each under its model's name."""
    with session.opened() as workbench:
        line = session.progress_line()
        messages, records = [Message("user", text)], []
        check_prompt(messages, workbench.settings)
        for model in models:
            entry = workbench.models.choice("chat", model).entry
            if not as_json:
                sys.stdout.write(f"— {entry.title[system_language()]}\n")
                sys.stdout.flush()
            with session.shelf_of(workbench, documents, line) as shelf:
                events, printed = workbench.chat(messages, shelf=shelf, model=entry.id, **options), session.Printed()
                session.follow(events, printed, line, aloud=not as_json)
            records.append(printed.record())
    if as_json:
        sys.stdout.write(json.dumps(records, ensure_ascii=False) + "\n")


def _text(message: list[str] | None, file: list[str] | None) -> str:
    """The message and, with `-` among the files or without a message, what another program writes to stdin."""
    words = " ".join(message or ())
    if words and STDIN not in (file or ()):
        return words
    return "\n\n".join(filter(None, (words, streams.read_all())))


def _only_file(message: list[str] | None, file: list[str] | None) -> str | None:
    if message or len(file or ()) > 1:
        raise UserError("lines_and_message")
    return file[0] if file else None


app = command(chat, "chat")
