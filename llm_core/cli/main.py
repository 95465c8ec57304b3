"""From arguments to an exit code: 0 well, 1 a bug, 2 the caller's mistake or the machine's, 130 Ctrl-C.

Whatever goes wrong is one line on stderr in the reader's language.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import typer

from llm_core.cli import streams
from llm_core.cli.commands import root
from llm_core.cli.faults import told, usage
from llm_core.errors import UserError
from llm_core.messages import explain, system_language

if TYPE_CHECKING:
    from llm_core.settings import Settings

INTERRUPTED = 130  # what a shell expects after Ctrl-C: 128 + SIGINT
BUG = 1


def main(arguments: Sequence[str], *, serve: Callable[[Settings], None]) -> int:
    """Run one command.

    Args:
        arguments: without the program's own name.
        serve: opens the page, until Ctrl-C; for the command of that name.
    """
    streams.use_utf8()
    try:
        code = root().main(
            list(arguments) or ["--help"], prog_name="python -m llm_core", standalone_mode=False, obj=serve
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as ended:  # Typer's own answer to a reader of our output that has gone
        return ended.code if isinstance(ended.code, int) else BUG
    except BrokenPipeError:  # the reader of our output has gone, which is its good right
        _let_go_of_stdout()
        return BUG
    except typer.TyperException as error:
        return _say(usage(error))
    except Exception as error:
        if isinstance(error, OSError) and not error.filename:
            _let_go_of_stdout()
        return _say(told(error))


def _say(error: UserError) -> int:
    print(explain(error, system_language()).replace("\n", " "), file=sys.stderr, flush=True)
    return BUG if error.code == "unexpected" else error.exit_code


def _let_go_of_stdout() -> None:
    """What could not be written would be tried again, and complained of, at the end of the program."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
