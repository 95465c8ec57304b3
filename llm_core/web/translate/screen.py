"""The components of the Translate tab: direction and text, the pairs, and a margin with glossary and doubts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from llm_core.documents.formats import SUFFIXES
from llm_core.web import model_menu
from llm_core.web.frame import STATIC, fold, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import t

BY_ITSELF = "auto"
GLOSSARY_FILES = [".csv", ".tsv", ".txt"]


@dataclass(frozen=True)
class Followed:
    """A job that this page follows. Each look at it is a new value, so that it is followed again."""

    since: float = field(default_factory=time.monotonic)
    again: int | None = None  # the sentence that is translated once more


@dataclass(frozen=True)
class Screen:
    """Every component that a handler reads or writes."""

    followed: gr.State
    first: gr.State  # the first sentence that is shown of a long translation
    to: gr.Radio
    go: gr.Button
    stop: gr.Button
    notice: gr.HTML
    edit: gr.Column
    text: gr.Textbox
    upload: gr.UploadButton
    start: gr.HTML
    pairs: gr.HTML
    saved: gr.HTML
    glossary: gr.Textbox
    glossary_file: gr.UploadButton
    model: gr.Dropdown
    doubts: gr.HTML


def build() -> Screen:
    """Both columns."""
    followed, first = gr.State(None), gr.State(0)
    with gr.Row(elem_classes=["grid", "translate"]):
        with gr.Column(elem_classes=["area-main"]):
            to, go, stop = _tools()
            notice = html("", elem_id="translate-notice", js_on_load=_script("translate.js"))
            edit, text, upload, start = _editor()
            pairs = html("", elem_id="pairs", js_on_load=_script("translate.js"))
            saved = html(None, html_template="<i></i>", js_on_load=_script("save-file.js"), elem_id="translate-saved")
        with gr.Column(elem_classes=["area-side"]), fold("translate.margin"):
            glossary, glossary_file = _glossary()
            model = model_menu.build("translate-model")
            doubts = html("", elem_id="doubts", css_class="margin")
    return Screen(
        followed,
        first,
        to,
        go,
        stop,
        notice,
        edit,
        text,
        upload,
        start,
        pairs,
        saved,
        glossary,
        glossary_file,
        model,
        doubts,
    )


def outputs(screen: Screen) -> list[Any]:
    """All that a handler may change."""
    return [
        screen.followed, screen.first, screen.to, screen.go, screen.stop, screen.notice, screen.edit, screen.text,
        screen.upload, screen.start, screen.pairs, screen.saved, screen.glossary, screen.glossary_file, screen.model,
        screen.doubts,
    ]  # fmt: skip


def _tools() -> tuple[gr.Radio, gr.Button, gr.Button]:
    choices = [(t(f"translate.direction_{name}"), name) for name in (BY_ITSELF, "zh", "en")]
    with gr.Row(elem_classes=["translate-tools"]):
        to = gr.Radio(
            choices, value=BY_ITSELF, label=t("translate.direction"), interactive=True, elem_id="translate-to",
            elem_classes=["segments"],
        )  # fmt: skip
        go = gr.Button(t("translate.start"), variant="primary", elem_id="translate-go")
        stop = gr.Button(t("translate.stop"), visible=False, elem_id="translate-stop")
    return to, go, stop


def _editor() -> tuple[gr.Column, gr.Textbox, gr.UploadButton, gr.HTML]:
    with gr.Column(elem_id="translate-edit") as edit:
        text = gr.Textbox(
            label=t("translate.text"), placeholder=t("translate.placeholder"), lines=8, max_lines=20,
            interactive=True, elem_id="translate-text",
        )  # fmt: skip
        upload = gr.UploadButton(
            t("translate.upload"), size="sm", file_types=list(SUFFIXES), elem_id="translate-upload",
            elem_classes=["as-word"],
        )  # fmt: skip
        start = html("", elem_id="translate-start", js_on_load=_script("translate.js"))
    return edit, text, upload, start


def _glossary() -> tuple[gr.Textbox, gr.UploadButton]:
    glossary = gr.Textbox(
        label=t("translate.glossary"), info=t("translate.glossary_info"), lines=3, max_lines=12, interactive=True,
        elem_id="glossary",
    )  # fmt: skip
    file = gr.UploadButton(
        t("translate.glossary_file"), size="sm", file_types=GLOSSARY_FILES, elem_id="glossary-file",
        elem_classes=["as-word"],
    )  # fmt: skip
    return glossary, file


def _script(name: str) -> str:
    return (STATIC / name).read_text("utf-8")
