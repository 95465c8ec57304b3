"""Translate in the real page: pairs beside each other, Stop, coming back, trying again, files, glossary, phones."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Visitor

expect = pytest.importorskip("playwright.sync_api").expect

TEXT = "The boats came at noon.\n\nNobody sold bread on 14 March. It rained."
LONG = "\n".join(f"Boat number {n} came into the harbour before dawn and left again." for n in range(60))
DONE = "#pairs .pair:not(.pending)"


def open_tab(visitor: Visitor) -> Any:
    visitor.page.locator("#tabs [role=tab]").nth(3).click()
    return visitor.page


def translate(visitor: Visitor, text: str, pairs: int) -> Any:
    page = open_tab(visitor)
    page.fill("#translate-text textarea", text)
    page.click("#translate-go")
    page.wait_for_function(
        "([found, n]) => document.querySelectorAll(found).length >= n", arg=[DONE, pairs], timeout=60_000
    )
    return page


def wait_for_end(page: Any) -> None:
    page.locator("#pairs [data-do=save]").wait_for(timeout=60_000)


def test_an_empty_tab_teaches_and_offers_texts(visitor: Visitor) -> None:
    page = open_tab(visitor)
    expect(page.locator("#translate-start .starts button")).to_have_count(3)
    page.click("#translate-go")
    expect(page.locator("#translate-notice")).to_contain_text("no text here")


def test_sentences_stand_beside_their_translations(visitor: Visitor) -> None:
    page = translate(visitor, TEXT, 3)
    wait_for_end(page)
    expect(page.locator(DONE)).to_have_count(3)
    first = page.locator(DONE).first
    expect(first.locator("> p")).to_have_text("The boats came at noon.")
    expect(first.locator("> p")).to_have_attribute("lang", "en")
    expect(first.locator("> div > p").first).to_have_attribute("lang", "zh-CN")
    # The tiny model writes ASCII without meaning: every sentence is doubted, and the margin leads to it.
    expect(page.locator("#doubts .doubts a")).to_have_count(3)
    page.locator("#doubts .doubts a").nth(1).hover()
    expect(page.locator(DONE).nth(1)).to_have_class(re.compile(r"\blit\b"))
    expect(page.locator("#pairs .cmd")).to_contain_text("Do this from a script")


def test_stop_keeps_what_was_done_and_another_text_clears_it(visitor: Visitor) -> None:
    page = translate(visitor, LONG, 2)
    page.click("#translate-stop")
    wait_for_end(page)
    expect(page.locator("#pairs .meter")).to_contain_text("stopped after")
    assert 2 <= page.locator(DONE).count() < 60
    page.click("#pairs [data-do=other]")
    expect(page.locator("#translate-text textarea")).to_be_visible()
    expect(page.locator(DONE)).to_have_count(0)


def test_a_reload_takes_the_translation_up_again(visitor: Visitor) -> None:
    visitor.expected += ["ERR_", "Failed to fetch", "network", "Connection errored out"]
    page = translate(visitor, LONG, 2)
    page.reload()
    page.locator("#thread .thread").wait_for()
    open_tab(visitor)
    expect(page.locator("#translate-stop")).to_be_visible()
    seen = page.locator(DONE).count()
    page.wait_for_function(
        "([found, n]) => document.querySelectorAll(found).length > n", arg=[DONE, seen], timeout=60_000
    )
    page.click("#translate-stop")
    wait_for_end(page)


def test_one_sentence_is_tried_again(visitor: Visitor) -> None:
    page = translate(visitor, TEXT, 3)
    wait_for_end(page)
    second = page.locator(DONE).nth(1)
    before = second.locator("> div > p").first.inner_text()
    second.locator("[data-do=again]").click()
    expect(second.locator("> div > p").first).not_to_have_text(before)
    expect(page.locator(DONE)).to_have_count(3)


def test_a_file_comes_back_as_the_same_kind_of_file(visitor: Visitor, tmp_path: Path) -> None:
    (tmp_path / "boats.md").write_text("# Boats\n\n- The first came.\n\n```\nprint(1)\n```\n", "utf-8")
    page = open_tab(visitor)
    with page.expect_file_chooser() as chooser:
        page.click("#translate-upload")
    chooser.value.set_files(tmp_path / "boats.md")
    wait_for_end(page)
    expect(page.locator("#pairs .dochead")).to_contain_text("boats.md")
    with page.expect_download() as download:
        page.click("#pairs [data-do=save]")
    assert download.value.suggested_filename == "boats.zh.md"
    saved = Path(download.value.path()).read_text("utf-8")
    assert saved.startswith("# ") and "```\nprint(1)\n```" in saved


def test_glossary_terms_are_marked_and_a_broken_one_is_named(visitor: Visitor) -> None:
    page = open_tab(visitor)
    page.fill("#glossary textarea", "boat = 小船\nharbour")
    page.fill("#translate-text textarea", "The boat came.")
    page.click("#translate-go")
    expect(page.locator("#translate-notice")).to_contain_text("Line 2 of the glossary")
    page.fill("#glossary textarea", "boat = 小船")
    page.click("#translate-go")
    wait_for_end(page)
    expect(page.locator("#pairs .pair > p mark")).to_have_text("boat")


def test_pairs_stack_on_a_phone_and_nothing_sticks_out(visit: Callable[..., Visitor]) -> None:
    visitor = visit(viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = translate(visitor, TEXT, 3)
    wait_for_end(page)
    expect(page.locator("#pairs .note").first).to_contain_text(re.compile("[\u4e00-\u9fff]"))
    source = page.locator("#pairs .pair > p").first.bounding_box()
    target = page.locator("#pairs .pair > div").first.bounding_box()
    assert target["y"] >= source["y"] + source["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
