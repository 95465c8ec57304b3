"""Read one address over HTTP from another thread, so that whoever waits for bytes can stop at any moment."""

from __future__ import annotations

import contextlib
import queue
import re
import socket
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from llm_core.catalog.source import POLL_S, Login, SourceFailed

QUEUE_CHUNKS = 64  # some megabytes ahead of the disk at most


@dataclass
class _Line:
    """What the two threads share. The reader puts bytes, then None for the end or the exception that ended it."""

    chunks: queue.Queue[bytes | Exception | None] = field(default_factory=lambda: queue.Queue(QUEUE_CHUNKS))
    stop: threading.Event = field(default_factory=threading.Event)
    socket: Any = None

    def put(self, chunk: bytes | Exception | None) -> bool:
        """Whether it was taken; not when nobody listens any more."""
        while not self.stop.is_set():
            with contextlib.suppress(queue.Full):
                self.chunks.put(chunk, timeout=0.1)
                return True
        return False

    def hang_up(self) -> None:
        """Signal the end, and wake a reader that waits for bytes."""
        self.stop.set()
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)


def read(
    url: str, start: int, size: int, timeout_s: float, login: Login | None = None
) -> Generator[bytes | None, None, None]:
    """The bytes of `url` from `start` on; None while none come. Closing it hangs up at once.

    Args:
        url: a file of exactly `size` bytes.
        start: the first byte that is wanted. From a server that knows no Range, what is before is read and dropped.
        size: bytes of the whole file.
        timeout_s: how long the server may be silent.
        login: name and password, where it asks for them.

    Raises:
        SourceFailed: no such file, not of this size, silent, or broken off.
    """
    line = _Line()
    threading.Thread(target=_read, args=(line, url, start, size, timeout_s, login), daemon=True).start()
    try:
        while True:
            try:
                chunk = line.chunks.get(timeout=POLL_S)
            except queue.Empty:
                yield None
                continue
            if chunk is None:
                return
            if isinstance(chunk, httpx.HTTPError | httpx.InvalidURL | OSError):
                raise SourceFailed(f"{url}: {chunk!r}", again=True) from chunk
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk
    finally:
        line.hang_up()


def holds(
    url: str, size: int, timeout_s: float, *, busy_too: bool = False, login: Login | None = None
) -> Generator[None, None, bool]:
    """Whether `url` answers with a file of `size` bytes; yields while it waits. Closing it hangs up at once.

    Args:
        url: of the file.
        size: its bytes.
        timeout_s: how long the server may be silent.
        busy_too: whether "come again later" counts as yes.
        login: name and password, where it asks for them.
    """
    line = _Line()
    threading.Thread(target=_ask, args=(line, url, size, timeout_s, login), daemon=True).start()
    try:
        while True:
            with contextlib.suppress(queue.Empty):
                heard = line.chunks.get(timeout=POLL_S / 2)
                return heard is None or (busy_too and isinstance(heard, SourceFailed) and heard.status == 503)
            yield
    finally:
        line.hang_up()


def _ask(line: _Line, url: str, size: int, timeout_s: float, login: Login | None) -> None:
    """The thread that asks: for one byte, and not even that is waited for."""
    try:
        with _opened(line, url, "bytes=0-0", timeout_s, login) as response:
            _begins(response, size)
        line.put(None)
    except Exception as error:  # whatever it is, the answer is no
        line.put(error)


def _read(line: _Line, url: str, start: int, size: int, timeout_s: float, login: Login | None) -> None:
    """The thread that reads."""
    try:
        with _opened(line, url, f"bytes={start}-", timeout_s, login) as response:
            left = size - start
            drop = start - _begins(response, size)
            for chunk in response.iter_raw():
                wanted, drop = chunk[drop:], max(0, drop - len(chunk))
                left -= len(wanted)
                if left < 0:
                    raise SourceFailed(f"{url} sends more than {size} bytes")
                if wanted and not line.put(wanted):
                    return
        line.put(None if left == 0 else SourceFailed(f"{url} broke off", again=True))
    except Exception as error:  # whatever it is, it is for the thread that waits
        line.put(error)


@contextlib.contextmanager
def _opened(line: _Line, url: str, wanted: str, timeout_s: float, login: Login | None) -> Iterator[httpx.Response]:
    # Bytes as they are: a packed answer could be cut anywhere, and then nothing of it would be of use.
    headers = {"Range": wanted, "Accept-Encoding": "identity"}
    with (
        httpx.Client(timeout=timeout_s, follow_redirects=True, auth=login) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        stream = response.extensions.get("network_stream")
        line.socket = stream.get_extra_info("socket") if stream else None
        yield response


def _begins(response: httpx.Response, size: int) -> int:
    """Where in the file the answer begins, after it was found to be of the file that is wanted."""
    url = response.request.url
    if response.status_code not in (200, 206):
        status = response.status_code
        raise SourceFailed(f"{url} answers {status}", again=status >= 500, status=status)
    if response.status_code == 200:
        begins, total = 0, response.headers.get("Content-Length", str(size))
    else:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if match is None:
            raise SourceFailed(f"{url} does not say which bytes it sends")
        begins, total = int(match[1]), match[2]
    if total not in (str(size), "*"):
        raise SourceFailed(f"{url} holds {total} bytes, not {size}")
    return begins
