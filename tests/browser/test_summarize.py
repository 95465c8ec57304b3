"""The Summarize tab: a text pasted or opened, its key sentences linked with their places, rewriting, a reload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Visitor

expect: Any = pytest.importorskip("playwright.sync_api").expect

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples" / "summarize"


def opened(visitor: Visitor, page: Any = None) -> Any:
    page = page or visitor.page
    name = "摘要" if page.evaluate("document.documentElement.lang").startswith("zh") else "Summarize"
    page.get_by_role("tab", name=name, exact=True).first.click()
    return page


def test_a_pasted_text_shows_its_key_sentences_where_they_stand(visitor: Visitor) -> None:
    page = opened(visitor)
    page.fill("#summary-text textarea", (EXAMPLES / "tide.en.txt").read_text("utf-8"))
    page.locator("#summary-go").click()
    keys, marks = page.locator("#summary-result .keys li"), page.locator("#summary-source mark")
    expect(keys).to_have_count(5)
    expect(marks).to_have_count(5)
    expect(page.locator("#summary-source h2")).to_have_text("The tide gauge in the cellar")
    expect(page.locator("#summary-result .cover b")).to_have_count(5)
    expect(page.locator("#summary-result .meter").last).to_contain_text("4 of 4 sections")
    keys.nth(2).hover()
    expect(marks.nth(2)).to_have_class("lit")
    marks.nth(0).focus()
    expect(keys.nth(0)).to_have_class("lit")
    expect(keys.nth(2)).not_to_have_class("lit")
    page.locator("#summary-result summary").click()
    expect(page.locator("#summary-result .cmd code").first).to_contain_text("python -m llm_core summarize")


def test_markup_in_a_text_is_only_text(visitor: Visitor) -> None:
    page = opened(visitor)
    page.fill(
        "#summary-text textarea", "The <img src=x onerror=alert(1)> tag & <b>bold</b> letters stand in the text here."
    )
    page.locator("#summary-go").click()
    expect(page.locator("#summary-source mark")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("#summary-source img, #summary-result img").count() == 0


def test_a_file_is_read_and_another_length_asked_for(visitor: Visitor) -> None:
    page = opened(visitor)
    with page.expect_file_chooser() as chooser:
        page.locator("#summary-upload").click()
    chooser.value.set_files(EXAMPLES / "well.zh.txt")
    expect(page.locator("#summary-source .meter")).to_contain_text("well.zh.txt")
    expect(page.locator("#summary-source .text")).to_have_attribute("lang", "zh-CN")
    field = page.locator("#summary-sentences input[type=number]")
    field.fill("2")
    field.press("Tab")
    page.locator("#summary-go").click()
    expect(page.locator("#summary-result .keys li")).to_have_count(2)


def test_nothing_to_summarize_is_said_in_place(visitor: Visitor) -> None:
    page = opened(visitor)
    page.locator("#summary-go").click()
    expect(page.locator("#summary-notice .notice")).to_be_visible()


def test_an_example_is_rewritten_and_found_again_after_a_reload(visit: Callable[..., Visitor]) -> None:
    visitor = visit(locale="zh-CN")
    page = opened(visitor)
    page.get_by_role("radio", name="改写").check()
    expect(page.locator("#summary-form")).to_be_visible()
    page.locator("#summary-start .starts button").first.click()
    expect(page.locator("#summary-result .keys li")).to_have_count(5)
    expect(page.locator("#summary-result .written")).to_be_visible()
    page.reload()
    page = opened(visitor)
    expect(page.locator("#summary-result .written .stood-in").first).to_be_visible()  # the tiny model babbles
    expect(page.locator("#summary-go")).to_be_visible()
    page.locator("[data-do=other]").click()
    expect(page.locator("#summary-text textarea")).not_to_have_value("")


def test_on_a_phone_the_result_stands_before_the_source(visit: Callable[..., Visitor]) -> None:
    visitor = visit(viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark")
    page = opened(visitor)
    page.locator("#summary-start .starts button").first.click()
    key, mark = page.locator("#summary-result .keys li").first, page.locator("#summary-source mark").first
    key.wait_for()
    assert key.bounding_box()["y"] < mark.bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
