"""The Models sheet in a real browser: opened from the header, in both languages, wide and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor

expect: Any = pytest.importorskip("playwright.sync_api").expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def opened(visitor: Visitor) -> Any:
    visitor.page.locator("#head [data-act=models]").click()
    sheet = visitor.page.locator("dialog.models")
    expect(sheet.locator("[data-part=sources] li").first).to_be_visible()
    return sheet


@pytest.mark.parametrize(("locale", "title"), [("zh-CN", "模型"), ("en-US", "Models")])
@pytest.mark.parametrize("screen", [{}, PHONE], ids=["wide", "phone"])
def test_it_opens_fits_and_closes(
    visit: Callable[..., Visitor], locale: str, title: str, screen: dict[str, Any]
) -> None:
    visitor = visit(locale=locale, **screen)
    sheet = opened(visitor)
    expect(sheet.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(sheet.locator("[data-part=here]")).to_contain_text("tiny")
    size = "node => [node.scrollWidth, node.clientWidth]"
    wide, room = sheet.evaluate(size)
    assert wide <= room
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visitor.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_offline_a_look_is_refused_with_a_sentence_and_what_was_entered_stays(visitor: Visitor) -> None:
    sheet = opened(visitor)
    field = sheet.locator("[data-part=any] input[name=name]")
    field.fill("Qwen/Qwen3-0.6B-GGUF")
    field.press("Enter")
    expect(sheet.locator("[data-part=told] [role=alert]")).to_be_visible()
    expect(field).to_have_value("Qwen/Qwen3-0.6B-GGUF")


def test_a_choice_of_sources_is_kept(visitor: Visitor) -> None:
    sheet = opened(visitor)
    sheet.locator("[data-kind=index]").uncheck()
    sheet.locator("input[name=peer]").fill("teacher")
    sheet.locator("[data-part=sources] button.plain").click()
    expect(sheet.locator("[data-part=told] [role=status]")).to_be_visible()
    visitor.page.reload()
    visitor.page.locator("#thread .thread").wait_for()
    sheet = opened(visitor)
    expect(sheet.locator("[data-kind=index]")).not_to_be_checked()
    expect(sheet.locator("input[name=peer]")).to_have_value("http://teacher:7860")
