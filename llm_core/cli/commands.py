"""The commands. Each is a module that is imported when it is called, so that `--help` is quick."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from llm_core.cli import help
from llm_core.cli.faults import unknown_command

# A new command is one module here with an `app`, one line in this table, and its sentences in messages/cli.toml.
COMMANDS = (
    "chat",
    "summarize",
    "ask",
    "models",
    "doctor",
    "embed",
    "score",
    "translate",
    "train",
    "race",
    "classify",
    "analyze",
    "read",
    "evaluate",
    "forget",
    "serve",
)


class Command(TyperCommand):
    """A command whose help is written in the reader's language."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Its texts are keys of messages/cli.toml until here."""
        formatter.write(help.written(self, ctx))


class Group(TyperGroup):
    """A command with commands below it."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Its texts are keys of messages/cli.toml until here."""
        formatter.write(help.written(self, ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name."""
        command = super().get_command(ctx, cmd_name)
        if command is None and not cmd_name.startswith("-"):
            raise unknown_command(cmd_name, self.list_commands(ctx))
        return command


class Root(Group):
    """`python -m llm_core`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, without importing them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the one that is called."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            module = importlib.import_module(f"llm_core.cli.{cmd_name}")
            self.add_command(get_command(module.app), cmd_name)
        return super().get_command(ctx, cmd_name)


def root() -> Root:
    """The whole command line."""
    return Root(name="llm_core", help="root_help")


def command(function: Callable[..., None], name: str) -> typer.Typer:
    """A command out of a typed function; its help is the message `cli.<name>_help`."""
    app = new_app()
    app.command(name, cls=Command, help=f"{name}_help")(function)
    return app


def new_app(**options: Any) -> typer.Typer:
    """Without shell completion, which would be installed for `python`, and without colours."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **options)
