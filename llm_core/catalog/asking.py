"""Ask one address for JSON, in another thread, so that whoever waits for it can stop at any moment."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Generator
from typing import Any

import httpx

from llm_core.catalog.source import POLL_S, Login
from llm_core.events import Event, Tick
from llm_core.settings import Settings

JSON_BYTES_MAX = 10_000_000


class Failed(Exception):
    """No answer, or none that can be read.

    Args:
        why: for the log.
        status: of HTTP; 0 where nobody answered.
        code: what the Hub's header says of the reason.
    """

    def __init__(self, why: str, status: int = 0, code: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.code = code


def json_at(
    url: str, settings: Settings, bytes_max: int = JSON_BYTES_MAX, login: Login | None = None
) -> Generator[Event, None, Any]:
    """The answer of `url`, no longer than `bytes_max`; `login` where it asks for a name and a password.

    Raises:
        Failed: silent, no such thing, too long, or not JSON.
    """
    answer: queue.Queue[bytes | Failed] = queue.Queue()
    asked = (url, settings.fetch_stall_s, bytes_max, login, answer)
    threading.Thread(target=_ask, args=asked, daemon=True).start()
    while True:
        try:
            heard = answer.get(timeout=POLL_S)
            break
        except queue.Empty:
            yield Tick()
    if isinstance(heard, Failed):
        raise heard
    try:
        return json.loads(heard)
    except (ValueError, RecursionError) as error:
        raise Failed(f"{url}: no JSON") from error


def _ask(
    url: str, timeout_s: float, bytes_max: int, login: Login | None, answer: queue.Queue[bytes | Failed]
) -> None:
    try:
        answer.put(_read(url, timeout_s, bytes_max, login))
    except Failed as failed:
        answer.put(failed)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        answer.put(Failed(f"{url}: {error!r}"))


def _read(url: str, timeout_s: float, bytes_max: int, login: Login | None) -> bytes:
    content = b""
    with (
        httpx.Client(timeout=timeout_s, follow_redirects=True, auth=login) as client,
        client.stream("GET", url) as response,
    ):
        if response.status_code != 200:
            raise Failed(
                f"{url}: {response.status_code}", response.status_code, response.headers.get("x-error-code", "")
            )
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > bytes_max:
                raise Failed(f"{url}: more than {bytes_max} bytes")
    return content
