"""A lost connection is not a Stop: whoever comes back finds the reply grown or finished, and what was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Server, Visitor
from tests.browser.line import Line

expect: Any = pytest.importorskip("playwright.sync_api").expect


# What browser and Gradio say in the console about a stream that was cut.
CUT = ["ERR_", "Failed to fetch", "network"]


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    line = Line(urlsplit(server.url).port or 0)
    yield line
    line.close()


def begin_long_reply(visitor: Visitor, text: str) -> int:
    """Send a message whose reply takes a while; returns how much of it had been seen."""
    visitor.long_replies()
    visitor.send(text)
    visitor.page.wait_for_function("() => document.getElementById('live').innerText.length > 200")
    return len(visitor.page.locator("#live").inner_text())


def test_a_reload_in_the_middle_takes_the_reply_up_again(visitor: Visitor) -> None:
    seen = begin_long_reply(visitor, "Write on")
    visitor.page.reload()
    visitor.page.wait_for_function(
        """seen => (document.querySelector('#live')?.innerText.length ?? 0) > seen
            || (document.querySelector('.turn.assistant .reply')?.innerText.length ?? 0) > seen""",
        arg=seen,
    )
    visitor.wait_until_written()
    expect(visitor.page.locator(".turn.assistant .meter")).not_to_contain_text("stopped")


def test_a_closed_page_finds_the_reply_finished(visitor: Visitor) -> None:
    seen = begin_long_reply(visitor, "Write on though I leave")
    visitor.page.close()
    page = visitor.open()
    visitor.wait_until_written(page)
    assert len(page.locator(".turn.assistant .reply").inner_text()) > seen


def test_a_cut_connection_finds_the_reply_grown(visit: Callable[..., Visitor], line: Line) -> None:
    visitor = visit(url=line.url)
    visitor.expected += CUT
    seen = begin_long_reply(visitor, "Write on though the line is cut")
    line.cut()
    expect(visitor.page.locator("#head .lost")).to_be_visible()
    expect(visitor.page.locator(".toast-body")).to_be_hidden()  # said once, in one's own language
    line.mend()
    expect(visitor.page.locator("#head .lost")).to_be_hidden()
    visitor.wait_until_written()
    expect(visitor.page.locator(".turn.assistant .meter")).not_to_contain_text("stopped")
    assert len(visitor.page.locator(".turn.assistant .reply").inner_text()) > seen


def test_a_stale_tab_cannot_overwrite_a_newer_conversation(visitor: Visitor) -> None:
    visitor.send("First")
    visitor.wait_until_written()
    stale = visitor.open()
    expect(stale.locator(".turn.user .said")).to_have_text("First")
    visitor.send("Second")
    expect(visitor.page.locator(".turn.user")).to_have_count(2)
    visitor.wait_until_written()
    visitor.send("From the stale tab", stale)
    expect(stale.locator("#notice")).to_contain_text("another tab")
    expect(stale.locator("#composer textarea")).to_have_value("From the stale tab")
    expect(stale.locator(".turn.user")).to_have_count(2)
    stale.press("#composer textarea", "Enter")
    expect(stale.locator(".turn.user")).to_have_count(3)


def test_a_draft_and_a_conversation_outlive_page_and_server(visitor: Visitor, server: Server) -> None:
    visitor.expected += CUT
    visitor.send("Kept over a restart")
    visitor.wait_until_written()
    visitor.page.fill("#composer textarea", "half a thought")
    server.restart()
    visitor.page.goto(server.url)
    expect(visitor.page.locator(".turn.user .said")).to_have_text("Kept over a restart")
    expect(visitor.page.locator("#composer textarea")).to_have_value("half a thought")
