"""What every answer of the server carries, and which requests it takes at all: one ASGI middleware.

It keeps the page from loading or sending anything elsewhere (Content-Security-Policy), keeps other sites from using a
server on loopback through the visitor's browser (Host and Origin), and puts static/boot.js at the head of the page,
where it chooses language and theme before Gradio starts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_core.messages import Language, language_of, say
from llm_core.settings import LOOPBACK, Settings
from llm_core.web.caller import address_of
from llm_core.web.i18n import COOKIE, LOCALES
from llm_core.web.theme import tokens_css
from llm_core.web.uploads import Uploads

# Gradio evaluates templates and styles of its components in the page: without 'unsafe-eval' nothing is rendered.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_FRAMED = POLICY.replace("frame-ancestors 'self'", "frame-ancestors 'self' https://huggingface.co")
SPACE_HEADERS = HEADERS | {"content-security-policy": _FRAMED}
# Gradio would have the server fetch these for anyone: `file=https://...` and `proxy=https://...`.
_FETCHES = re.compile(r"file=(https?|ftp):|/proxy=", re.IGNORECASE)
# The OpenAI protocol looks at its callers itself: its clients expect refusals in its own shape.
_LOOKS_ITSELF = ("/v1/",)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class PageHeaders:
    """The middleware.

    Args:
        app: what it stands in front of.
        loopback: whether the server listens on this computer alone; then no other Host is answered, which is what
            keeps a site whose name was made to point here (DNS rebinding) from reading the page.
        settings: how long a request may be but for uploads, which Gradio limits by itself; how many proxies stand
            before us; whether this is a Space, which the Hub shows in a frame of its own page.
    """

    def __init__(self, app: ASGIApp, *, loopback: bool, settings: Settings) -> None:
        self._app = app
        self._loopback = loopback
        self._settings = settings
        self._body_bytes_max = settings.request_bytes_max
        self._uploads = Uploads(settings.disk_per_address_bytes_max)
        self._headers = SPACE_HEADERS if settings.space_id else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on and see to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._loopback and scope.get("client"):
            scope["client"] = (address_of(scope["client"][0], headers, self._settings), scope["client"][1])
        sender = _with_headers(send, self._headers)
        if not scope["path"].startswith(_LOOKS_ITSELF) and (refused := self._refusal(scope, headers)):
            await refused(scope, receive, sender)
            return
        wants_page = "text/html" in headers.get("accept", "")  # a refused login answers a POST with one
        await self._app(scope, receive, _Opening(sender, language_of_headers(headers)) if wants_page else sender)

    def _refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        if _FETCHES.search(scope["path"]) or not self._from_here(scope["method"], headers):
            return PlainTextResponse(say(language_of_headers(headers), "page.refused"), 403)
        if scope["method"] in _SAFE_METHODS:
            return None
        length = headers.get("content-length", "")
        if scope["path"].rstrip("/").endswith("/upload"):
            return self._upload_refusal(scope, headers, length)
        if not length.isdigit():
            return PlainTextResponse("Content-Length?", 411)
        if int(length) > self._body_bytes_max:
            return PlainTextResponse(
                say(language_of_headers(headers), "page.too_long", limit=self._body_bytes_max), 413
            )
        return None

    def _upload_refusal(self, scope: Scope, headers: Headers, length: str) -> PlainTextResponse | None:
        """Uploads are counted by address, whether or not anything is made of them; at this computer nobody's are."""
        if self._loopback or not (scope.get("client") and scope["client"][0]):
            return None
        if not length.isdigit():
            return PlainTextResponse("Content-Length?", 411)
        if self._uploads.may(scope["client"][0], int(length)):
            return None
        limit = self._settings.disk_per_address_bytes_max
        return PlainTextResponse(say(language_of_headers(headers), "page.uploads_full", limit=limit), 429)

    def _from_here(self, method: str, headers: Headers) -> bool:
        """Whether the request can come from our own page, or from a program that is no browser."""
        host = headers.get("host", "")
        if self._loopback and _hostname(host) not in LOOPBACK:
            return False
        if method in _SAFE_METHODS:
            return True
        if self._loopback and (origin := headers.get("origin")):
            return urlsplit(origin).netloc == host
        return headers.get("sec-fetch-site", "same-origin") != "cross-site"


class _Opening:
    """Holds back an HTML answer until it is whole and puts boot.js and the colours at its head."""

    def __init__(self, send: Send, language: Language) -> None:
        self._send = send
        self._language = language
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message["headers"]):
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        lang = f'lang="{LOCALES[self._language]}"'.encode()
        body = self._body.replace(b'lang="en"', lang, 1).replace(b"<head>", b"<head>" + _boot(), 1)
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


@functools.cache
def _boot() -> bytes:
    script = (Path(__file__).parent / "static" / "boot.js").read_text("utf-8")
    return f"<style>{tokens_css()}</style><script>{script}</script>".encode()


def _with_headers(send: Send, added: Mapping[str, str]) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(added)
        await send(message)

    return sender


def language_of_headers(headers: Headers) -> Language:
    """The visitor's language: the cookie of the switch, else what the browser accepts."""
    cookie = re.search(rf"(?:^|;\s*){COOKIE}=([\w-]+)", headers.get("cookie", ""))
    return language_of(cookie[1] if cookie else headers.get("accept-language"))


def _is_html(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers)


def _hostname(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""
