"""Summarize: the screen's parts, and which handler listens to which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_core.web import model_menu
from llm_core.web.frame import PRIVATE, Frame
from llm_core.web.summarize.handlers import Handlers
from llm_core.web.summarize.screen import build as build_screen

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

EVENT: dict[str, Any] = {**PRIVATE, "trigger_mode": "multiple"}


def build(workbench: Workbench, frame: Frame) -> None:
    """The tab with all its events."""
    screen = build_screen()
    handlers = Handlers(workbench, screen)
    dials = [screen.method, screen.sentences, screen.form, screen.to, screen.model]
    outputs: list[Any] = [
        screen.source, screen.edit, screen.text, screen.upload, screen.start, *dials, screen.dials, screen.go,
        screen.stop, screen.notice, screen.result,
    ]  # fmt: skip
    screen.go.click(handlers.go, [frame.visitor, screen.text, *dials], outputs, **EVENT)
    screen.sentences.release(handlers.change, [frame.visitor, screen.text, *dials], outputs, **EVENT)
    screen.upload.upload(handlers.upload, [frame.visitor, screen.upload, *dials], outputs, **EVENT)
    for component in (screen.source, screen.start):
        component.act(handlers.act, [frame.visitor, *dials], outputs, **EVENT)
    screen.stop.click(handlers.stop, frame.visitor, None, **EVENT)
    screen.method.change(handlers.show_dials, screen.method, outputs, **EVENT)
    model_menu.keep_up(screen.model, workbench, frame)
    frame.opened.then(handlers.restore, frame.visitor, outputs, **EVENT)
