from __future__ import annotations

import re

import pytest

from llm_core.web.frame import STATIC
from llm_core.web.page import STYLES
from llm_core.web.theme import TOKENS, contrast, theme, tokens_css

GROUNDS = ("paper", "sunk", "raise")


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "accent", "accent-2", "doubt", "fault"])
def test_text_can_be_read_on_every_ground(ink: str, ground: str, scheme: int) -> None:
    assert contrast(TOKENS[ink][scheme], TOKENS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"), [("on-accent", "accent"), ("ink", "tint"), ("ink", "doubt-tint"), ("ink", "fault-tint")]
)
def test_text_can_be_read_on_its_colour(ink: str, ground: str, scheme: int) -> None:
    assert contrast(TOKENS[ink][scheme], TOKENS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_the_border_of_what_can_be_typed_in_is_seen(scheme: int) -> None:
    assert contrast(TOKENS["edge"][scheme], TOKENS["paper"][scheme]) >= 3


def test_every_variable_that_the_styles_use_is_defined() -> None:
    styles = "".join((STATIC / name).read_text("utf-8") for name in STYLES)
    # In the styles themselves, or in a style attribute that our code writes.
    ours = "".join(
        path.read_text("utf-8") for path in STATIC.parent.rglob("*") if path.suffix in (".py", ".js", ".css")
    )
    defined = set(re.findall(r"(--[\w-]+):", ours + tokens_css()))
    from_gradio = {"--range_progress"}
    assert set(re.findall(r"var\((--[\w-]+)", styles)) <= defined | from_gradio


def test_colours_stand_in_the_theme_alone() -> None:
    styles = "".join((STATIC / name).read_text("utf-8") for name in STYLES)
    assert not re.findall(r"#[0-9a-f]{3,8}\b(?=[;, ])", styles)


def test_the_gradio_theme_knows_no_colour_of_its_own_in_the_dark() -> None:
    css = theme()._get_theme_css()
    assert "--body-background-fill: var(--paper)" in css
    assert css.count("--body-background-fill: var(--paper)") == 2
