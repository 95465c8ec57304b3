"""Look inside: a sentence with the model made here and with the tiny one, from its pieces to its numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor

expect: Any = pytest.importorskip("playwright.sync_api").expect

NAMES = {"en": ("Train", "Look inside", "Attention", "Search tree"), "zh": ("训练", "透视", "注意力", "搜索树")}


def opened(visitor: Visitor, language: str = "en") -> Any:
    page, names = visitor.page, NAMES[language]
    page.get_by_role("tab", name=names[0], exact=True).first.click()
    page.get_by_role("radio", name=names[1], exact=True).check()
    expect(page.locator("#inside-text textarea")).not_to_have_value("")
    return page


def looked(page: Any, text: str = "") -> Any:
    if text:
        page.fill("#inside-text textarea", text)
    page.locator("#inside-go").click()
    page.locator("#inside-picture .piece").first.wait_for(timeout=60_000)
    expect(page.locator("#inside-go")).to_be_visible(timeout=60_000)
    return page


def test_a_sentence_is_seen_piece_by_piece(visitor: Visitor) -> None:
    page = looked(opened(visitor), "The old <b>ferryman</b> counted.")
    pieces = page.locator("#inside-picture .piece:not(.next)")
    assert (
        "".join(pieces.locator("> span").all_text_contents()).replace("␣", " ") == "The old <b>ferryman</b> counted."
    )
    expect(page.locator("#inside-bars .heading")).to_have_text("Expected after the text")
    expect(page.locator("#inside-formula .katex").first).to_be_visible()
    expect(page.locator("#inside-symbols .place")).to_contain_text("llm_core/insight/reading.py:")
    pieces.nth(1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(pieces.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#inside-bars .heading")).to_contain_text("Expected in place of")
    field = page.locator("#inside-temperature input[type=number]")
    field.fill("0")
    field.press("Tab")
    expect(page.locator("#inside-bars .bars b").first).to_have_text("100%")
    expect(page.locator("#inside-bars .bars .barred")).to_have_count(11)


def test_heads_are_chosen_and_their_numbers_saved(visitor: Visitor) -> None:
    page = looked(opened(visitor), "The boat came.")
    page.get_by_role("radio", name="Attention", exact=True).check()
    expect(page.locator("#inside-picture .all-heads button")).to_have_count(32)
    page.locator("#inside-picture .all-heads button").nth(13).click()
    expect(page.locator("#inside-layer input[type=number]")).to_have_value("4")
    expect(page.locator("#inside-head input[type=number]")).to_have_value("2")
    with page.expect_download() as saving:
        page.locator("#inside-symbols [data-id=json]").click()
    told = json.loads(saving.value.path().read_text("utf-8"))
    (maps,) = told["views"]["attention"]
    row = maps["weights"][3][1][2]
    assert sum(row) == pytest.approx(1, abs=1e-4)
    shown = page.locator("#inside-picture table.heat tr").nth(2).locator("td[style]")
    styles = shown.evaluate_all("cells => cells.map(cell => +cell.style.getPropertyValue('--a'))")
    assert styles == pytest.approx(row[:3], abs=1e-3)


def test_two_models_stand_side_by_side_and_grow_their_trees(visitor: Visitor) -> None:
    page = opened(visitor)
    page.locator("#inside-beside input").click()
    page.get_by_role("option", name="tiny", exact=True).last.click()
    looked(page, "The boat came.")
    expect(page.locator("#inside-picture .side")).to_have_count(2, timeout=60_000)
    page.get_by_role("radio", name="Search tree", exact=True).check()
    page.locator("#inside-grow").click()
    expect(page.locator("#inside-picture .tree")).to_have_count(2, timeout=60_000)
    for side in (0, 1):
        expect(page.locator("#inside-picture .side").nth(side).locator(".best").first).to_be_visible()
    page.get_by_role("radio", name="Attention", exact=True).check()
    expect(page.locator("#inside-picture .side").nth(1).locator(".absent")).to_contain_text("llama.cpp")


def test_what_was_looked_at_is_found_again_on_a_phone(visit: Callable[..., Visitor]) -> None:
    visitor = visit(viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark")
    page = looked(opened(visitor, "zh"))
    expect(page.locator("#inside-picture .pieces")).to_have_attribute("lang", "zh-CN")
    page.reload()
    page.locator("#thread .thread").wait_for()
    page = opened(visitor, "zh")
    page.locator("#inside-picture .piece").first.wait_for()
    page.get_by_role("radio", name="注意力", exact=True).check()
    page.locator("#inside-picture .all-heads").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_nothing_to_look_at_is_said_in_place(visitor: Visitor) -> None:
    page = opened(visitor)
    page.fill("#inside-text textarea", "  ")
    page.locator("#inside-go").click()
    expect(page.locator("#inside-notice .notice")).to_be_visible()
