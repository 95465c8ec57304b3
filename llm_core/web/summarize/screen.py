"""The components of the Summarize tab: the text at the left, method, length and result at the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from llm_core.tasks.summary import Form
from llm_core.web import model_menu
from llm_core.web.frame import STATIC, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import t

FILE_TYPES = [".txt", ".md", ".html", ".htm", ".docx", ".pdf"]
SENTENCES = 5
SENTENCES_MAX = 20


@dataclass(frozen=True)
class Screen:
    """Every component that a handler reads or writes."""

    source: gr.HTML
    edit: gr.Column
    text: gr.Textbox
    upload: gr.UploadButton
    start: gr.HTML
    method: gr.Radio
    sentences: gr.Slider
    dials: gr.Column
    form: gr.Dropdown
    to: gr.Dropdown
    model: gr.Dropdown
    go: gr.Button
    stop: gr.Button
    notice: gr.HTML
    result: gr.HTML


def build() -> Screen:
    """Both columns."""
    with gr.Row(elem_classes=["grid", "reading"]):
        with gr.Column(elem_classes=["area-main"]):
            source, edit, text, upload, start = _left()
        with gr.Column(elem_classes=["area-side"]):
            method, sentences = _dials()
            dials, form, to, model = _rewriting_dials()
            go = gr.Button(t("summarize.go"), variant="primary", elem_id="summary-go")
            stop = gr.Button(t("summarize.stop"), visible=False, elem_id="summary-stop")
            notice = html("", elem_id="summary-notice")
            result = html("", elem_id="summary-result", css_class="summary")
    return Screen(
        source, edit, text, upload, start, method, sentences, dials, form, to, model, go, stop, notice, result
    )


def _left() -> tuple[gr.HTML, gr.Column, gr.Textbox, gr.UploadButton, gr.HTML]:
    script = (STATIC / "summarize.js").read_text("utf-8")
    source = html("", elem_id="summary-source", js_on_load=script)
    with gr.Column(elem_id="summary-edit") as edit:
        text = gr.Textbox(
            label=t("summarize.paste"), lines=10, max_lines=24, interactive=True, elem_id="summary-text"
        )
        upload = gr.UploadButton(
            t("summarize.upload"),
            file_types=FILE_TYPES,
            size="sm",
            elem_id="summary-upload",
            elem_classes=["as-word"],
        )
        start = html("", elem_id="summary-start", js_on_load=script)
    return source, edit, text, upload, start


def _dials() -> tuple[gr.Radio, gr.Slider]:
    with gr.Row(elem_classes=["pair-of-dials"]):
        method = gr.Radio(
            [(t("summarize.key"), "key"), (t("summarize.rewritten"), "rewrite")], value="key",
            label=t("summarize.method"), interactive=True, elem_id="summary-method", elem_classes=["segments"],
        )  # fmt: skip
        sentences = gr.Slider(
            1, SENTENCES_MAX, SENTENCES, step=1, label=t("summarize.sentences"), interactive=True, buttons=[],
            elem_id="summary-sentences",
        )  # fmt: skip
    return method, sentences


def _rewriting_dials() -> tuple[gr.Column, gr.Dropdown, gr.Dropdown, gr.Dropdown]:
    with gr.Column(visible=False) as dials:
        with gr.Row(elem_classes=["pair-of-dials"]):
            form = gr.Dropdown(
                [(t(f"summarize.form_{name}"), name) for name in get_args(Form)], value="paragraph",
                label=t("summarize.form"), interactive=True, elem_id="summary-form",
            )  # fmt: skip
            to = gr.Dropdown(
                [(t("summarize.to_same"), "same"), (t("summarize.in_zh"), "zh"), (t("summarize.in_en"), "en")],
                value="same", label=t("summarize.to"), interactive=True, elem_id="summary-to",
            )  # fmt: skip
        model = model_menu.build("summary-model")
    return dials, form, to, model
