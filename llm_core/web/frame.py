"""What every tab is built on: the visitor, the header, and the few pieces of HTML that all tabs share.

Whatever enters HTML goes through `escape` first, unless it was made in this package.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.web.gradio import gr
from llm_core.web.i18n import both

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

STATIC = Path(__file__).parent / "static"
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}  # of every event of the page

_TOKEN = re.compile(r"[\w-]{43}")  # secrets.token_urlsafe(32)

__all__ = ["PRIVATE", "STATIC", "Build", "Frame", "Talk", "escape", "fold", "html", "known_visitor"]


@dataclass(frozen=True)
class Talk:
    """A model that somebody wants to talk to; each wish is a new value."""

    model: str
    since: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Frame:
    """What the frame gives to a tab.

    Args:
        visitor: the visitor's unguessable token, kept by the browser; the owner of all that a visitor keeps.
        opened: the page is there and `visitor` is filled; a tab restores itself with `opened.then(...)`.
        header: name and status; `header.models_changed(...)` fires when a model came or went.
        talk: Talk; a change of it begins a conversation with that model in Chat.
    """

    visitor: gr.BrowserState
    opened: Any
    header: gr.HTML
    talk: gr.State


Build = Callable[["Workbench", Frame], None]  # what each tab's module offers as `build`


def known_visitor(token: object) -> str:
    """The visitor's token, or a new one where the browser has none yet."""
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else secrets.token_urlsafe(32)


def html(value: Any = "", *, css_class: str = "", elem_id: str | None = None, **options: Any) -> gr.HTML:
    """A piece of HTML of ours. Never give it text that was not escaped."""
    options.setdefault("js_on_load", None)
    classes = ["wb", css_class] if css_class else ["wb"]
    return gr.HTML(value, elem_classes=classes, elem_id=elem_id, apply_default_css=False, **options)


def fold(label: str) -> gr.Column:
    """A column on a wide page; on a phone a drawer that opens with its label. `label` is a key of the messages."""
    column = gr.Column(elem_classes=["fold"])
    with column:
        html(
            f'<button class="fold-button" data-act="fold" aria-expanded="false">{both(label)}</button>',
            css_class="fold-head",
        )
    return column
