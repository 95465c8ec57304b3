"""`serve`: the page, and the OpenAI protocol beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llm_core.cli.commands import command
from llm_core.settings import Settings


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="serve_host", metavar="ADDRESS")] = None,
    port: Annotated[str | None, typer.Option(help="serve_port", metavar="N")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="serve_offline")] = False,
    auth: Annotated[Path | None, typer.Option(help="serve_auth", metavar="FILE")] = None,
    share_models: Annotated[bool, typer.Option("--share-models", help="serve_share_models")] = False,
) -> None:
    """Until Ctrl-C. What serves was handed in by whoever wired the program: the command line knows no page."""
    context.obj(
        Settings.read(
            host=host, port=port, auth_file=auth, offline=offline or None, share_models=share_models or None
        )
    )


app = command(serve, "serve")
