"""A conversation on the page: sent, streamed, stopped, tried again, edited, branched, found again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.documents import samples

expect: Any = pytest.importorskip("playwright.sync_api").expect

SLOW = 60_000  # the encoder is converted with the first document


def test_a_message_is_answered_as_it_is_written_and_stop_keeps_what_is_there(visitor: Visitor) -> None:
    page = visitor.page
    visitor.long_replies()
    visitor.send("Write for a while.")
    expect(page.locator(".turn.user .said")).to_have_text("Write for a while.")
    expect(page.locator("#composer textarea")).to_have_value("")
    expect(page.locator("#live .meter b").first).to_be_visible()
    early = page.locator("#live").inner_text()
    page.wait_for_function("n => document.getElementById('live').innerText.length > n + 50", arg=len(early))
    page.locator("#composer .stop-button").click()
    visitor.wait_until_written()
    expect(page.locator(".turn.assistant .meter")).to_contain_text("stopped")
    assert len(page.locator(".turn.assistant .reply").inner_text()) > 20
    expect(page.locator("#live .text")).to_be_empty()
    expect(page.locator("#composer .submit-button")).to_be_visible()


def test_versions_stand_where_the_conversation_branches(visitor: Visitor) -> None:
    page = visitor.page
    visitor.send("First question")
    visitor.wait_until_written()
    first = page.locator(".turn.assistant").get_attribute("data-id")
    page.locator(".turn.assistant [data-do=retry]").click()
    expect(page.locator(".turn.assistant .branches b")).to_have_text("2/2")
    assert page.locator(".turn.assistant").get_attribute("data-id") != first
    page.get_by_role("button", name="Previous version").click()
    expect(page.locator(f'.turn.assistant[data-id="{first}"] .branches b')).to_have_text("1/2")

    page.locator(".turn.user [data-do=edit]").click()
    page.locator(".editing textarea").fill("Another question")
    page.locator(".editing textarea").press("Enter")
    expect(page.locator(".turn.user .said")).to_have_text("Another question")
    expect(page.locator(".turn.user .branches b")).to_have_text("2/2")
    visitor.wait_until_written()
    page.locator(".turn.user").get_by_role("button", name="Previous version").click()
    expect(page.locator(".turn.user .said")).to_have_text("First question")
    expect(page.locator(".turn.assistant .branches b")).to_have_text("2/2")  # the newest below it
    page.locator(".turn.assistant [data-do=undo]").click()
    expect(page.locator(".turn")).to_have_count(0)


def test_a_word_shows_what_else_it_could_have_been(visitor: Visitor) -> None:
    page = visitor.page
    visitor.send("Say something")
    visitor.wait_until_written()
    reply = page.locator(".turn.assistant .reply")
    reply.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#word .bars li.hit").first).to_be_visible()
    expect(page.locator("#word .heading")).to_contain_text("Instead of")
    expect(page.locator("#word .bars li.hit b").first).to_contain_text("%")


def test_conversations_are_named_found_saved_added_and_deleted(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    visitor.send("About the winter garden")
    visitor.wait_until_written()
    page.locator("#new").click()
    expect(page.locator(".empty")).to_be_visible()
    visitor.send("About 分词器")
    visitor.wait_until_written()
    expect(page.locator("#rail li")).to_have_count(2)

    page.fill("#search input", "winter")
    expect(page.locator("#rail li")).to_have_count(1)
    page.locator("#rail .open").click()
    expect(page.locator(".turn.user .said")).to_have_text("About the winter garden")
    expect(page.locator("#rail li")).to_have_count(2)
    page.locator("#rail [data-do=rename]").click()
    page.keyboard.type("Garden")
    page.keyboard.press("Enter")
    expect(page.locator("#rail [aria-current] .title")).to_have_text("Garden")

    with page.expect_download() as saving:
        page.locator("#rail .all [data-format=json]").click()
    file = tmp_path / "conversations.json"
    saving.value.save_as(file)
    assert "分词器" in file.read_text("utf-8") and json.loads(file.read_text("utf-8"))
    with page.expect_download() as saving:
        page.locator("#rail li [data-format=markdown]").click()
    assert "winter garden" in Path(saving.value.path()).read_text("utf-8")

    page.locator("#rail .all [data-do=delete]").click()
    expect(page.locator("#rail li")).to_have_count(2)  # it asks first
    page.locator("#rail .all [data-do=delete]").click()
    expect(page.locator("#rail li")).to_have_count(0)
    expect(page.locator(".empty")).to_be_visible()
    page.locator("#upload input[type=file], input[type=file]").first.set_input_files(file)
    expect(page.locator("#rail li")).to_have_count(2)
    expect(page.locator("#notice")).to_contain_text("2 conversations added")


def test_what_is_wrong_is_said_in_place_and_the_text_stays(visitor: Visitor) -> None:
    page = visitor.page
    visitor.send("> " * 30_000)
    expect(page.locator("#thread .notice, #notice .notice").first).to_be_visible()
    page.locator("#new").click()
    expect(page.locator(".empty")).to_be_visible()
    visitor.send("   ")
    expect(page.locator("#notice .notice")).to_be_visible()
    expect(page.locator("#composer textarea")).to_have_value("   ")


def test_what_others_wrote_never_runs(visitor: Visitor) -> None:
    page = visitor.page
    hostile = "<img src=x onerror=\"document.title='owned'\"> <b>bold</b> ${alert(1)} {{constructor}} \" onfocus='x'"
    visitor.send(hostile)
    visitor.wait_until_written()
    expect(page.locator(".turn.user .said")).to_have_text(hostile)
    assert page.locator(".turn.user .said *").count() == 0
    assert page.locator("#rail .title").text_content().startswith("<img")
    page.fill("#search input", "<b>bold")
    expect(page.locator("#rail li")).to_have_count(1)
    page.fill("#search input", "<i>absent")
    expect(page.locator("#rail .why")).to_contain_text("<i>absent")
    assert page.title() != "owned"


def test_an_enter_of_an_input_method_does_not_send(visitor: Visitor) -> None:
    page = visitor.page
    page.fill("#composer textarea", "拼音")
    for code in ({"isComposing": True, "keyCode": 13}, {"isComposing": False, "keyCode": 229}):
        page.evaluate(
            """init => document.querySelector('#composer textarea').dispatchEvent(
                new KeyboardEvent('keypress', {key: 'Enter', bubbles: true, cancelable: true, ...init}))""",
            code,
        )
    expect(page.locator("#composer textarea")).to_have_value("拼音")
    page.press("#composer textarea", "Enter")
    expect(page.locator(".turn.user .said")).to_have_text("拼音")


def test_two_visitors_see_nothing_of_each_other(visit: Callable[..., Visitor]) -> None:
    one, other = visit(), visit()
    one.send("A secret of the first")
    one.wait_until_written()
    conversation = one.page.locator(".thread").get_attribute("data-conversation")
    other.page.evaluate("id => sessionStorage.setItem('workbench_conversation', id)", conversation)
    other.page.reload()
    expect(other.page.locator(".empty")).to_be_visible()
    expect(other.page.locator("#rail li")).to_have_count(0)


def attach(page: Any, *files: Path) -> None:
    page.locator("#attach").locator("..").locator("input[type=file]").set_input_files([str(file) for file in files])


def test_a_document_is_attached_read_for_the_reply_and_removed(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    lease = tmp_path / "港口 lease.pdf"
    lines = ["The harbour board lets the shed to the rowing club."], ["The yearly rent of the shed is 2400 euros."]
    lease.write_bytes(samples.drawn_pdf([[(72, 700, line) for line in of_page] for of_page in lines]))
    page.fill("#composer textarea", "How much is the yearly rent?")
    attach(page, lease)
    expect(page.locator(".chips li .open")).to_have_text(["港口 lease.pdf2 pages"], timeout=SLOW)
    expect(page.locator(".empty h2")).to_contain_text("Ask about it")
    expect(page.locator("#composer textarea")).to_have_value("How much is the yearly rent?")
    page.press("#composer textarea", "Enter")
    visitor.wait_until_written()
    read = page.locator(".turn.assistant .consulted")
    expect(read.locator("summary")).to_have_text("Read for this reply: 港口 lease.pdf p. 2")

    page.reload()
    expect(page.locator(".chips li")).to_have_count(1)
    read.locator("summary").click()
    read.locator("li").first.click()
    expect(page.locator("#chat-sheet .sheet mark")).to_have_text("The yearly rent of the shed is 2400 euros.")
    page.locator("#chat-sheet [data-act=dismiss]").click()
    expect(page.locator("#chat-sheet .sheet")).to_have_count(0)

    page.get_by_role("button", name="Remove 港口 lease.pdf").click()
    expect(page.locator(".chips li")).to_have_count(0)
    expect(page.locator(".turn.assistant .consulted")).to_have_text("Read for this reply: 港口 lease.pdf p. 2")
    page.reload()
    expect(page.locator(".turn.assistant .consulted")).to_be_visible()
    expect(page.locator(".chips li")).to_have_count(0)


def test_documents_stay_with_their_conversation_and_a_broken_one_is_told(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    broken, note = tmp_path / "broken.docx", tmp_path / "kiln.txt"
    broken.write_bytes(b"PK\x03\x04no")
    note.write_text("The kiln reaches 900 degrees after nine hours.", "utf-8")
    attach(page, broken, note)
    expect(page.locator("#notice")).to_contain_text("broken.docx", timeout=SLOW)
    expect(page.locator(".chips li .open")).to_have_text(["kiln.txt46 characters"], timeout=SLOW)
    page.locator("#new").click()
    expect(page.locator(".chips li")).to_have_count(0)
    expect(page.locator(".empty h2")).to_contain_text("think out loud")
    visitor.send("How hot does the kiln get?")
    visitor.wait_until_written()
    expect(page.locator(".turn.assistant .meter")).to_be_visible()
    expect(page.locator(".turn.assistant .consulted")).to_have_count(0)
    page.locator("#rail .open").nth(1).click()
    expect(page.locator(".chips li")).to_have_count(1)
