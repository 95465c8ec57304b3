"""The look's numbers, once: colours for light and dark, type faces, and the Gradio theme that points at them.

style.css and the scripts use the same names as CSS variables (--ink, --accent ...). Nothing else holds a colour.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from llm_core.web.gradio import gr

# name: (light, dark)
TOKENS: dict[str, tuple[str, str]] = {
    "paper": ("#fcfcfb", "#131617"),  # the page
    "sunk": ("#f2f4f3", "#1b2021"),  # hover, code, lines that wait for text
    "raise": ("#ffffff", "#1f2526"),  # what can be typed in, menus
    "line": ("#dfe3e2", "#2c3334"),  # hairlines between things
    "edge": ("#848d8c", "#717c7d"),  # borders of what can be typed in or dragged (3:1)
    "ink": ("#171b1c", "#e7eae9"),  # text
    "ink-2": ("#455052", "#b6bebe"),  # labels, secondary text
    "ink-3": ("#626c6f", "#929c9d"),  # captions, units, placeholders
    "accent": ("#0b5f79", "#7fc6da"),  # azurite 石青, the only accent
    "accent-2": ("#084a5f", "#a4d9e8"),  # the accent, hovered
    "on-accent": ("#ffffff", "#0b1a1f"),  # text on the accent
    "tint": ("#dfecf0", "#17323b"),  # the accent as a marker pen under text
    "doubt": ("#855400", "#dfb362"),  # look here again: a signal, not a second accent
    "doubt-tint": ("#f8ecd4", "#352b16"),
    "fault": ("#a1281d", "#f19a8e"),  # it did not work
    "fault-tint": ("#fae8e5", "#3b211e"),
}

# No font is fetched. Latin faces come first, so that letters and figures keep them; under `zh` style.css puts faces
# before these that take only the punctuation which both scripts share.
SANS = (
    "-apple-system", "Segoe UI Variable Text", "Segoe UI", "Inter", "Roboto", "PingFang SC", "Hiragino Sans GB",
    "Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Noto Sans", "sans-serif",
)  # fmt: skip
SERIF = (
    "Charter", "Charis SIL", "Cambria", "Noto Serif", "DejaVu Serif Condensed", "Songti SC", "Noto Serif CJK SC",
    "Noto Serif SC", "Source Han Serif SC", "PingFang SC", "Microsoft YaHei", "serif",
)  # fmt: skip
SERIF_ZH = (  # a lighter Latin beside Song type; never SimSun
    "Math Marks", "Han Marks Serif", "Palatino", "Cambria", "Songti SC", "Noto Serif CJK SC", "Noto Serif SC",
    "Source Han Serif SC", "PingFang SC", "Microsoft YaHei", "serif",
)  # fmt: skip
MONO = (
    "ui-monospace", "SF Mono", "Cascadia Mono", "Consolas", "IBM Plex Mono", "DejaVu Sans Mono", "Noto Sans CJK SC",
    "monospace",
)  # fmt: skip
_GENERIC = {"serif", "sans-serif", "monospace", "ui-monospace", "-apple-system"}


def tokens_css() -> str:
    """The tokens as CSS variables, for light and for dark."""
    faces = {"sans": SANS, "serif": SERIF, "serif-zh": SERIF_ZH, "mono": MONO}
    fonts = "".join(f"--{name}:{_font_family(names)};" for name, names in faces.items())
    light = "".join(f"--{name}:{pair[0]};" for name, pair in TOKENS.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in TOKENS.items())
    return f":root{{{light}{fonts}color-scheme:light}}:root[data-theme=dark],.dark{{{dark}color-scheme:dark}}"


def contrast(a: str, b: str) -> float:
    """WCAG 2 contrast ratio of two #rrggbb colours, 1 to 21."""
    bright, dim = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def theme() -> gr.themes.Base:
    """The Gradio theme: its variables point at the tokens, the same ones in light and dark."""
    base = gr.themes.Base(
        primary_hue=_AZURITE, secondary_hue=_AZURITE, neutral_hue=_SLATE, text_size=_TEXT, spacing_size=_SPACE,
        radius_size=_ROUND, font=list(SANS), font_mono=list(MONO),
    )  # fmt: skip
    colours = {name: _variable(token) for name, token in _COLOURS.items()} | _buttons()
    known = inspect.signature(base.set).parameters
    # Left unset, a dark value would be resolved where the light one is.
    dark = {f"{name}_dark": value for name, value in colours.items() if f"{name}_dark" in known}
    return base.set(**colours, **dark, **_SHAPES)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _font_family(names: Sequence[str]) -> str:
    return ",".join(name if name in _GENERIC else f"'{name}'" for name in names)


def _variable(token: str) -> str:
    return token if token in ("transparent", "none") or token.endswith("px") else f"var(--{token})"


def _hue(name: str, *steps: str) -> gr.themes.Color:
    shades = ("c50", "c100", "c200", "c300", "c400", "c500", "c600", "c700", "c800", "c900", "c950")
    return gr.themes.Color(name=name, **dict(zip(shades, steps, strict=True)))


