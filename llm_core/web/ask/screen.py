"""The components of the Ask tab, column by column."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from llm_core.documents.formats import SUFFIXES
from llm_core.web import model_menu
from llm_core.web.frame import STATIC, fold, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import t


@dataclass(frozen=True)
class Followed:
    """A job that this page follows. Each look at it is a new value, so that it is followed again."""

    since: float = field(default_factory=time.monotonic)
    question: str = ""  # asked once the documents are there


@dataclass(frozen=True)
class Screen:
    """Every component that a handler reads or writes."""

    current: gr.State  # the id of the document that is open
    adding: gr.State  # Followed; its changes are what `Handlers.follow_adding` listens to
    asking: gr.State  # likewise
    upload: gr.UploadButton
    rail: gr.HTML
    trouble: gr.HTML  # files that could not be read
    model: gr.Dropdown
    question: gr.Textbox
    notice: gr.HTML
    live: gr.HTML
    thread: gr.HTML
    sheet: gr.HTML


def build() -> Screen:
    """The three columns: documents, question and answers, the page itself."""
    current, adding, asking = gr.State(""), gr.State(None), gr.State(None)
    with gr.Row(elem_classes=["grid", "three", "paper"]):
        with gr.Column(elem_classes=["area-rail"]), fold("ask.documents"):
            upload = gr.UploadButton(
                t("ask.add"), size="sm", file_count="multiple", file_types=list(SUFFIXES), elem_id="ask-add"
            )
            rail = html("", elem_id="ask-rail", js_on_load=_script("ask-rail.js"))
            trouble = html("", elem_id="ask-trouble")
            model = model_menu.build("ask-model")
        with gr.Column(elem_classes=["area-main"]):
            question = gr.Textbox(
                placeholder=t("ask.question"), label=t("ask.question"), show_label=False, lines=1, max_lines=4,
                submit_btn=t("ask.ask"), interactive=True, elem_id="question",
            )  # fmt: skip
            notice = html("", elem_id="ask-notice")
            live = html("", elem_id="ask-live", js_on_load=_script("ask-thread.js"))
            thread = html("", elem_id="ask-thread", js_on_load=_script("ask-thread.js"))
        with gr.Column(elem_classes=["area-side"]):
            sheet = html("", elem_id="ask-sheet", js_on_load=_script("ask-sheet.js"))
    return Screen(current, adding, asking, upload, rail, trouble, model, question, notice, live, thread, sheet)


def outputs(screen: Screen) -> list[Any]:
    """All that a handler may change."""
    shown = [screen.current, screen.adding, screen.asking, screen.rail, screen.trouble, screen.question]
    return [*shown, screen.model, screen.notice, screen.live, screen.thread, screen.sheet]


def _script(name: str) -> str:
    return (STATIC / name).read_text("utf-8")
