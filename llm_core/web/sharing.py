"""Model files for other workbenches on the network (`serve --share-models`): cards, and files by their hash.

No path comes out of an address, nothing else of this machine can be listed, and nothing of a visitor is given. A few
files are sent at the same time; who comes later is told to come again, which `catalog/peer.py` does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from llm_core.catalog import shared
from llm_core.catalog.peer import BUSY, PATH

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Message, Receive, Scope, Send

    from llm_core.workbench import Workbench

AGAIN_S = 3
METHODS = ["GET", "HEAD"]


def routes(workbench: Workbench) -> list[BaseRoute]:
    """What is served beside the page; nothing where models are not shared."""
    settings = workbench.settings
    if not settings.share_models:
        return []
    turns = asyncio.Semaphore(settings.share_parallel_max)

    async def cards(_: Request) -> Response:
        told = await run_in_threadpool(shared.models, settings)
        return JSONResponse({"models": [model.card() for model in told]})

    async def file(request: Request) -> Response:
        path = await run_in_threadpool(shared.path_of, request.path_params["sha256"], settings)
        if path is None:
            return PlainTextResponse("", 404)
        return _InTurn(FileResponse(path, media_type="application/octet-stream"), turns, settings.fetch_stall_s)

    return [Route(PATH, cards, methods=METHODS), Route(f"{PATH}/{{sha256}}", file, methods=METHODS)]


class _InTurn(Response):
    """A file that is sent while a turn is free, and not for ever to one who does not take it."""

    def __init__(self, response: Response, turns: asyncio.Semaphore, stall_s: float) -> None:
        self._response = response
        self._turns = turns
        self._stall_s = stall_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._turns.locked():
            await PlainTextResponse("", BUSY, {"Retry-After": str(AGAIN_S)})(scope, receive, send)
            return

        async def patient(message: Message) -> None:
            await asyncio.wait_for(send(message), self._stall_s)

        async with self._turns:
            try:
                await self._response(scope, receive, patient)
            except TimeoutError:
                return  # a client that stands still: its connection is closed unfinished
