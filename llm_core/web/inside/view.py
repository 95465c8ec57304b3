"""The view with all its events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_core.web.frame import PRIVATE, Build, Frame
from llm_core.web.gradio import gr
from llm_core.web.i18n import t
from llm_core.web.inside import screen as parts
from llm_core.web.inside.handlers import Handlers

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

EVENT: dict[str, Any] = {**PRIVATE, "trigger_mode": "multiple"}
LAST: dict[str, Any] = {**PRIVATE, "trigger_mode": "always_last"}


def beside(other: Build, third: Build) -> Build:
    """A tab that holds `other` and, one click away, this view and the `third`: learn.race."""

    def both(workbench: Workbench, frame: Frame) -> None:
        choices = [(t("inside.train"), "train"), (t("inside.look_inside"), "inside"), (t("learn.race"), "race")]
        picked = gr.Radio(
            choices, value="train", label=t("inside.switch"), interactive=True, elem_id="train-switch",
            elem_classes=["words", "switch-words"],
        )  # fmt: skip
        with gr.Column(elem_classes=["switched"]) as first:
            other(workbench, frame)
        with gr.Column(elem_classes=["switched"], visible=False) as second:
            handlers, menus = _build(workbench, frame)
        with gr.Column(elem_classes=["switched"], visible=False) as race_segment:
            third(workbench, frame)
        picked.change(_show, picked, [first, second, race_segment], **PRIVATE)
        # A run may have begun, or come further, since the page was opened.
        picked.change(handlers.refresh, [frame.visitor, *menus], menus, **PRIVATE)

    return both


def _show(name: str) -> tuple[Any, ...]:
    return tuple(gr.update(visible=name == shown) for shown in ("train", "inside", "race"))  # as learn.race stands


def build(workbench: Workbench, frame: Frame) -> None:
    """Components, and which handler listens to which."""
    _build(workbench, frame)


def _build(workbench: Workbench, frame: Frame) -> tuple[Handlers, list[Any]]:
    """The view; its handlers, and the menus that they fill."""
    screen = parts.build()
    handlers = Handlers(workbench, screen)
    visitor, outputs = frame.visitor, parts.outputs(screen)
    here = [visitor, screen.spot, *screen.margin]
    asked = [visitor, screen.text, screen.model, screen.beside, screen.view]
    screen.go.click(handlers.go, asked, outputs, **EVENT)
    screen.text.submit(handlers.go, asked, outputs, **EVENT)
    screen.stop.click(handlers.stop, visitor, None, **EVENT)
    for choice in (screen.view, screen.kind):
        choice.input(handlers.turn, here, outputs, **LAST)
    for slider in (screen.layer, screen.head):
        slider.input(handlers.turn, here, outputs, **LAST)
    for dial in screen.dials:
        dial.input(handlers.draw, here, screen.bars, **LAST)
    for component in (screen.picture, screen.symbols):
        component.act(handlers.act, here, outputs, **EVENT)
    searching = [visitor, screen.spot, screen.width, screen.depth, *screen.margin]
    screen.grow.click(handlers.grow, searching, outputs, **EVENT)
    menus: list[Any] = [screen.model, screen.beside]
    frame.header.models_changed(handlers.refresh, [visitor, *menus], menus, **EVENT)
    frame.opened.then(handlers.restore, visitor, outputs, **EVENT)
    return handlers, menus
