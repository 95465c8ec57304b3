"""The help of a command, in the reader's language and to the width of the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import typer

from llm_core.cli.columns import padded, wrapped
from llm_core.messages import Language, say, system_language
from llm_core.terminal import width

WIDTH_MAX = 100
NAMES_WIDTH_MAX = 34  # a longer name stands on a line of its own
GAP = 2


def written(command: Any, context: typer.Context) -> str:
    """Usage, what it does, its arguments, options and commands.

    Args:
        command: its `help`, and that of its parameters, are keys of messages/cli.toml.
        context: of this call.
    """
    language = system_language()
    room = min(shutil.get_terminal_size().columns, WIDTH_MAX)
    params = command.get_params(context)
    arguments = [param for param in params if param.param_type_name == "argument"]
    options = [param for param in params if param.param_type_name == "option"]
    commands = command.list_commands(context) if hasattr(command, "list_commands") else []
    usage = [context.command_path, say(language, "cli.options_short"), *map(_argument, arguments)]
    usage += [say(language, "cli.command_short")] if commands else []
    text = [f"{say(language, 'cli.usage')} {' '.join(usage)}", ""]
    text += wrapped(say(language, f"cli.{command.help}"), room)
    text += _section("arguments", [(_argument(param), _help(param, language)) for param in arguments], language, room)
    text += _section("options", [(_option(param), _help(param, language)) for param in options], language, room)
    text += _section("commands", [(name, _of_command(command, name, language)) for name in commands], language, room)
    return "\n".join(text) + "\n"


def _section(title: str, rows: Sequence[tuple[str, str]], language: Language, room: int) -> list[str]:
    if not rows:
        return []
    names = min(max(width(name) for name, _ in rows), NAMES_WIDTH_MAX) + GAP
    lines = ["", say(language, f"cli.{title}")]
    for name, text in rows:
        first, *others = wrapped(text, max(20, room - names - GAP))
        if width(name) + GAP > names:
            lines.append(" " * GAP + name)
            lines.append(" " * (names + GAP) + first)
        else:
            lines.append(" " * GAP + padded(name, names) + first)
        lines += [" " * (names + GAP) + other for other in others]
    return lines


def _argument(param: Any) -> str:
    name = param.metavar or param.name.upper()
    return (name if param.required else f"[{name}]") + ("..." if param.nargs == -1 else "")


def _option(param: Any) -> str:
    names = ", ".join(sorted(param.opts, key=len))
    return names if param.is_flag else f"{names} {param.metavar or param.name.upper()}"


def _help(param: Any, language: Language) -> str:
    return say(language, "cli.help_help" if param.name == "help" else f"cli.{param.help}")


def _of_command(group: Any, name: str, language: Language) -> str:
    """The first sentence of the command's help; its key follows from its name, so that nothing is imported."""
    prefix = group.help.removesuffix("help").removeprefix("root_")
    return say(language, f"cli.{prefix}{name}_help").partition("\n")[0]
