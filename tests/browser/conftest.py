"""The real page in a real browser: one server process with the tiny model, and visitors who look at it.

A visitor fails the test for any error in the console and for any request that leaves this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
START_S = 60
LONG_REPLY_TOKENS = 2048  # at the tiny model's speed long enough to act in the middle


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


class Server:
    """`python app.py` in a process of its own."""

    def __init__(self, home: Path, model: Path) -> None:
        (home / "models").mkdir(parents=True)
        shutil.copy(model, home / "models" / "tiny.gguf")
        self.home = home
        self.url = ""
        self.start(port=0)

    def start(self, port: int) -> None:
        env = os.environ | {"LLM_CORE_LANGUAGE": "en", "PYTHONUTF8": "1", "LLM_CORE_CONTEXT_TOKENS": "4096"}
        command = [sys.executable, "app.py", "--offline", "--home", str(self.home), "--port", str(port)]
        self._log = (self.home / "server.log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=self._log, stderr=subprocess.STDOUT)
        until = time.monotonic() + START_S
        while not (found := re.search(r"http://\S+", self.said())):
            assert self._process.poll() is None and time.monotonic() < until, self.said()
            time.sleep(0.1)
        self.url = found[0]

    def said(self) -> str:
        return (self.home / "server.log").read_text("utf-8")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._log.close()

    def restart(self) -> None:
        self.stop()
        self.start(port=urlsplit(self.url).port or 0)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, tiny_gguf: Path) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("page") / "home", tiny_gguf)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, one on PATH, or Playwright's own."""
    api = pytest.importorskip("playwright.sync_api")
    api.expect.set_options(timeout=15_000)
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    with api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
            )
        except api.Error as error:
            if os.environ.get("LLM_CORE_REQUIRE_BROWSER") == "1":
                pytest.fail(f"no Chromium: {error}")
            pytest.skip("no Chromium here")
        yield browser
        browser.close()


class Visitor:
    """One visitor with a browser profile of their own, and what they can do on the page."""

    def __init__(self, browser: Any, url: str, **options: Any) -> None:
        self.url = url
        self.problems: list[str] = []
        # Parts of console messages that are no fault; these two are Gradio's for a stream that a reload cut.
        self.expected = ["AbortError", "Connection errored out"]
        self.context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 900}, "locale": "en-US"} | options)
        )
        self.context.set_default_timeout(20_000)
        self.context.on("request", self._check_request)
        self.context.on("console", self._check_console)
        self.context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        self.page = self.open()

    def open(self) -> Any:
        """A new tab with the page in it, ready to be used."""
        page = self.context.new_page()
        page.goto(self.url)
        page.locator("#thread .thread").wait_for()
        return page

    def send(self, text: str, page: Any = None) -> None:
        page = page or self.page
        page.fill("#composer textarea", text)
        page.press("#composer textarea", "Enter")

    def wait_until_written(self, page: Any = None) -> None:
        (page or self.page).locator('.thread[data-running="0"] .turn.assistant').last.wait_for()

    def long_replies(self, page: Any = None) -> None:
        """Turn the dial so that a test can act while a reply is written."""
        field = (page or self.page).locator("#max-tokens input[type=number]")
        field.fill(str(LONG_REPLY_TOKENS))
        field.press("Tab")

    def close(self) -> None:
        self.context.close()
        unexpected = [p for p in self.problems if not any(part in p for part in self.expected)]
        assert not unexpected, unexpected

    def _check_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.problems.append(f"request to {request.url}")

    def _check_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text} {message.location}")


@pytest.fixture
def visit(browser: Any, server: Server) -> Iterator[Callable[..., Visitor]]:
    """Make visitors; what went wrong in their browsers is told at the end."""
    visitors: list[Visitor] = []

    def make(url: str = "", **options: Any) -> Visitor:
        visitors.append(Visitor(browser, url or server.url, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.close()


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()
