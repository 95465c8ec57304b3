"""The components of the Chat tab, built column by column, and their values as one handler sees them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llm_core.documents.formats import SUFFIXES
from llm_core.tasks import roles
from llm_core.tasks.options import ChatOptions
from llm_core.web.chat import servers
from llm_core.web.chat.picker import BY_ITSELF
from llm_core.web.chat.servers import Entering
from llm_core.web.frame import STATIC, fold, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import t

DIALS = (
    "model", "compare", "mask", "role", "documents", "temperature", "max_tokens", "system", "top_p", "top_k", "min_p",
    "repetition_penalty", "seed",
)  # fmt: skip


def standing(role: str = "assistant") -> dict[str, Any]:
    """Where the dials stand when nothing was set: as the options do, with what the role brings."""
    usual = ChatOptions().model_dump()
    bare = {"model": BY_ITSELF, "compare": BY_ITSELF, "system": "", "role": role}
    return usual | bare | {"temperature": roles.table()[role].temperature}


@dataclass(frozen=True)
class Place:
    """Where a browser tab stands: its conversation, and the message that it believes to be the last."""

    conversation: str | None = None
    head: str | None = None


@dataclass(frozen=True)
class Followed:
    """A conversation whose reply is being written. Each look at it is a new value, so that it is followed again."""

    conversation: str
    since: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Screen:
    """Every component that a handler reads or writes."""

    place: gr.State  # Place
    followed: gr.State  # Followed; its changes are what `Turns.follow` listens to
    attaching: gr.State  # Followed, of a conversation whose documents are being read; as above
    kept: gr.Textbox  # what the browser remembered of the last visit; filled by script, never shown
    search: gr.Textbox
    new: gr.Button
    rail: gr.HTML
    upload: gr.UploadButton
    saved: gr.HTML  # a file for the browser to save
    thread: gr.HTML
    live: gr.HTML
    notice: gr.HTML
    attached: gr.HTML
    attach: gr.UploadButton
    composer: gr.Textbox
    leaving: gr.HTML  # for which server the next message leaves this computer
    dials: Mapping[str, Any]
    picked: gr.HTML
    word: gr.HTML
    sheet: gr.HTML  # a document, opened at a sentence that was read
    entering: Entering


def build() -> Screen:
    """The three columns: conversations, thread with composer, model and dials."""
    place, followed, attaching = gr.State(Place()), gr.State(None), gr.State(None)
    kept = gr.Textbox(visible=False)
    with gr.Row(elem_classes=["grid", "three"]):
        with gr.Column(elem_classes=["area-rail"]), fold("chat.conversations"):
            rail = _rail()
        with gr.Column(elem_classes=["area-main", "talk"]):
            thread, live, notice = _thread()
            attached, attach, composer, leaving, sources = _writing()
        with gr.Column(elem_classes=["area-side"]):
            sheet = html("", elem_id="chat-sheet", css_class="margin", js_on_load=_script("ask-sheet.js"))
            with fold("chat.settings"):
                dials, picked = _dials()
                entering = servers.build()
            word = html("", elem_id="word", css_class="margin", js_on_load=_script("word.js"))
    dials |= sources
    return Screen(
        place, followed, attaching, kept, *rail, thread, live, notice, attached, attach, composer, leaving, dials,
        picked, word, sheet, entering,
    )  # fmt: skip


def _rail() -> tuple[gr.Textbox, gr.Button, gr.HTML, gr.UploadButton, gr.HTML]:
    new = gr.Button(t("chat.new"), size="sm", elem_id="new")
    search = gr.Textbox(
        placeholder=t("chat.find"), label=t("chat.find"), show_label=False, lines=1, max_lines=1, interactive=True,
        elem_classes=["search"], elem_id="search",
    )  # fmt: skip
    rail = html("", elem_id="rail", js_on_load=_script("rail.js"))
    upload = gr.UploadButton(
        t("chat.import"), size="sm", file_types=[".json"], elem_id="upload", elem_classes=["as-word"]
    )
    saved = html(None, html_template="<i></i>", js_on_load=_script("save.js"), elem_id="saved")
    return search, new, rail, upload, saved


def _thread() -> tuple[gr.HTML, gr.HTML, gr.HTML]:
    thread = html("", elem_id="thread", js_on_load=_script("thread.js"))
    live = html(
        [],
        elem_id="live",
        css_class="live",
        html_template='<div class="text" aria-live="off">${value.join("")}</div>',
    )
    return thread, live, html("", elem_id="notice")


def _writing() -> tuple[gr.HTML, gr.UploadButton, gr.Textbox, gr.HTML, dict[str, Any]]:
    """What stays at the foot of the thread: the conversation's documents, the message, where it goes and looks."""
    with gr.Column(elem_classes=["writing"]):
        attached = html("", elem_id="attached", js_on_load=_script("ask-rail.js"))
        composer = gr.Textbox(
            placeholder=t("chat.message"), label=t("chat.message"), show_label=False, lines=1, max_lines=8,
            submit_btn=t("chat.send"), interactive=True, elem_id="composer",
        )  # fmt: skip
        with gr.Row(elem_classes=["sources"]):
            attach = gr.UploadButton(
                t("chat.attach"), size="sm", file_count="multiple", file_types=list(SUFFIXES), elem_id="attach",
                elem_classes=["as-word"],
            )  # fmt: skip
            documents = gr.Checkbox(False, label=t("chat.documents"), interactive=True, elem_id="documents")
            mask = gr.Checkbox(True, label=t("chat.mask"), interactive=True, visible=False, elem_id="mask")
        leaving = html("", elem_id="leaving")
    return attached, attach, composer, leaving, {"documents": documents, "mask": mask}


