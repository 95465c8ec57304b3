"""Analyze: the screen's parts, and which handler listens to which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_core.web import model_menu
from llm_core.web.analyze import screen as parts
from llm_core.web.analyze.label_handlers import LabelHandlers
from llm_core.web.analyze.table_handlers import TableHandlers
from llm_core.web.analyze.text_handlers import TextHandlers
from llm_core.web.frame import PRIVATE, Frame
from llm_core.web.gradio import gr

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

EVENT: dict[str, Any] = {**PRIVATE, "trigger_mode": "multiple"}


def build(workbench: Workbench, frame: Frame) -> None:
    """The tab with all its events."""
    screen = parts.build()
    places = [screen.text.place, screen.table.place, screen.labels.place]

    def turn(mode: str) -> list[Any]:
        """Show one of the three pages."""
        return [gr.update(visible=mode == name) for name in parts.MODES]

    screen.mode.change(turn, screen.mode, places, **EVENT)
    _text(workbench, frame, screen)
    _table(workbench, frame, screen)
    _labels(workbench, frame, screen)


def _text(workbench: Workbench, frame: Frame, screen: parts.Screen) -> None:
    part, handlers = screen.text, TextHandlers(workbench, screen)
    outputs: list[Any] = [
        screen.mode, part.edit, part.text, part.upload, part.start, part.shown, part.graph, part.write, part.model,
        part.go, part.stop, part.notice, part.side, part.saved,
    ]  # fmt: skip
    part.go.click(handlers.go, [frame.visitor, part.text], outputs, **EVENT)
    part.upload.upload(handlers.upload, [frame.visitor, part.upload], outputs, **EVENT)
    part.write_go.click(handlers.write, [frame.visitor, part.model], outputs, **EVENT)
    for component in (part.start, part.shown, part.graph):
        component.act(handlers.act, frame.visitor, outputs, **EVENT)
    part.stop.click(handlers.stop, frame.visitor, None, **EVENT)
    model_menu.keep_up(part.model, workbench, frame)
    frame.opened.then(handlers.restore, frame.visitor, outputs, **EVENT)


def _table(workbench: Workbench, frame: Frame, screen: parts.Screen) -> None:
    part, handlers = screen.table, TableHandlers(workbench, screen)
    outputs: list[Any] = [
        part.upload, part.shown, part.dials, part.column, part.what, part.go, part.stop, part.notice, part.saved,
    ]  # fmt: skip
    part.upload.upload(handlers.upload, [frame.visitor, part.upload], outputs, **EVENT)
    part.go.click(handlers.go, [frame.visitor, part.column, part.what], outputs, **EVENT)
    part.shown.act(handlers.act, frame.visitor, outputs, **EVENT)
    part.stop.click(handlers.stop, frame.visitor, None, **EVENT)
    screen.mode.change(handlers.refresh, [frame.visitor, part.what], [part.what], **EVENT)
    frame.opened.then(handlers.restore, frame.visitor, outputs, **EVENT)


def _labels(workbench: Workbench, frame: Frame, screen: parts.Screen) -> None:
    part, handlers = screen.labels, LabelHandlers(workbench, screen)
    outputs: list[Any] = [
        part.name, part.examples, part.start, part.go, part.stop, part.notice, part.kept, part.try_it, part.told,
    ]  # fmt: skip
    part.go.click(handlers.go, [frame.visitor, part.name, part.examples], outputs, **EVENT)
    for component in (part.start, part.kept):
        component.act(handlers.act, frame.visitor, outputs, **EVENT)
    part.probe.submit(handlers.probe, [frame.visitor, part.probe], outputs, **EVENT)
    part.stop.click(handlers.stop, frame.visitor, None, **EVENT)
    frame.opened.then(handlers.restore, frame.visitor, outputs, **EVENT)
