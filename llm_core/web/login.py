"""A login before everything: the page, its API and the OpenAI protocol. One ASGI middleware and one small page.

People log in on the page and get a cookie; programs send `Authorization: Basic`. Names and passwords come from the
settings, are compared in constant time, and whoever guesses has to wait.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from llm_core.errors import UserError
from llm_core.messages import explain
from llm_core.settings import Settings
from llm_core.web.frame import STATIC
from llm_core.web.headers import language_of_headers
from llm_core.web.i18n import both

COOKIE = "wb_login"
LOGIN, LOGOUT = "/login", "/logout"
PROVED = "llm_core.logged_in"  # in the scope of a request whose caller has logged in
FORM_BYTES_MAX = 8_192
SESSIONS_MAX = 10_000
SESSION_S = 7 * 86_400.0  # without a request
ADDRESS_TRIES = 10  # so many times what one name may be tried from an address, for all names tried from there
_UNKNOWN = secrets.token_bytes(32)  # what the password of a name that does not exist is compared with


def read(settings: Settings) -> dict[str, bytes]:
    """Names, and hashes of their passwords: from the variable and from the file; empty where there is no login.

    Raises:
        UserError: `auth_file_missing`, `auth_unusable`.
    """
    lines = settings.auth.get_secret_value().splitlines() if settings.auth else []
    if settings.auth_file:
        try:
            lines += settings.auth_file.read_text("utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise UserError("auth_file_missing", path=str(settings.auth_file)) from error
    people = {}
    for line in filter(str.strip, lines):
        name, colon, password = line.strip().partition(":")
        if not (name and colon and password):
            raise UserError("auth_unusable")
        people[name] = _hashed(password)
    if not people and (settings.auth or settings.auth_file):
        raise UserError("auth_unusable")
    return people


class Login:
    """The middleware.

    Args:
        app: what it stands in front of.
        people: as `read` gives them.
        settings: limits, proxies, and the key of the OpenAI protocol, which opens that alone.
    """

    def __init__(self, app: ASGIApp, *, people: Mapping[str, bytes], settings: Settings) -> None:
        self._app = app
        self._people = people
        self._settings = settings
        self._sessions: OrderedDict[str, float] = OrderedDict()
        self._failed: OrderedDict[tuple[str, str], list[float]] = OrderedDict()
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on whoever has logged in; answer everybody else."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":  # the page has none
            await send({"type": "websocket.close", "code": 1008})
        elif (scope["method"], scope["path"].rstrip("/")) == ("POST", LOGIN):
            response = await self._logged_in(Request(scope, receive))
            await response(scope, receive, send)
        elif not self._known(scope):
            await self._asked(scope)(scope, receive, send)
        elif scope["path"].rstrip("/") == LOGOUT:
            await self._logged_out(scope)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    # ---------------------------------------------------------------- who is known

    def _known(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        scope[PROVED] = self._has_session(headers) or self._has_password(scope, headers)
        return scope[PROVED] or (scope["path"].startswith("/v1/") and self._has_key(headers))

    def _has_session(self, headers: Headers) -> bool:
        token, now = _cookie(headers), time.monotonic()
        with self._lock:
            if not token or now - self._sessions.get(_mark(token), -SESSION_S) > SESSION_S:
                return False
            self._sessions[_mark(token)] = now
            self._sessions.move_to_end(_mark(token))
        return True

    def _has_password(self, scope: Scope, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            name, _, password = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, ValueError):
            return False
        try:
            return self._proved(_address(scope), name, password)
        except UserError:
            return False

    def _has_key(self, headers: Headers) -> bool:
        key = self._settings.api_key
        given = headers.get("authorization", "").removeprefix("Bearer ")
        return key is not None and hmac.compare_digest(given.encode(), key.get_secret_value().encode())

    def _proved(self, address: str, name: str, password: str) -> bool:
        """Whether this is the password of that name; the same time is taken for a name that does not exist.

        Raises:
            UserError: `login_wait`, after too many that were wrong.
        """
        limit, wait_s = self._settings.login_tries_max, self._settings.login_wait_s
        kinds = (((address, name), limit), ((address, ""), limit * ADDRESS_TRIES))
        now = time.monotonic()
        with self._lock:
            for kind, most in kinds:
                recent = [at for at in self._failed.get(kind, ()) if now - at < wait_s]
                self._failed[kind] = recent
                if len(recent) >= most:
                    raise UserError("login_wait", t=wait_s)
        if hmac.compare_digest(_hashed(password), self._people.get(name, _UNKNOWN)):
            with self._lock:
                self._failed.pop((address, name), None)
            return True
        with self._lock:
            for kind, _ in kinds:
                self._failed.setdefault(kind, []).append(now)
                self._failed.move_to_end(kind)
            while len(self._failed) > SESSIONS_MAX:
                self._failed.popitem(last=False)
        return False

    # ---------------------------------------------------------------- answers

    async def _logged_in(self, request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > FORM_BYTES_MAX:
                return PlainTextResponse("", 413)
        form = parse_qs(body.decode("utf-8", "replace"))
        name, password = (form.get(field, [""])[0] for field in ("name", "password"))
        try:
            if not self._proved(_address(request.scope), name, password):
                raise UserError("login_wrong")
        except UserError as error:
            told = explain(error, language_of_headers(request.headers))
            return HTMLResponse(_page(told), 429 if error.code == "login_wait" else 401)
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_mark(token)] = time.monotonic()
            while len(self._sessions) > SESSIONS_MAX:
                self._sessions.popitem(last=False)
        answer = RedirectResponse("./", 303)
        answer.headers.append("set-cookie", f"{COOKIE}={token}; Max-Age={int(SESSION_S)}; {self._kind(request)}")
        return answer

    def _kind(self, request: Request) -> str:
        """What the cookie is good for: on a Space, which stands in a frame of the Hub's page, in that frame."""
        forwarded = request.headers.get("x-forwarded-proto", "") if self._settings.proxies else ""
        if self._settings.space_id:
            return "Path=/; HttpOnly; Secure; SameSite=None; Partitioned"
        return "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if "https" in (request.url.scheme, forwarded) else "")

    def _logged_out(self, scope: Scope) -> Response:
        with self._lock:
            self._sessions.pop(_mark(_cookie(Headers(scope=scope))), None)
        answer = RedirectResponse("./", 303)
        answer.delete_cookie(COOKIE)
        return answer

    def _asked(self, scope: Scope) -> Response:
        if scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""):
            return HTMLResponse(_page(""), 401)
        return PlainTextResponse("login required", 401, {"www-authenticate": 'Basic realm="workbench"'})


def _address(scope: Scope) -> str:
    """As PageHeaders, which stands before us, made it out."""
    return str(scope["client"][0]) if scope.get("client") else ""


def _cookie(headers: Headers) -> str:
    found = re.search(rf"(?:^|;\s*){COOKIE}=([\w-]+)", headers.get("cookie", ""))
    return found[1] if found else ""


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _hashed(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "replace")).digest()


@functools.cache
def _style() -> str:
    return (STATIC / "login.css").read_text("utf-8")


def _page(told: str) -> str:
    """The form; PageHeaders puts language, theme and colours at its head."""
    alert = f'<p role="alert">{escape(told)}</p>' if told else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>LLM Workbench · 语言模型工作台</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_style()}</style></head><body><main>'
        f'<h1>{both("page.name")}</h1><form method="post" action="login">{alert}'
        f'<label>{both("page.login_name")}<input name="name" autocomplete="username" autofocus required></label>'
        f"<label>{both('page.login_password')}"
        '<input name="password" type="password" autocomplete="current-password" required></label>'
        f"<button>{both('page.login')}</button></form></main></body></html>"
    )
