"""The components of Look inside: the sentence and its picture, and a margin with formula, symbols and dials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llm_core.web.frame import STATIC, fold, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import t
from llm_core.web.inside.shown import Spot

LATEX = [{"left": "$$", "right": "$$", "display": True}]
FIRST_VIEW = "surprise"
KINDS = ("cross", "encoder", "decoder")  # of attention in an encoder-decoder; elsewhere there is one
VIEWS = (
    "surprise",
    "filling",
    "decision",
    "likeness",
    "attention",
    "states",
    "latent",
    "neighbours",
    "matrix",
    "tree",
)


@dataclass(frozen=True)
class Screen:
    """Every component that a handler reads or writes."""

    spot: gr.State
    text: gr.Textbox
    model: gr.Dropdown
    beside: gr.Dropdown
    go: gr.Button
    stop: gr.Button
    notice: gr.HTML
    result: gr.Row
    view: gr.Radio
    picture: gr.HTML
    kind: gr.Radio
    heads: gr.Column
    layer: gr.Slider
    head: gr.Slider
    formula: gr.Markdown
    symbols: gr.HTML
    drawing: gr.Column
    bars: gr.HTML
    dials: tuple[gr.Slider, ...]  # temperature, top-k, top-p, min-p
    search: gr.Column
    width: gr.Slider
    depth: gr.Slider
    grow: gr.Button
    saved: gr.HTML

    @property
    def margin(self) -> list[Any]:
        """What `Aim.of` is made from."""
        return [self.view, self.kind, self.layer, self.head, *self.dials]


def build() -> Screen:
    """The question above, what came of it below."""
    spot = gr.State(Spot())
    text, model, beside, go, stop = _question()
    notice = html("", elem_id="inside-notice")
    with gr.Row(elem_classes=["grid", "inside"], visible=False) as result:
        with gr.Column(elem_classes=["area-main"]):
            view = gr.Radio(
                [(t(f"inside.{name}"), name) for name in VIEWS], value=FIRST_VIEW, label=t("inside.view"),
                interactive=True, elem_id="inside-view", elem_classes=["words"],
            )  # fmt: skip
            picture = html("", elem_id="inside-picture", js_on_load=_script("inside.js"))
        with gr.Column(elem_classes=["area-side"]), fold("inside.margin"):
            kind, heads, layer, head = _heads()
            search, width, depth, grow = _search()
            formula = gr.Markdown("", latex_delimiters=LATEX, elem_id="inside-formula")  # type: ignore[arg-type]
            symbols = html("", elem_id="inside-symbols", css_class="margin", js_on_load=_script("inside.js"))
            with gr.Column(elem_classes=["inside-drawing"]) as drawing:
                bars = html("", elem_id="inside-bars", css_class="margin")
                dials = _dials()
    saved = html(None, html_template="<i></i>", js_on_load=_script("save-file.js"), elem_id="inside-saved")
    return Screen(
        spot, text, model, beside, go, stop, notice, result, view, picture, kind, heads, layer, head, formula,
        symbols, drawing, bars, dials, search, width, depth, grow, saved,
    )  # fmt: skip


def outputs(screen: Screen) -> list[Any]:
    """All that a handler may change."""
    return [
        screen.spot, screen.text, screen.model, screen.beside, screen.go, screen.stop, screen.notice, screen.result,
        screen.view, screen.picture, screen.kind, screen.heads, screen.layer, screen.head, screen.formula,
        screen.symbols, screen.drawing, screen.bars, screen.search, screen.grow, screen.saved,
    ]  # fmt: skip


def _question() -> tuple[gr.Textbox, gr.Dropdown, gr.Dropdown, gr.Button, gr.Button]:
    text = gr.Textbox(
        label=t("inside.text"),
        lines=2,
        max_lines=6,
        interactive=True,
        elem_id="inside-text",
        elem_classes=["sentence"],
    )
    with gr.Row(elem_classes=["inside-tools"]):
        model = gr.Dropdown(
            [("…", "")], value="", label=t("inside.model"), interactive=True, elem_id="inside-model", min_width=160
        )
        beside = gr.Dropdown(
            [("…", "")], value="", label=t("inside.beside"), interactive=True, elem_id="inside-beside", min_width=160
        )
        go = gr.Button(t("inside.go"), variant="primary", elem_id="inside-go", min_width=120)
        stop = gr.Button(t("inside.stop"), visible=False, elem_id="inside-stop", min_width=120)
    return text, model, beside, go, stop


def _heads() -> tuple[gr.Radio, gr.Column, gr.Slider, gr.Slider]:
    with gr.Column(visible=False, elem_classes=["inside-heads"]) as heads:
        kind = gr.Radio(
            [(t(f"inside.kind_{kind}"), kind) for kind in KINDS], value=KINDS[0], label=t("inside.kind"),
            interactive=True, visible=False, elem_id="inside-kind", elem_classes=["words", "stacked"],
        )  # fmt: skip
        with gr.Row(elem_classes=["pair-of-sliders"]):
            layer = _slider("layer", 1, 2, 1, 1)
            head = _slider("head", 1, 2, 1, 1)
    return kind, heads, layer, head


def _search() -> tuple[gr.Column, gr.Slider, gr.Slider, gr.Button]:
    with gr.Column(visible=False, elem_classes=["inside-search"]) as search:
        with gr.Row(elem_classes=["pair-of-sliders"]):
            width = _slider("width", 1, 6, 3, 1)
            depth = _slider("depth", 1, 24, 6, 1)
        grow = gr.Button(t("inside.grow"), elem_id="inside-grow")
    return search, width, depth, grow


def _dials() -> tuple[gr.Slider, ...]:
    gr.Markdown(r"$$p_i=\frac{\exp(z_i/T)}{\sum_j\exp(z_j/T)}$$", latex_delimiters=LATEX)  # type: ignore[arg-type]
    return (
        _slider("temperature", 0, 2, 1, 0.05),
        _slider("top_k", 0, 100, 0, 1),
        _slider("top_p", 0, 1, 1, 0.01),
        _slider("min_p", 0, 1, 0, 0.01),
    )


def _slider(name: str, low: float, high: float, value: float, step: float) -> gr.Slider:
    return gr.Slider(
        low, high, value, step=step, label=t(f"inside.{name}"), interactive=True, buttons=[],
        elem_id=f"inside-{name.replace('_', '-')}", min_width=100,
    )  # fmt: skip


def _script(name: str) -> str:
    return (STATIC / name).read_text("utf-8")