def _dials() -> tuple[dict[str, Any], gr.HTML]:
    model = gr.Dropdown([("…", BY_ITSELF)], value=BY_ITSELF, label=t("chat.model"), elem_id="model", interactive=True)
    picked = html("", elem_id="picked", css_class="margin", js_on_load=_script("servers.js"))
    compare = gr.Dropdown(
        [("…", BY_ITSELF)], value=BY_ITSELF, label=t("chat.compare"), elem_id="compare", interactive=True
    )
    dials: dict[str, Any] = {"model": model, "compare": compare}
    dials["role"] = gr.Dropdown(
        [(t(f"chat.role_{name}"), name) for name in roles.table()], value="assistant", label=t("chat.role"),
        elem_id="role", interactive=True,
    )  # fmt: skip
    dials["temperature"] = _slider("temperature", 0, 2, 0.1)
    dials["max_tokens"] = _slider("max_tokens", 64, 2048, 64)
    with gr.Accordion(t("chat.more"), open=False, elem_id="more"):
        dials["system"] = gr.Textbox(
            label=t("chat.system"),
            info=t("chat.system_why"),
            lines=3,
            max_lines=8,
            interactive=True,
            elem_id="system",
        )
        dials["top_p"] = _slider("top_p", 0.05, 1, 0.05)
        dials["top_k"] = _slider("top_k", 0, 100, 1)
        dials["min_p"] = _slider("min_p", 0, 0.5, 0.01)
        dials["repetition_penalty"] = _slider("repetition_penalty", 1, 1.5, 0.01)
        dials["seed"] = gr.Number(
            None,
            label=t("chat.seed"),
            info=t("chat.seed_why"),
            precision=0,
            minimum=0,
            interactive=True,
            elem_id="seed",
        )
    return dials, picked


def _slider(name: str, low: float, high: float, step: float) -> gr.Slider:
    return gr.Slider(
        low, high, standing()[name], step=step, label=t(f"chat.{name}"), interactive=True, buttons=[],
        elem_id=name.replace("_", "-"),
    )  # fmt: skip


def _script(name: str) -> str:
    return (STATIC / name).read_text("utf-8")
