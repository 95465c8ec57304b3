"""Look inside models that read from both sides: the encoder that comes along, and a classifier trained here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_core.settings import Settings
from llm_core.training.config import Source
from llm_core.training.plan import plan
from llm_core.workbench.runs import Runs
from tests.browser.conftest import Server, Visitor
from tests.browser.test_inside import looked, opened

expect: Any = pytest.importorskip("playwright.sync_api").expect

CLASSIFIER = "moods"
TINY = {"layers": 1, "hidden": 32, "heads": 2, "feed_forward": 64, "dropout": 0.0}


@pytest.fixture(scope="module")
def classifier(server: Server) -> Iterator[str]:
    """A classifier of a few updates, trained by a process of its own as the page begins one."""
    runs = Runs(Settings(home=server.home, offline=True))
    more = {"objective": "label", "start": "none", "shape": TINY, "tokenizer": {"kind": "unigram", "vocabulary": 400}}
    source = Source(sample="sentiment-zh-en", characters=8_000)
    runs.start("", plan(CLASSIFIER, [source], family="encoder", steps=2, more=more))
    yield CLASSIFIER
    runs.delete("", CLASSIFIER)


def choose(page: Any, title: str) -> None:
    page.locator("#inside-model input").click()
    page.get_by_role("option", name=title, exact=True).last.click()


def numbers(page: Any) -> Any:
    """What is saved as JSON beside the picture."""
    with page.expect_download() as saving:
        page.locator("#inside-symbols [data-id=json]").click()
    return json.loads(Path(saving.value.path()).read_text("utf-8"))


@pytest.mark.timeout(400)
def test_an_encoder_tells_what_is_alike_and_what_each_word_is_worth(visitor: Visitor) -> None:
    page = opened(visitor)
    choose(page, "E5 small, Chinese and English")
    looked(page, "Boats are counted by an old man.\nAn old man counts the boats.\nIt snows in the mountains.")
    expect(page.locator("#inside-view label:visible")).to_have_text(["Likeness", "Attention", "Nearest words"])
    rows = page.locator("#inside-picture .given li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("An old man counts the boats.")
    near, far = (float(text) for text in rows.locator("b").all_text_contents())
    assert -1 < far < near - 0.2 < 0.8
    told = numbers(page)["views"]["likeness"]
    assert sorted(told["cosines"]) == pytest.approx([far, near], abs=1e-3)
    page.locator("#inside-picture .piece").first.click()
    expect(page.locator("#inside-picture .heading")).to_contain_text("without “Bo")


@pytest.mark.timeout(400)
def test_a_classifier_tells_which_words_decided(visitor: Visitor, server: Server, classifier: str) -> None:
    runs, page = Runs(Settings(home=server.home, offline=True)), visitor.page
    while (state := runs.get("", classifier).state) != "done":
        assert state != "failed"
        page.wait_for_timeout(200)
    opened(visitor)
    choose(page, classifier)
    looked(page, "The film was a joy.")
    rows = page.locator("#inside-picture .near li")
    expect(rows).to_have_count(3)
    chances = [float(text.rstrip("%")) for text in rows.locator("b").all_text_contents()]
    assert sum(chances) == pytest.approx(100, abs=0.5)
    assert chances == sorted(chances, reverse=True)
    told = numbers(page)["views"]["decision"]
    assert len(told["classes"]) == 3
    assert len(told["evidence"]) == page.locator("#inside-picture .piece:not(.next)").count()
