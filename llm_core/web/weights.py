"""GGUF files put in through the page: one route that takes a file as it comes, where the settings allow it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from llm_core import atomic
from llm_core.errors import UserError
from llm_core.messages import explain
from llm_core.web.headers import language_of_headers

if TYPE_CHECKING:
    from starlette.requests import Request

    from llm_core.workbench import Workbench

PATH = "/models/upload"  # PageHeaders lets long requests through to what ends so


def routes(workbench: Workbench) -> list[BaseRoute]:
    """What is served beside the page; nothing where weights are not taken."""
    settings = workbench.settings
    if not settings.weights_upload:
        return []

    async def take(request: Request) -> Response:
        name = request.query_params.get("name", "")
        settings.paths.downloads.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(prefix="put-", dir=settings.paths.downloads) as scratch:
                path = Path(scratch) / "weights"
                await _written(request, path, name, settings.weights_bytes_max)
                placed = await run_in_threadpool(workbench.models.supply.put_in, path, name)
            return JSONResponse({"name": placed.stem})
        except UserError as error:
            return JSONResponse({"error": explain(error, language_of_headers(request.headers))}, 400)
        except ClientDisconnect:
            return Response(status_code=400)

    return [Route(PATH, take, methods=["POST"])]


async def _written(request: Request, path: Path, name: str, bytes_max: int) -> None:
    left = bytes_max
    with atomic.disk_errors(path), path.open("wb") as file:
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                raise UserError("weights_big", name=name[:80], limit=bytes_max)
            await run_in_threadpool(file.write, chunk)
