"""Ask in a browser: examples, citations that open the page, files that fail, coming back, deleting, phones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_core.catalog import bundled
from llm_core.settings import Settings
from llm_core.workbench import Workbench
from tests.browser.conftest import Visitor
from tests.tiny_understanding import with_threshold

expect: Any = pytest.importorskip("playwright.sync_api").expect

SLOW = 60_000  # the encoder is converted with the first document
MUSEUM = "# Museum\n\nThe ropewalk is 312 metres long.\n\n# Tickets\n\nA ticket costs eight euros.\n"


@pytest.fixture(scope="module")
def with_reader(
    understanding: Path, converted_encoder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a page that has a reader and no language model."""
    from llm_core.web import page

    home = tmp_path_factory.mktemp("reading") / "home"
    shutil.copytree(converted_encoder, home / "conversions")
    models = with_threshold(understanding, tmp_path_factory.mktemp("models"), -8.0)
    with pytest.MonkeyPatch.context() as patch, Workbench(Settings(home=home, offline=True)) as workbench:
        patch.setattr(bundled, "FOLDER", models)
        built = page.build(workbench)
        yield page.launch(workbench, built, port=0, wait=False)
        built.close(verbose=False)


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


@pytest.mark.timeout(400)
def test_the_words_that_were_read_stand_out_and_their_reader_is_named(
    visit: Callable[..., Visitor], with_reader: str, tmp_path: Path
) -> None:
    path = tmp_path / "people.md"
    path.write_text("Ann lives in Rome, 7.\n", "utf-8")
    page = open_ask(visit(with_reader))
    add(page, path)
    expect(page.locator("#ask-rail .docs .open b")).to_have_text(["people.md"], timeout=SLOW)
    article = ask(page, "Where does Ann live?")
    expect(article.locator(".answer mark.exact")).to_have_text("Rome")
    expect(article.locator(".cites mark b")).to_have_text("Rome")
    expect(article.locator(".measured")).to_contain_text("tiny-reader")
    expect(page.locator("#ask-sheet .sheet mark")).to_have_text("Ann lives in Rome, 7.")


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
