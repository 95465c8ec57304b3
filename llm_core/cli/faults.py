"""What went wrong, as something that has a sentence: our own errors, mistakes on the command line, the disk, bugs."""

from __future__ import annotations

import contextlib
import difflib
import errno
from collections.abc import Iterable

import typer

from llm_core.errors import UserError
from llm_core.jobs import unexpected
from llm_core.values import shown, shown_path

# A folder that this account may not use, or that is none
UNUSABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


def told(error: Exception) -> UserError:
    """The sentence for whatever ended a command; a bug goes to the log with its traceback."""
    match error:
        case UserError():
            return error
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return UserError("disk_full", path=shown_path(error.filename or "stdout"))
        case OSError(errno=number) if number in UNUSABLE and error.filename:
            return UserError("path_refused", path=shown_path(error.filename), reason=error.strerror)
    return _bug()


def usage(error: typer.TyperException) -> UserError:
    """The sentence for a command line that cannot be understood.

    Typer names its errors in private only, so they are told apart by what they carry.
    """
    name = getattr(error, "option_name", None)
    if name is not None and hasattr(error, "possibilities"):
        return UserError("option_unknown", name=shown(name), nearest=_nearest(name, _options(error)))
    if name is not None:
        return UserError("option_without_value", name=shown(name))
    return UserError("usage", reason=shown(error.format_message()), command=_command(error))


def unknown_command(name: str, commands: Iterable[str]) -> UserError:
    """There is no such command; the nearest ones are named."""
    return UserError("command_unknown", name=shown(name), nearest=_nearest(name, list(commands)))


def _bug() -> UserError:
    """Keep the traceback in the log file, where the home folder can be written."""
    from llm_core.settings import Settings
    from llm_core.workbench import log_to_file

    with contextlib.suppress(OSError, UserError):
        log_to_file(Settings.read())
    return unexpected("command line")


def _options(error: typer.TyperException) -> list[str]:
    context = getattr(error, "ctx", None)
    return (
        [max(param.opts, key=len) for param in context.command.get_params(context) if param.opts] if context else []
    )


def _command(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "python -m llm_core"


def _nearest(name: str, known: list[str]) -> str:
    """The one that was meant, else all."""
    return ", ".join(difflib.get_close_matches(name, known, n=1) or known)
