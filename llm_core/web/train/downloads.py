"""Models as downloads: a ticket that holds for one of them, and the route that sends it as it is made.

A browser cannot send the visitor's token with a link, and a token does not belong into an address.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from llm_core.errors import UserError
from llm_core.messages import explain
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request

if TYPE_CHECKING:
    from starlette.requests import Request

    from llm_core.workbench import Workbench

Form = Literal["zip", "gguf"]
VALID_S = 300.0
TICKETS_MAX = 1000
PATH = "/trained"

_tickets: dict[str, tuple[str, str, Form, float]] = {}
_lock = threading.Lock()


def ticket(owner: str, name: str, form: Form = "zip") -> str:
    """An unguessable address at which `owner` can fetch the model `name` once, for some minutes."""
    now, mark = time.monotonic(), secrets.token_urlsafe(24)
    with _lock:
        for old in [key for key, (_, _, _, until) in _tickets.items() if until < now]:
            del _tickets[old]
        while len(_tickets) >= TICKETS_MAX:
            del _tickets[next(iter(_tickets))]
        _tickets[mark] = owner, name, form, now + VALID_S
    return f"{PATH}/{mark}"


def routes(workbench: Workbench) -> list[Route]:
    """What is served beside the page."""

    def send(request: Request) -> Response:
        with _lock:
            owner, name, form, until = _tickets.pop(request.path_params["ticket"], ("", "", "zip", 0.0))
        if until < time.monotonic():
            return PlainTextResponse("", status_code=404)
        try:
            exports = workbench.exports
            pieces = (exports.gguf_zip if form == "gguf" else exports.zip)(owner, name)
        except UserError as error:
            language = language_of_request(gr.Request(request))
            return PlainTextResponse(explain(error, language), status_code=409)
        named = f"attachment; filename*=UTF-8''{quote(name)}{'-gguf' if form == 'gguf' else ''}.zip"
        return StreamingResponse(pieces, media_type="application/zip", headers={"Content-Disposition": named})

    return [Route(f"{PATH}/{{ticket}}", send, methods=["GET"])]
