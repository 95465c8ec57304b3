"""Ask in a browser: examples, citations that open the page, files that fail, coming back, deleting, phones."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Visitor

expect: Any = pytest.importorskip("playwright.sync_api").expect

SLOW = 60_000  # the encoder is converted with the first document
MUSEUM = "# Museum\n\nThe ropewalk is 312 metres long.\n\n# Tickets\n\nA ticket costs eight euros.\n"


def open_ask(visitor: Visitor) -> Any:
    visitor.page.locator("#tab-ask-button").click()
    visitor.page.locator("#ask-thread .empty, #ask-thread .qa").first.wait_for()
    return visitor.page


def ask(page: Any, question: str) -> Any:
    """The article with the answer."""
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    article = page.locator("#ask-thread .qa").filter(has_text=question).first
    article.wait_for(timeout=SLOW)
    return article


def add(page: Any, *files: Path) -> None:
    page.locator("#ask-add").locator("..").locator("input[type=file]").set_input_files([str(file) for file in files])


@pytest.fixture
def museum(tmp_path: Path) -> Path:
    path = tmp_path / "博物馆 guide.md"
    path.write_text(MUSEUM, "utf-8")
    return path


def test_an_example_adds_its_documents_and_is_answered(visitor: Visitor) -> None:
    page = open_ask(visitor)
    start = page.locator("#ask-thread .starts button").first
    question = start.inner_text()
    start.click()
    article = page.locator("#ask-thread .qa").filter(has_text=question).first
    article.wait_for(timeout=SLOW)
    expect(page.locator("#ask-rail .docs li")).to_have_count(6)
    expect(article.locator(".cites li, .others")).not_to_have_count(0)


def test_a_place_opens_the_page_at_its_sentence_and_deleting_takes_all(visitor: Visitor, museum: Path) -> None:
    page = open_ask(visitor)
    add(page, museum)
    expect(page.locator("#ask-rail .docs .open")).to_have_text(["博物馆 guide.md2 passages"], timeout=SLOW)
    article = ask(page, "How long is the ropewalk?")
    article.locator(".others summary").click()
    page.locator("#ask-thread .cites li").filter(has_text="A ticket costs").first.click()
    expect(page.locator("#ask-sheet .sheet mark")).to_have_text("A ticket costs eight euros.")
    page.reload()
    open_ask(visitor)
    expect(page.locator("#ask-thread .qa h3")).to_have_text("How long is the ropewalk?")
    page.locator("#ask-rail .open").click()
    delete = page.locator("#ask-rail [data-do=delete]")
    delete.click()
    delete.click()  # it asks once more
    expect(page.locator("#ask-rail .docs li")).to_have_count(0)
    expect(page.locator("#ask-thread .qa")).to_have_count(0)
    expect(page.locator("#ask-thread .empty")).to_be_visible()


def test_a_file_that_cannot_be_read_is_named_and_costs_no_other(
    visitor: Visitor, museum: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing at all")
    page = open_ask(visitor)
    add(page, broken, museum)
    expect(page.locator("#ask-trouble .notice")).to_contain_text("broken.pdf", timeout=SLOW)
    expect(page.locator("#ask-rail .docs .open b")).to_have_text(["博物馆 guide.md"], timeout=SLOW)


def test_without_documents_the_question_stays_in_the_box(visitor: Visitor) -> None:
    page = open_ask(visitor)
    page.fill("#question textarea", "Where?")
    page.press("#question textarea", "Enter")
    expect(page.locator("#ask-notice .notice")).to_contain_text("no documents")
    expect(page.locator("#question textarea")).to_have_value("Where?")


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_it_fits_a_phone(visit: Callable[..., Visitor], museum: Path, language: str) -> None:
    visitor = visit(viewport={"width": 390, "height": 844}, locale=language, color_scheme="dark")
    page = open_ask(visitor)
    page.locator("#tab-ask .fold-button").first.click()
    add(page, museum)
    expect(page.locator("#ask-rail .docs .open")).to_have_count(1, timeout=SLOW)
    ask(page, "门票多少钱？")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize(
    ("tab", "menu"), [("summarize", "summary-model"), ("translate", "translate-model"), ("ask", "ask-model")]
)
def test_the_model_that_writes_can_be_picked(visitor: Visitor, tab: str, menu: str) -> None:
    page = visitor.page
    page.locator(f"#tab-{tab}-button").click()
    if tab == "summarize":
        page.locator("#summary-method label").nth(1).click()
    field = page.locator(f"#{menu} input")
    expect(field).to_have_value(re.compile("Auto|自动"), timeout=SLOW)
    field.click()
    expect(page.get_by_role("option")).not_to_have_count(1)
    page.get_by_role("option").nth(1).click()
    expect(field).not_to_have_value(re.compile("Auto|自动"))
