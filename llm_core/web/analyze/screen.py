"""The components of the Analyze tab: a text, a table, own labels, each a page with its margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llm_core.web import model_menu
from llm_core.web.frame import STATIC, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import t
from llm_core.workbench.tables import SUFFIXES

FILE_TYPES: Final = [".txt", ".md", ".html", ".htm", ".docx", ".pdf"]
MODES: Final = ("text", "table", "labels")


@dataclass(frozen=True)
class TextPart:
    """A text: what goes in at the left, what was found over it, what the instrument says at the right."""

    place: gr.Row
    edit: gr.Column
    text: gr.Textbox
    upload: gr.UploadButton
    start: gr.HTML
    shown: gr.HTML
    graph: gr.HTML
    write: gr.Column
    model: gr.Dropdown
    write_go: gr.Button
    go: gr.Button
    stop: gr.Button
    notice: gr.HTML
    side: gr.HTML
    saved: gr.HTML


@dataclass(frozen=True)
class TablePart:
    """A table: its rows at the left, what to look for at the right."""

    place: gr.Row
    upload: gr.UploadButton
    shown: gr.HTML
    dials: gr.Column
    column: gr.Dropdown
    what: gr.CheckboxGroup
    go: gr.Button
    stop: gr.Button
    notice: gr.HTML
    saved: gr.HTML


@dataclass(frozen=True)
class LabelsPart:
    """Own labels: examples at the left, what was learned at the right."""

    place: gr.Row
    name: gr.Textbox
    examples: gr.Textbox
    start: gr.HTML
    go: gr.Button
    stop: gr.Button
    notice: gr.HTML
    kept: gr.HTML
    try_it: gr.Column
    probe: gr.Textbox
    told: gr.HTML


@dataclass(frozen=True)
class Screen:
    """Every component that a handler reads or writes."""

    mode: gr.Radio
    text: TextPart
    table: TablePart
    labels: LabelsPart


def build() -> Screen:
    """The choice of what is analyzed, and the three pages."""
    mode = gr.Radio(
        [(t(f"analyze.mode_{name}"), name) for name in MODES], value="text", label=t("analyze.mode"),
        show_label=False, interactive=True, elem_id="analyze-mode", elem_classes=["segments"],
    )  # fmt: skip
    return Screen(mode, _text(), _table(), _labels())


def _text() -> TextPart:
    script = _script("analyze.js")
    with gr.Row(elem_classes=["grid", "analyze"], elem_id="analyze-text-page") as place:
        with gr.Column(elem_classes=["area-main"]):
            with gr.Column(elem_id="analyze-edit") as edit:
                text = gr.Textbox(
                    label=t("analyze.paste"), lines=10, max_lines=24, interactive=True, elem_id="analyze-text"
                )
                upload = _upload("analyze.upload", FILE_TYPES, "analyze-upload")
                start = html("", elem_id="analyze-start", js_on_load=script)
            shown = html("", elem_id="analyzed", js_on_load=script)
            graph = html("", elem_id="analyze-graph", js_on_load=script)
            with gr.Column(visible=False, elem_id="analyze-write") as write:
                model = model_menu.build("analyze-model")
                write_go = gr.Button(t("analyze.write"), size="sm", elem_id="analyze-write-go")
        with gr.Column(elem_classes=["area-side"]):
            go, stop, notice = _buttons("analyze.go", "analyze")
            side = html("", elem_id="analyze-side", css_class="analysis", js_on_load=script)
    saved = _saved("analyze-saved")
    return TextPart(
        place, edit, text, upload, start, shown, graph, write, model, write_go, go, stop, notice, side, saved
    )


def _table() -> TablePart:
    with gr.Row(elem_classes=["grid", "analyze"], visible=False, elem_id="analyze-table-page") as place:
        with gr.Column(elem_classes=["area-main"]):
            upload = _upload("analyze.table_upload", list(SUFFIXES), "analyze-table-upload")
            shown = html("", elem_id="analyze-table", js_on_load=_script("analyze.js"))
        with gr.Column(elem_classes=["area-side"]):
            with gr.Column(visible=False) as dials:
                column = gr.Dropdown([], label=t("analyze.column"), interactive=True, elem_id="analyze-column")
                what = gr.CheckboxGroup([], label=t("analyze.look_for"), interactive=True, elem_id="analyze-what")
            go, stop, notice = _buttons("analyze.table_go", "analyze-table", visible=False)
    return TablePart(place, upload, shown, dials, column, what, go, stop, notice, _saved("analyze-table-saved"))


def _labels() -> LabelsPart:
    script = _script("analyze.js")
    with gr.Row(elem_classes=["grid", "analyze"], visible=False, elem_id="analyze-labels-page") as place:
        with gr.Column(elem_classes=["area-main"]):
            start = html("", elem_id="analyze-labels-start", js_on_load=script)
            name = gr.Textbox(
                label=t("analyze.labels_name"), max_lines=1, max_length=80, interactive=True,
                elem_id="analyze-labels-name",
            )  # fmt: skip
            examples = gr.Textbox(
                label=t("analyze.labels_examples"), lines=14, max_lines=28, interactive=True,
                elem_id="analyze-examples",
            )  # fmt: skip
        with gr.Column(elem_classes=["area-side"]):
            go, stop, notice = _buttons("analyze.labels_go", "analyze-labels")
            kept = html("", elem_id="analyze-labels-kept", css_class="analysis", js_on_load=script)
            with gr.Column(visible=False) as try_it:
                probe = gr.Textbox(
                    label=t("analyze.labels_probe"), lines=1, max_lines=3, interactive=True,
                    submit_btn=t("analyze.labels_probe_go"), elem_id="analyze-probe",
                )  # fmt: skip
                told = html("", elem_id="analyze-probe-told", css_class="analysis")
    return LabelsPart(place, name, examples, start, go, stop, notice, kept, try_it, probe, told)


def _buttons(label: str, name: str, *, visible: bool = True) -> tuple[gr.Button, gr.Button, gr.HTML]:
    go = gr.Button(t(label), variant="primary", visible=visible, elem_id=f"{name}-go")
    stop = gr.Button(t("analyze.stop"), visible=False, elem_id=f"{name}-stop")
    return go, stop, html("", elem_id=f"{name}-notice")


def _upload(label: str, types: list[str], name: str) -> gr.UploadButton:
    return gr.UploadButton(t(label), file_types=types, size="sm", elem_id=name, elem_classes=["as-word"])


def _saved(name: str) -> gr.HTML:
    return html(None, html_template="<i></i>", js_on_load=_script("save.js"), elem_id=name, css_class="hidden")


def _script(name: str) -> str:
    return (STATIC / name).read_text("utf-8")
