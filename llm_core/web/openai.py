"""The OpenAI protocol beside the page: models, chat completions, embeddings. Nothing that is said is kept."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from llm_core.catalog.listing import Entry
from llm_core.errors import UserError
from llm_core.events import Delta, Done, Event, Progress
from llm_core.jobs import unexpected
from llm_core.messages import Language, language_of
from llm_core.settings import LOOPBACK, Settings
from llm_core.values import shown
from llm_core.web import openai_embeddings, openai_request
from llm_core.web.listening import Listening
from llm_core.web.login import PROVED
from llm_core.web.openai_reply import Writer, error_record, sse

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

PREFIX = "/v1"
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
STREAM = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no"}
SIGN_OF_LIFE = b": reading\n\n"  # a comment, with each batch of the prompt: proxies close what is silent for a minute

Handler = Callable[[Request], Awaitable[Response]]


def check_exposed(settings: Settings) -> None:
    """Refuse to serve the protocol to other machines without a key or a login.

    Raises:
        UserError: `key_unset`.
    """
    if settings.host not in LOOPBACK and not (_key(settings) or settings.auth or settings.auth_file):
        raise UserError("key_unset", host=settings.host)


def routes(workbench: Workbench) -> list[BaseRoute]:
    """The protocol over this workbench, for the application that serves the page."""
    protocol = _Protocol(workbench)
    return [
        Route(f"{PREFIX}/models", _guarded(protocol.models, workbench.settings), methods=["GET"]),
        Route(f"{PREFIX}/models/{{name:path}}", _guarded(protocol.model, workbench.settings), methods=["GET"]),
        Route(f"{PREFIX}/chat/completions", _guarded(protocol.completions, workbench.settings), methods=["POST"]),
        Route(f"{PREFIX}/embeddings", _guarded(protocol.embeddings, workbench.settings), methods=["POST"]),
        Route(f"{PREFIX}/{{rest:path}}", _guarded(_unknown, workbench.settings), methods=ALL_METHODS),
    ]


class _Protocol:
    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    async def models(self, _: Request) -> Response:
        """The models that are here, the one that chats first."""
        entries = await run_in_threadpool(self._usable)
        return JSONResponse({"object": "list", "data": [_model(entry) for entry in entries]})

    async def model(self, request: Request) -> Response:
        """One of them."""
        name = request.path_params["name"]
        choice = await run_in_threadpool(self._workbench.models.choice, "chat", name)
        return JSONResponse(_model(choice.entry))

    async def completions(self, request: Request) -> Response:
        """Answer the messages of the request."""
        settings = self._workbench.settings
        asked = openai_request.read(await _body(request, settings.request_bytes_max))
        events = self._workbench.complete(asked.turns(), asked.sampling(settings.reply_tokens_max), model=asked.model)
        heard = Listening(events, request)
        if asked.stream:
            return await _Stream.begun(heard, Writer(asked), _language(request))
        writer = Writer(asked)
        async with heard:
            async for event in heard:
                writer.take_model(event)
                if isinstance(event, Done):
                    return JSONResponse(writer.whole(event.result))
        raise ClientDisconnect  # only that ends a task before it is done

    async def embeddings(self, request: Request) -> Response:
        """The vectors of the texts of the request."""
        settings = self._workbench.settings
        body = await _body(request, settings.request_bytes_max)
        asked = openai_embeddings.read(body, settings.message_chars_max)
        encoder = self._workbench.encoder
        return JSONResponse(await run_in_threadpool(openai_embeddings.record, asked, encoder))

    def _usable(self) -> list[Entry]:
        first = self._workbench.models.choice("chat").entry
        others = [entry for entry in self._workbench.models.listing() if entry.id != first.id]
        return [entry for entry in (first, *others) if entry.usable]


class _Stream(Response):
    """A reply in chunks, as it grows.

    The status is only sent once the engine has taken the prompt, so that whatever is wrong with it has its own.
    """

    def __init__(self, heard: Listening, first: list[Event], writer: Writer, language: Language) -> None:
        super().__init__(headers=STREAM)
        self._heard = heard
        self._first = first
        self._writer = writer
        self._language = language

    @classmethod
    async def begun(cls, heard: Listening, writer: Writer, language: Language) -> _Stream:
        """Wait until the reply begins."""
        first: list[Event] = []
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(heard)
            async for event in heard:
                first.append(event)
                if _is_reply(event):
                    break
            stack.pop_all()  # goes on in __call__
        return cls(heard, first, writer, language)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what has come, then what comes."""
        del self.headers["content-length"]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for chunk in self._chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await self._heard.__aexit__()

    async def _chunks(self) -> AsyncIterator[bytes]:
        try:
            for event in self._first:
                for chunk in self._writer.chunks(event):
                    yield chunk
            async for event in self._heard:
                for chunk in self._writer.chunks(event):
                    yield chunk
                if isinstance(event, Progress):
                    yield SIGN_OF_LIFE
        except UserError as error:
            yield sse(error_record(error, self._language))


def _is_reply(event: Event) -> bool:
    """Whether the engine has taken the prompt: it reads it, or writes already."""
    match event:
        case Delta() | Done():
            return True
        case Progress("reading"):
            return True
    return False


def _guarded(handler: Handler, settings: Settings) -> Handler:
    """The handler, for callers who may ask; whatever goes wrong has the protocol's shape."""

    async def answer(request: Request) -> Response:
        try:
            _check_caller(request, settings)
            return await handler(request)
        except UserError as error:
            return _refusal(error, _language(request))
        except ClientDisconnect:
            return Response(status_code=499)  # nobody reads it
        except Exception:
            return _refusal(unexpected("OpenAI protocol"), _language(request))

    return answer


def _check_caller(request: Request, settings: Settings) -> None:
    """Only from here without a key, and never from the page of another site, whoever's browser that runs in."""
    host = request.headers.get("host", "")
    if settings.host in LOOPBACK and urlsplit(f"//{host}").hostname not in LOOPBACK:
        raise UserError("origin_refused", origin=shown(host))
    if (origin := request.headers.get("origin")) is not None and urlsplit(origin).netloc != host:
        raise UserError("origin_refused", origin=shown(origin))
    check_exposed(settings)
    if request.scope.get(PROVED):
        return
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if (key := _key(settings)) and not hmac.compare_digest(given.encode(), key.encode()):
        raise UserError("key_required")


async def _body(request: Request, bytes_max: int) -> bytes:
    """The whole body, which is refused before it is whole where it is too long."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > bytes_max:
            raise UserError("request_too_large", limit=bytes_max)
    return bytes(body)


async def _unknown(request: Request) -> Response:
    raise UserError("path_unknown", path=shown(request.url.path))


def _refusal(error: UserError, language: Language) -> JSONResponse:
    headers = {"www-authenticate": "Bearer"} if error.code == "key_required" else None
    return JSONResponse(error_record(error, language), error.http_status, headers)


def _model(entry: Entry) -> dict[str, Any]:
    created = int(entry.path.stat().st_mtime) if entry.path and not entry.served else 0
    return {"id": entry.id, "object": "model", "created": created, "owned_by": "llm-workbench"}


def _key(settings: Settings) -> str:
    return settings.api_key.get_secret_value() if settings.api_key else ""


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language"))
