"""Servers on loopback that say exactly what a test wants, byte by byte, to whoever asks."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@dataclass
class Heard:
    """What a server was asked, and whether the asker hung up before it was done."""

    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)  # path, headers, body
    hung_up: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, Heard]]:
    """The URL of a server that hears a request out and leaves the rest to `answer`."""
    heard = Heard()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            path = self.rfile.readline().decode().split(" ")[1]
            headers = {}
            while line := self.rfile.readline().decode().strip():
                name, _, value = line.partition(": ")
                headers[name.lower()] = value
            body = self.rfile.read(int(headers.get("content-length", 0)))
            heard.requests.append((path, headers, json.loads(body or b"null")))
            try:
                answer(self.connection)
            except OSError:
                heard.hung_up.set()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", heard
        finally:
            server.shutdown()
            thread.join()


def saying(*pieces: bytes) -> Callable[[socket.socket], None]:
    """Send these and hang up."""

    def answer(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return answer


def waiting_until_left(*pieces: bytes) -> Callable[[socket.socket], None]:
    """Send these, then nothing until the asker hangs up."""

    def answer(connection: socket.socket) -> None:
        saying(*pieces)(connection)
        connection.settimeout(20)
        if connection.recv(1) == b"":
            raise ConnectionResetError

    return answer


def repeating(piece: bytes) -> Callable[[socket.socket], None]:
    """Send one thing for ever."""

    def answer(connection: socket.socket) -> None:
        while True:
            connection.sendall(piece)

    return answer


def event(chunk: Any) -> bytes:
    """One event of a stream."""
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def delta(text: str, reason: str | None = None) -> bytes:
    """One piece of a reply."""
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]})


def answered(status: str, body: bytes) -> bytes:
    """A whole answer that is no stream."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


USAGE = event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})
DONE = b"data: [DONE]\n\n"
