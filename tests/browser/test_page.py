"""The frame: two languages, light and dark, a phone, the keyboard, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from llm_core.messages import say
from llm_core.web.page import TABS
from llm_core.web.theme import contrast
from tests.browser.conftest import Visitor

expect: Any = pytest.importorskip("playwright.sync_api").expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TEXT_CONTRAST_MIN = 4.5

# Every piece of visible text with the colours that it is painted in, as rgb triples.
PAINTED = """() => {
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/rgba\\(.*, 0\\)|transparent/.test(colour)) return colour;
    }
    return getComputedStyle(document.documentElement).backgroundColor;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const shown = parent.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!node.textContent.trim() || !shown) continue;
    const box = parent.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || parent.closest("button:disabled, .sr-only")) continue;
    found.push([node.textContent.trim().slice(0, 40), getComputedStyle(parent).color, ground(parent)]);
  }
  return found;
}"""


def hex_colour(rgb: str) -> str:
    red, green, blue = (int(part) for part in rgb[rgb.index("(") + 1 : -1].split(",")[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


@pytest.mark.parametrize(
    ("locale", "tab", "box"),
    [("zh-CN", "对话", "写点什么"), ("zh-HK", "对话", "写点什么"), ("fr-FR", "Chat", "Write a message")],
)
def test_the_page_speaks_the_browser_s_language(
    visit: Callable[..., Visitor], locale: str, tab: str, box: str
) -> None:
    page = visit(locale=locale).page
    expect(page.get_by_role("tab", name=tab, exact=True).first).to_have_attribute("aria-selected", "true")
    expect(page.get_by_placeholder(box)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == ("zh-CN" if locale.startswith("zh") else "en")
    assert "__i18n__" not in page.locator("body").inner_text()


def test_language_and_theme_can_be_switched_and_stay(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_placeholder("写点什么")).to_be_visible()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="明暗").click()
    page.wait_for_function("was => getComputedStyle(document.body).backgroundColor !== was", arg=light)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    expect(page.get_by_placeholder("写点什么")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_every_tab_says_what_stands_there(visitor: Visitor) -> None:
    page = visitor.page
    for tab in TABS:
        page.get_by_role("tab", name=say("en", f"page.tab_{tab.name}"), exact=True).first.click()
        panel = page.locator(f"#tab-{tab.name}")
        expect(panel).to_contain_text(re.compile(r"\w{3}"))
        assert "__i18n__" not in panel.inner_text()


@pytest.mark.parametrize("options", [{"locale": "zh-CN", "color_scheme": "dark"}, {"locale": "en-US"}])
def test_a_phone_shows_everything_and_never_scrolls_sideways(
    visit: Callable[..., Visitor], options: dict[str, str]
) -> None:
    visitor = visit(**PHONE, **options)
    page = visitor.page
    visitor.send("https://example.org/" + "long" * 60)
    visitor.wait_until_written()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for drawer in page.locator(".fold-button").all():
        drawer.click()
    expect(page.locator("#rail .open").first).to_be_visible()
    expect(page.locator("#temperature")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#tabs [role=tab]:visible").count() == 6


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(visit: Callable[..., Visitor], scheme: str) -> None:
    visitor = visit(color_scheme=scheme)
    visitor.send("How well can this be read?")
    visitor.wait_until_written()
    visitor.send(" ")
    expect(visitor.page.locator("#notice .notice")).to_be_visible()
    painted = visitor.page.evaluate(PAINTED)
    assert len(painted) > 20
    pale = [(text, ink, ground) for text, ink, ground in painted if _contrast(ink, ground) < TEXT_CONTRAST_MIN]
    assert not pale


def test_the_keyboard_reaches_what_the_mouse_does(visitor: Visitor) -> None:
    page = visitor.page
    visitor.send("By keyboard")
    visitor.wait_until_written()
    page.locator("#new").focus()
    reached: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.do ?? document.activeElement.className"))
        if "submit-button" in reached[-1]:
            break
    for wanted in ("open", "rename", "delete", "save", "edit", "retry", "undo", "copy"):
        assert wanted in reached, reached
    assert any("reply" in name for name in reached)
    assert "submit-button" in reached[-1], reached


def _contrast(ink: str, ground: str) -> float:
    return contrast(hex_colour(ink), hex_colour(ground))
