"""Ask: the screen's parts, and which handler listens to which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_core.web import model_menu
from llm_core.web.ask import screen as parts
from llm_core.web.ask.handlers import Handlers
from llm_core.web.ask.view import View
from llm_core.web.frame import PRIVATE, Frame

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

# Several clicks may be under way at once: an answer being followed must not hold up a look at its evidence.
EVENT = {**PRIVATE, "trigger_mode": "multiple"}


def build(workbench: Workbench, frame: Frame) -> None:
    """The tab with all its events."""
    screen = parts.build()
    handlers = Handlers(View(workbench, screen))
    visitor, outputs = frame.visitor, parts.outputs(screen)
    # A new job ends the following of the one before; the job itself goes on.
    last: dict[str, Any] = {**PRIVATE, "trigger_mode": "always_last"}
    screen.adding.change(
        handlers.follow_adding, [visitor, screen.current, screen.adding, screen.model], outputs, **last
    )
    screen.asking.change(handlers.follow_asking, [visitor, screen.asking], outputs, **last)
    screen.upload.upload(handlers.add, [visitor, screen.upload], outputs, **EVENT)
    screen.rail.act(handlers.rail, [visitor, screen.current], outputs, **EVENT)
    screen.question.submit(handlers.question, [visitor, screen.question, screen.model], outputs, **EVENT)
    screen.question.stop(handlers.stop, visitor, None, **EVENT)
    screen.thread.act(handlers.act, visitor, outputs, **EVENT)
    screen.sheet.act(handlers.act, visitor, outputs, **EVENT)
    screen.live.act(handlers.act, visitor, outputs, **EVENT)
    model_menu.keep_up(screen.model, workbench, frame)
    frame.opened.then(handlers.restore, visitor, outputs, **EVENT)
