"""`forget`: delete everything that people keep in this home; models stay."""

from __future__ import annotations

import shutil
import sys
from typing import Annotated

import typer

from llm_core.atomic import folder_bytes
from llm_core.cli.commands import command
from llm_core.cli.session import note, opened
from llm_core.messages import say, system_language


def forget(
    yes: Annotated[bool, typer.Option("--yes", help="forget_yes")] = False,
) -> None:
    """Everybody's, since whoever has the disk has all of it; a visitor of a server deletes theirs on the page."""
    with opened() as workbench:
        paths = workbench.settings.paths
        kept = [paths.libraries, paths.translations, paths.thumbs, paths.own_labels, paths.runs, paths.seals]
        files = [*paths.home.glob(f"{paths.conversations.name}*"), *paths.home.glob(f"{paths.log.name}*")]
        here = [path for path in (*kept, *files) if path.exists()]
        size = sum(folder_bytes(path) if path.is_dir() else path.stat().st_size for path in here)
        if not here:
            note("forget_nothing", home=paths.home)
            return
        if not yes and not _sure(size, str(paths.home)):
            return
        for run in workbench.runs.list(""):
            workbench.runs.delete("", run.name)  # ends its process first
        for path in here:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        note("forget_done", size=size)


def _sure(size: int, home: str) -> bool:
    """Ask in a terminal; where nobody can answer, the answer is no."""
    language = system_language()
    print(say(language, "cli.forget_sure", size=size, home=home), file=sys.stderr, end=" ", flush=True)
    return sys.stdin.isatty() and input().strip().lower() in ("yes", "y", "是")


app = command(forget, "forget")
