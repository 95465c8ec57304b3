"""Models that run on a server: where each is asked for, under which name, with which key. Asks nobody.

One may stand in the settings; others were entered on the page and stand in a file that its owner alone can read. A
key is in the hands of the engine only: it is no part of what is shown, logged or told.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from llm_core import atomic
from llm_core.errors import UserError
from llm_core.settings import LOOPBACK, Settings

SERVERS_MAX = 20
URL_CHARS_MAX, NAME_CHARS_MAX, KEY_CHARS_MAX = 500, 200, 1000
_SCHEMES = ("http", "https")
_changing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Served:
    """One model on one server. `dialect` and `context_tokens` are empty where the server has to be asked."""

    url: str  # without its final /v1
    model: str  # as the server calls it; "" takes the first that it has
    key: str = field(default="", repr=False)
    dialect: str = ""
    context_tokens: int = 0
    from_settings: bool = False

    @property
    def host(self) -> str:
        """The server as a person knows it: its name, and its port where it has one of its own."""
        return urlsplit(self.url).netloc

    @property
    def is_here(self) -> bool:
        """On this computer: what is sent there does not leave it."""
        return (urlsplit(self.url).hostname or "") in LOOPBACK

    @property
    def is_open_to_read(self) -> bool:
        """Whether everybody on the way can read what is sent."""
        return not self.is_here and urlsplit(self.url).scheme == "http"

    @property
    def id(self) -> str:
        """What the model is picked by: no separator, so that it cannot be taken for a path."""
        name = re.sub(r"[^\w.\-]+", "-", self.model.rpartition("/")[2]).strip("-.") or "model"
        place = re.sub(r"[^\w.]+", "-", self.host)
        return f"{name}@{place}"


def checked(url: str, model: str = "", key: str = "", **facts: Any) -> Served:
    """A server from what somebody typed.

    Raises:
        UserError: `server_url`, where this is no address of a server; `server_text`, where the rest is unusable.
    """
    url, model, key = url.strip(), model.strip(), key.strip()
    url = url if "://" in url else f"http://{url}"
    url = url.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1").rstrip("/")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UserError("server_url", url=url[:80]) from None
    unfit = parts.username or parts.password or parts.query or parts.fragment or port == 0
    if parts.scheme not in _SCHEMES or not parts.hostname or unfit or len(url) > URL_CHARS_MAX or not url.isascii():
        raise UserError("server_url", url=url[:80])
    if len(model) > NAME_CHARS_MAX or not model.isprintable():
        raise UserError("server_text", field="model")
    if len(key) > KEY_CHARS_MAX or not key.isascii() or not key.isprintable():  # it travels in a header
        raise UserError("server_text", field="key")
    return Served(url, model, key, **facts)


def servers(settings: Settings) -> list[Served]:
    """All of them, that of the settings first.

    Raises:
        UserError: as `checked`, of what the settings say.
    """
    named = []
    if settings.remote_url:
        key = settings.remote_key.get_secret_value() if settings.remote_key else ""
        context = settings.remote_context_tokens
        named = [checked(settings.remote_url, settings.remote_model, key, context_tokens=context, from_settings=True)]
    known = {served.id for served in named}
    return named + [served for served in _entered(settings) if served.id not in known]


def find(identity: str, settings: Settings) -> Served:
    """The server called so.

    Raises:
        UserError: `server_gone`.
    """
    for served in servers(settings):
        if served.id == identity:
            return served
    raise UserError("server_gone", name=identity[:80])


def may_enter(settings: Settings) -> bool:
    """Whether the page may add servers: never where it serves others, who could have it call into its network."""
    return settings.is_local and settings.remote_entry


def enter(served: Served, settings: Settings) -> None:
    """Keep a server, in the place of one with the same id.

    Raises:
        UserError: `server_not_here`, `servers_full`, `disk_full`.
    """
    if not may_enter(settings):
        raise UserError("server_not_here")
    with _changing:
        others = [each for each in _entered(settings) if each.id != served.id]
        if len(others) >= SERVERS_MAX:
            raise UserError("servers_full", n=SERVERS_MAX)
        _write([*others, served], settings)


def forget(identity: str, settings: Settings) -> None:
    """Let go of a server that was entered, and of its key.

    Raises:
        UserError: `server_not_here`, `disk_full`.
    """
    if not may_enter(settings):
        raise UserError("server_not_here")
    with _changing:
        _write([each for each in _entered(settings) if each.id != identity], settings)


def _entered(settings: Settings) -> list[Served]:
    """Those of the file; what a person broke in it is passed over."""
    try:
        rows = json.loads(settings.paths.servers.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    found = []
    for row in rows if isinstance(rows, list) else []:
        try:
            served = checked(row["url"], row["model"], row.get("key", ""))
            found.append(replace(served, dialect=str(row["dialect"]), context_tokens=int(row["context_tokens"])))
        except (UserError, AttributeError, KeyError, TypeError, ValueError):
            continue
    return found


def _write(entered: Iterable[Served], settings: Settings) -> None:
    """A temporary file is readable for its owner alone, and stays so when it is renamed."""
    names = ("url", "model", "key", "dialect", "context_tokens")
    rows = [{name: getattr(served, name) for name in names} for served in entered]
    with atomic.writing(settings.paths.servers, "w") as file:
        json.dump(rows, file, ensure_ascii=False, indent=1)
