"""A small hub and a small package index on loopback, that can be slow, broken and wrong, and count what they send."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import re
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = 16_384


@dataclass
class Site:
    """What a server holds, how it behaves, and what it has sent."""

    files: dict[str, bytes] = field(default_factory=dict)  # path -> content
    pages: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)  # path -> status, headers
    breaks_after: dict[str, int] = field(default_factory=dict)  # path -> bytes, then the connection ends, once
    hangs: bool = False
    hangs_after: int | None = None  # bytes of a file
    ranges: bool = True
    chunk_gate: threading.Semaphore | None = None  # each chunk waits for one: so a test decides how fast it is
    sent: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range
    closing: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def wait(self) -> None:
        """Silence, until the server is closed."""
        self.closing.wait(60)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        site, wanted = self.site, self.headers.get("Range")
        site.requests.append((self.path, wanted))
        if site.hangs:
            site.wait()
            return
        if self.path in site.refusals:
            status, headers = site.refusals[self.path]
            self.head(status, 0, headers)
        elif self.path in site.pages:
            page = site.pages[self.path].encode()
            self.head(200, len(page), {"Content-Type": "text/html"})
            self.wfile.write(page)
        elif self.path in site.files:
            self.file(site.files[self.path], wanted if site.ranges else None, body)
        else:
            self.head(404, 0, {})

    def head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()

    def file(self, content: bytes, wanted: str | None, body: bool) -> None:
        start, stop, headers, status = 0, len(content), {"Content-Type": "application/octet-stream"}, 200
        if wanted and (match := re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)):
            start = int(match[1])
            stop = min(stop, int(match[2]) + 1) if match[2] else stop
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
            status = 206
        if start >= len(content):
            self.head(416, 0, {})
            return
        self.head(status, stop - start, headers)
        if body:
            self.body(content, start, stop)

    def body(self, content: bytes, start: int, stop: int) -> None:
        site = self.site
        breaks = site.breaks_after.pop(self.path, None) if stop - start > 1 else None
        sent = 0
        for at in range(start, stop, CHUNK):
            if site.chunk_gate is not None:
                while not site.chunk_gate.acquire(timeout=0.05):
                    if site.closing.is_set():
                        return
            if breaks is not None and sent >= breaks:
                self.close_connection = True
                return
            if site.hangs_after is not None and sent >= site.hangs_after:
                site.wait()
                return
            chunk = content[at : min(at + CHUNK, stop)]
            self.wfile.write(chunk)
            sent += len(chunk)
            site.sent[self.path] += len(chunk)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what is tested."""


@contextlib.contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve the site at `site.url` while the block runs."""
    server = Server(("127.0.0.1", 0), type("SiteHandler", (Handler,), {"site": site}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def wheel(package: str, version: str, members: dict[str, bytes]) -> bytes:
    """A real wheel with these members."""
    name = package.replace("-", "_")
    about = f"{name}-{version}.dist-info"
    files = {
        **members,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_record_hash(content)},{len(content)}\n" for path, content in files.items())
    files[f"{about}/RECORD"] = f"{record}{about}/RECORD,,\n".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), content)
    return packed.getvalue()


def _record_hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def put_wheel(site: Site, package: str, version: str, content: bytes) -> str:
    """Offer a wheel in the index, by PEP 503; returns the path of its file."""
    name = f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
    path = f"/files/{name}"
    site.files[path] = content
    site.pages[f"/simple/{package}/"] = f'<!DOCTYPE html><html><body><a href="{path}">{name}</a></body></html>'
    return path
