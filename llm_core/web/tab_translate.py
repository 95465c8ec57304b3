"""Translate: the screen's parts, and which handler listens to which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_core.web import model_menu
from llm_core.web.frame import PRIVATE, Frame
from llm_core.web.translate import screen as parts
from llm_core.web.translate.handlers import Handlers

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

EVENT: dict[str, Any] = {**PRIVATE, "trigger_mode": "multiple"}


def build(workbench: Workbench, frame: Frame) -> None:
    """The tab with all its events."""
    screen = parts.build()
    handlers = Handlers(workbench, screen)
    visitor, outputs = frame.visitor, parts.outputs(screen)
    wishes = [screen.to, screen.glossary, screen.model]
    screen.go.click(handlers.go, [visitor, screen.text, *wishes], outputs, **EVENT)
    screen.upload.upload(handlers.upload, [visitor, screen.upload, *wishes], outputs, **EVENT)
    screen.glossary_file.upload(handlers.read_glossary, screen.glossary_file, outputs, **EVENT)
    screen.stop.click(handlers.stop, visitor, None, **EVENT)
    for component in (screen.start, screen.pairs):
        component.act(handlers.act, [visitor, *wishes, screen.first], outputs, **EVENT)
    # A new job ends the following of the one before; the job itself goes on.
    last: dict[str, Any] = {**PRIVATE, "trigger_mode": "always_last"}
    screen.followed.change(handlers.follow, [visitor, screen.followed], outputs, **last)
    model_menu.keep_up(screen.model, workbench, frame, "translate")
    frame.opened.then(handlers.restore, visitor, outputs, **EVENT)