def _size(name: str, *steps: str) -> gr.themes.Size:
    return gr.themes.Size(name=name, **dict(zip(("xxs", "xs", "sm", "md", "lg", "xl", "xxl"), steps, strict=True)))


def _buttons() -> dict[str, str]:
    quiet = {"": "transparent", "_hover": "sunk"}, "ink", "edge"
    kinds = {"primary": ({"": "accent", "_hover": "accent-2"}, "on-accent", "accent"), "secondary": quiet}
    values: dict[str, str] = {}
    for kind, (fills, text, border) in (kinds | {"cancel": quiet}).items():
        for state, fill in fills.items():
            values[f"button_{kind}_background_fill{state}"] = _variable(fill)
            values[f"button_{kind}_text_color{state}"] = _variable(text)
            values[f"button_{kind}_border_color{state}"] = _variable(border)
        for state in ("", "_hover", "_active"):
            values[f"button_{kind}_shadow{state}"] = "none"
    return values


_AZURITE = _hue(
    "azurite", "#eef6f8", "#dfecf0", "#bcdae3", "#8fc3d2", "#4f9fb6", "#1f7c98", "#0b5f79", "#084a5f", "#093c4d",
    "#0b2f3c", "#0b1a1f",
)  # fmt: skip
_SLATE = _hue(
    "slate", "#fcfcfb", "#f2f4f3", "#dfe3e2", "#b9c0bf", "#848d8c", "#626c6f", "#455052", "#2c3334", "#1f2526",
    "#171b1c", "#131617",
)  # fmt: skip
_TEXT = _size("wb_text", "11px", "12px", "13px", "14px", "15px", "17px", "22px")
_SPACE = _size("wb_space", "2px", "4px", "6px", "8px", "12px", "16px", "24px")
_ROUND = _size("wb_round", "2px", "2px", "3px", "4px", "4px", "6px", "6px")

_COLOURS = {
    "body_background_fill": "paper",
    "body_text_color": "ink",
    "body_text_color_subdued": "ink-3",
    "background_fill_primary": "paper",
    "background_fill_secondary": "sunk",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "color_accent_soft": "tint",
    "link_text_color": "accent",
    "link_text_color_hover": "accent-2",
    "link_text_color_active": "accent-2",
    "link_text_color_visited": "accent",
    "code_background_fill": "sunk",
    "block_background_fill": "transparent",
    "block_border_color": "line",
    "block_border_width": "0px",
    "block_info_text_color": "ink-3",
    "block_label_background_fill": "transparent",
    "block_label_border_width": "0px",
    "block_label_text_color": "ink-2",
    "block_shadow": "none",
    "block_title_text_color": "ink-2",
    "block_title_background_fill": "transparent",
    "panel_background_fill": "transparent",
    "panel_border_width": "0px",
    "accordion_text_color": "ink",
    "input_background_fill": "raise",
    "input_background_fill_focus": "raise",
    "input_border_color": "edge",
    "input_border_color_hover": "ink-3",
    "input_border_color_focus": "accent",
    "input_placeholder_color": "ink-3",
    "input_shadow": "none",
    "slider_color": "accent",
    "loader_color": "accent",
    "stat_background_fill": "accent",
    "error_background_fill": "fault-tint",
    "error_border_color": "fault",
    "error_text_color": "fault",
    "error_icon_color": "fault",
    "shadow_spread": "0px",
    "checkbox_background_color": "raise",
    "checkbox_background_color_selected": "accent",
    "checkbox_border_color": "edge",
    "checkbox_border_color_selected": "accent",
    "checkbox_label_background_fill": "transparent",
    "checkbox_label_background_fill_hover": "transparent",
    "checkbox_label_background_fill_selected": "transparent",
    "checkbox_label_text_color": "ink-2",
    "checkbox_label_text_color_selected": "ink",
}

_SHAPES = {
    "color_accent": "var(--accent)",
    "block_padding": "0px",
    "block_radius": "0px",
    "block_label_padding": "0px",
    "block_label_text_size": "13px",
    "block_label_text_weight": "500",
    "block_title_text_size": "13px",
    "block_title_text_weight": "500",
    "block_info_text_size": "12px",
    "container_radius": "0px",
    "form_gap_width": "0px",
    "layout_gap": "16px",
    "input_border_width": "1px",
    "input_padding": "8px 10px",
    "input_radius": "4px",
    "input_text_size": "14px",
    "button_border_width": "1px",
    "button_large_padding": "8px 16px",
    "button_large_text_size": "14px",
    "button_large_text_weight": "500",
    "button_large_radius": "4px",
    "button_medium_padding": "7px 14px",
    "button_medium_text_size": "14px",
    "button_medium_text_weight": "500",
    "button_medium_radius": "4px",
    "button_small_padding": "4px 10px",
    "button_small_text_size": "13px",
    "button_small_text_weight": "500",
    "button_small_radius": "4px",
    "button_transition": "background-color 120ms ease-out, border-color 120ms ease-out",
    "button_transform_hover": "none",
    "button_transform_active": "none",
    "body_text_size": "14px",
    "body_text_weight": "400",
    "prose_text_size": "14px",
    "checkbox_label_border_width": "0px",
    "checkbox_label_shadow": "none",
}
