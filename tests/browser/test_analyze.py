"""The Analyze tab: a text with its marks and its graph, rows of a table, labels of one's own, and what is missing.

The models are the tiny ones of `understanding`, served by this process: what a copy of the program without models
shows is looked at on the server that all tabs share.
"""

from __future__ import annotations

import csv
import io
import json
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

expect: Any = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.timeout(400)

TEXT = (
    "Ann lives in Rome, 7. The soup, lovely 3. The <b>film</b>, dreadful 4.\n\n"
    "Bob lives in Oslo, 12. 小红住在杭州，3。"
)
LONG_MS = 90_000  # models are converted when they are first used


@pytest.fixture(scope="module")
def with_models(
    understanding: Path, converted_encoder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a page that has a model for everything."""
    from llm_core.web import page

    home = tmp_path_factory.mktemp("analyzing") / "home"
    shutil.copytree(converted_encoder, home / "conversions")
    with pytest.MonkeyPatch.context() as patch, Workbench(Settings(home=home, offline=True)) as workbench:
        patch.setattr(bundled, "FOLDER", understanding)
        built = page.build(workbench)
        yield page.launch(workbench, built, port=0, wait=False)
        built.close(verbose=False)


def opened(visitor: Visitor) -> Any:
    page = visitor.page
    name = "分析" if page.evaluate("document.documentElement.lang").startswith("zh") else "Analyze"
    page.get_by_role("tab", name=name, exact=True).first.click()
    return page


def downloaded(page: Any, button: Any) -> str:
    with page.expect_download() as download:
        button.click()
    return Path(download.value.path()).read_text("utf-8-sig")


def test_a_text_shows_what_was_found_and_its_graph_leads_back_to_it(
    visit: Callable[..., Visitor], with_models: str
) -> None:
    visitor = visit(with_models)
    page = opened(visitor)
    page.fill("#analyze-text textarea", TEXT)
    page.locator("#analyze-go").click()
    sentences = page.locator("#analyzed .sent")
    expect(page.locator("wb-graph .node").first).to_be_visible(timeout=LONG_MS)
    expect(sentences).to_have_count(5)
    expect(sentences.nth(2)).to_contain_text("The <b>film</b>, dreadful")
    assert page.locator("#analyzed b").count() == 0
    expect(sentences.nth(1)).to_have_class("sent up")
    expect(page.locator("#analyzed .ent.is-person").first).to_have_text("Ann")
    expect(page.locator("#analyze-side .mood i")).to_have_count(5)
    expect(page.locator("#analyze-side .measured").first).to_have_text("tiny-sentiment has not been measured yet.")
    sentences.nth(1).hover()
    expect(page.locator(".tip")).to_contain_text("positive")
    sentences.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(sentences.nth(1)).to_be_focused()
    # the graph by keyboard: the first name, its first relation, the sentence that says so
    page.locator("wb-graph svg[role=application]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator("wb-graph .told blockquote p").first).not_to_be_empty()
    said = page.locator("wb-graph .told blockquote p").first.text_content()
    page.locator("wb-graph .told [data-go]").first.click()
    assert page.evaluate("document.activeElement.textContent") == said
    nodes = page.locator("wb-graph .node").count()
    page.locator("wb-graph .ticks input").first.uncheck()
    expect(page.locator("wb-graph .node.person")).to_have_count(0)
    graph = json.loads(downloaded(page, page.get_by_role("button", name="JSON")))
    assert len(graph["nodes"]) >= nodes and {"Ann", "Rome"} <= {node["label"] for node in graph["nodes"]}
    page.reload()
    page = opened(visitor)
    expect(page.locator("#analyzed .sent")).to_have_count(5)
    expect(page.locator("wb-graph .node")).to_have_count(nodes)


def test_a_graph_is_dragged_and_zoomed_and_always_begins_alike(
    visit: Callable[..., Visitor], with_models: str
) -> None:
    page = opened(visit(with_models))
    page.fill("#analyze-text textarea", TEXT)
    page.locator("#analyze-go").click()
    node = page.locator("wb-graph .node").first
    node.wait_for(timeout=LONG_MS)
    page.locator("wb-graph").scroll_into_view_if_needed()
    before = node.get_attribute("transform")
    shape = node.locator("circle, path, rect").last.bounding_box()
    page.mouse.move(shape["x"] + 5, shape["y"] + 5)
    page.mouse.down()
    page.mouse.move(shape["x"] + 65, shape["y"] + 45, steps=4)
    page.mouse.up()
    expect(page.locator("wb-graph .node").first).not_to_have_attribute("transform", before)
    page.get_by_role("button", name="Zoom in").click()
    expect(page.locator("wb-graph svg[role=application] > g")).to_have_attribute(
        "transform", re.compile(r"translate\(-\S+ -\S+\) scale\(1.25\)")
    )
    page.get_by_role("button", name="Fit").click()
    expect(page.locator("wb-graph .node").first).to_have_attribute("transform", before)


def test_labels_are_taught_tried_and_asked_of_a_table(visit: Callable[..., Visitor], with_models: str) -> None:
    page = opened(visit(with_models))
    page.get_by_role("radio", name="Own labels").check()
    page.locator("#analyze-labels-go").click()
    expect(page.locator("#analyze-labels-notice .notice")).to_be_visible()
    page.locator("#analyze-labels-start button").click()
    expect(page.locator("#analyze-labels-name input, #analyze-labels-name textarea")).to_have_value("Library desk")
    page.locator("#analyze-labels-go").click()
    kept = page.locator("#analyze-labels-kept")
    expect(kept).to_contain_text("right in cross-validation with 24 examples", timeout=LONG_MS)
    page.locator("#analyze-probe").locator("input, textarea").fill("Can I keep it another week?")
    page.keyboard.press("Enter")
    expect(page.locator("#analyze-probe-told")).to_contain_text("renew")
    page.get_by_role("radio", name="A table").check()
    page.locator("#analyze-table .starts button").click()
    expect(page.locator("#analyze-table h2")).to_have_text("reviews.en.csv")
    page.get_by_role("checkbox", name="Library desk").check()
    page.locator("#analyze-table-go").click()
    save = page.locator("#analyze-table [data-do=save]")
    expect(save).to_be_visible(timeout=LONG_MS)
    rows = list(csv.DictReader(io.StringIO(downloaded(page, save))))
    assert len(rows) == 16 and {row["Library desk"] for row in rows} <= {"renew", "find", "visit"}
    assert {row["sentiment"] for row in rows} <= {"positive", "negative"}
    page.reload()
    page.locator("#thread .thread").wait_for()
    page.get_by_role("tab", name="Analyze", exact=True).first.click()
    expect(page.locator("#analyze-table [data-do=save]")).to_be_visible()


def test_without_models_a_phone_says_so_once_and_shows_the_rest(visit: Callable[..., Visitor]) -> None:
    visitor = visit(viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark")
    page = opened(visitor)
    page.locator("#analyze-go").click()
    expect(page.locator("#analyze-notice .notice")).to_be_visible()
    page.locator("#analyze-start .starts button").first.click()
    side = page.locator("#analyze-side")
    expect(side).to_contain_text("关键词")
    expect(side.get_by_text("还没有这些模型")).to_have_count(1)
    expect(page.locator("#analyzed h2")).to_have_text("桥头小学")
    expect(page.locator("#analyze-write-go")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
