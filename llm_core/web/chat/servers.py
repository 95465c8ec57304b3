"""Models on servers: the form that adds one where the page may, and what it says about one that is picked.

A key goes in and never comes out: the field is emptied as soon as it is sent, and no answer holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm_core.errors import UserError
from llm_core.messages import Language, say
from llm_core.web.frame import escape
from llm_core.web.gradio import gr
from llm_core.web.i18n import t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_core.models.served import Served
    from llm_core.workbench.models import Models


@dataclass(frozen=True)
class Entering:
    """The form; hidden where no server may be added."""

    form: gr.Accordion
    url: gr.Textbox
    model: gr.Textbox
    key: gr.Textbox
    add: gr.Button


def build() -> Entering:
    """The form, closed."""
    with gr.Accordion(t("chat.server"), open=False, visible=False, elem_id="server") as form:
        url = _field("url", "http://127.0.0.1:8000/v1")
        model = _field("model", "Qwen/Qwen3-8B")
        key = gr.Textbox(
            label=t("chat.server_key"), info=t("chat.server_key_why"), type="password", lines=1, max_lines=1,
            interactive=True, elem_id="server-key", html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
        )  # fmt: skip
        add = gr.Button(t("chat.server_add"), size="sm", elem_id="server-add")
    return Entering(form, url, model, key, add)


def leaving(models: Models, names: Iterable[str], language: Language, visitor: str) -> str:
    """For whom the next message leaves this computer; nothing where it stays."""
    return "".join(
        f'<p class="leaving">{_where(served, language)}</p>' for served in _leaving(models, names, visitor)
    )


def leaves(models: Models, names: Iterable[str], visitor: str) -> bool:
    """Whether the next message leaves this computer."""
    return bool(_leaving(models, names, visitor))


def facts(served: Served, language: Language, *, forget: str) -> str:
    """What the margin says of a model on a server. `forget` is its id where it can be let go of, else empty."""
    rows = [("chat.server_model", served.model), ("chat.server_host", served.host)]
    if served.dialect:
        rows.append(("chat.server_kind", served.dialect))
    table = "".join(f"<div><dt>{say(language, key)}</dt><dd>{escape(value)}</dd></div>" for key, value in rows)
    button = (
        f'<p><button class="quiet" data-do="forget" data-id="{escape(forget)}">{say(language, "chat.server_forget")}'
        "</button></p>"
        if forget
        else ""
    )
    return f'<dl class="facts">{table}</dl><p class="why">{_where(served, language)}</p>{button}'


def _leaving(models: Models, names: Iterable[str], visitor: str) -> list[Served]:
    found: dict[str, Served] = {}
    for name in names:
        try:
            served = models.choice("chat", name or None, visitor).entry.served
        except UserError:
            continue
        if served and not served.is_here:
            found[served.id] = served
    return list(found.values())


def _where(served: Served, language: Language) -> str:
    if served.is_here:
        return escape(say(language, "chat.stays_here", host=served.host))
    open_to_read = say(language, "chat.unencrypted") if served.is_open_to_read else ""
    return escape(say(language, "chat.leaves", host=served.host) + ("" if language == "zh" else " ") + open_to_read)


def _field(name: str, example: str) -> gr.Textbox:
    return gr.Textbox(
        label=t(f"chat.server_{name}"), placeholder=example, lines=1, max_lines=1, interactive=True,
        elem_id=f"server-{name}",
    )  # fmt: skip
