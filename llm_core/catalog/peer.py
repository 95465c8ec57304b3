"""Source: another workbench on the network that shares its models (`serve --share-models`), asked by hash alone.

A class of thirty fetches a model from outside once; any copy will do, since the hash decides. What it says of its
models are cards (`web/sharing.py` writes them): nothing in them is believed but what a hash proves.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from llm_core.catalog import asking, stream
from llm_core.catalog.hub import appended
from llm_core.catalog.source import POLL_S, Login, Probe, Sound, SourceFailed, Target
from llm_core.errors import UserError
from llm_core.events import Event, Events, Tick
from llm_core.settings import Settings

PATH = "/shared-models"
PORT = 7860
BUSY = 503
LOGIN_ASKED = 401
CARDS_BYTES_MAX = 2_000_000
_HOST = re.compile(r"[\w.\-]+|\[[0-9a-fA-F:]+\]")


def address(entered: str) -> str:
    """`http://HOST:PORT` out of what a person enters: an address of a page, or a name alone.

    Raises:
        UserError: `peer_unusable`.
    """
    text = entered.strip()
    parts = urlsplit(text if "://" in text else f"http://{text}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{port}")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or port == -1 or "@" in parts.netloc:
        raise UserError("peer_unusable", address=entered.rpartition("@")[2][:80])  # what is before may be a password
    standing = "" if parts.scheme == "https" else f":{PORT}"
    return f"{parts.scheme}://{host}{f':{port}' if port else standing}"


def cards(
    address: str, settings: Settings, login: Login | None = None
) -> Generator[Event, None, list[dict[str, Any]]]:
    """What the workbench at `address` shares, as it says itself.

    Raises:
        UserError: `peer_silent`, `peer_login`.
    """
    try:
        told = yield from asking.json_at(f"{address}{PATH}", settings, bytes_max=CARDS_BYTES_MAX, login=login)
        return [dict(card) for card in told["models"]]
    except (asking.Failed, KeyError, TypeError, ValueError) as error:
        asks = isinstance(error, asking.Failed) and error.status == LOGIN_ASKED
        raise UserError("peer_login" if asks else "peer_silent", address=address) from error


@dataclass(frozen=True, slots=True)
class Peer:
    """One file at another workbench."""

    address: str
    sha256: str
    login: Login | None = field(default=None, repr=False)

    kind: ClassVar[str] = "peer"
    checks_pieces: ClassVar[bool] = False
    starts_slowly: ClassVar[bool] = False

    @classmethod
    def read(cls, table: Mapping[str, Any], file: str, size: int) -> Self:
        """From a table of recommended.toml."""
        return cls(**table)

    @property
    def url(self) -> str:
        """Where the file is asked for."""
        return f"{self.address}{PATH}/{self.sha256}"

    def probe(self, target: Target, settings: Settings) -> Probe:
        """Ask for the first byte."""
        return stream.holds(self.url, target.bytes, settings.fetch_stall_s, busy_too=True, login=self.login)

    def fetch(self, target: Target, settings: Settings) -> Events:
        """The rest of the file; where others are served just now, wait for a turn."""
        until = time.monotonic() + settings.peer_wait_s
        while True:
            try:
                yield from appended(self.url, target, settings, self.login)
                return
            except SourceFailed as failed:
                if failed.status != BUSY or time.monotonic() > until:
                    raise
            again = time.monotonic() + settings.peer_again_s
            while time.monotonic() < again:
                yield Tick()
                time.sleep(POLL_S)

    def sound(self, path: Path) -> Sound:
        """Only the hash of the whole is known."""
        yield from ()
        return 0

    def room(self, settings: Settings) -> int:
        """Nothing beside the file."""
        return 0
