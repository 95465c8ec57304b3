"""Train: the screen's parts, and which handler listens to which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_core.web.frame import PRIVATE, Frame
from llm_core.web.train import screen as parts
from llm_core.web.train.form import KNOBS
from llm_core.web.train.handlers import Handlers
from llm_core.web.train.judging import Judging
from llm_core.web.train.looking import Looking
from llm_core.web.train.trying import Handlers as Trying
from llm_core.web.train.view import View
from llm_core.web.train.watching import Watching

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

EVENT = {**PRIVATE, "trigger_mode": "multiple"}
LATEST = {**PRIVATE, "trigger_mode": "always_last"}  # of changes that follow one another only the last one counts
ONCE = {**PRIVATE, "trigger_mode": "once"}  # the page asks again only when it was answered
WRITTEN = ("paste", "name", "vocabulary", *KNOBS)  # taken when they are left, not letter by letter
KEPT_JS = "(visitor) => [visitor, window.workbench.run(), window.workbench.store.get('workbench_training') ?? '']"


def build(workbench: Workbench, frame: Frame) -> None:
    """The tab with all its events."""
    settings = workbench.settings
    screen = parts.build(pushes=settings.is_local and not settings.offline)
    view = View(workbench, screen)
    names, outputs = list(screen.form), parts.outputs(screen)
    handlers, watching = Handlers(view, names), Watching(view, names, frame.talk)
    visitor, form = frame.visitor, [screen.form[name] for name in names]
    around: list[Any] = [visitor, screen.current, *form]
    for name, component in screen.form.items():
        if name in WRITTEN:
            component.blur(handlers.changed, around, outputs, **LATEST)
        elif name in ("family", "objective"):
            component.input(handlers.learn, around, outputs, **LATEST)
        elif name not in ("samples", "files"):
            component.input(handlers.changed, around, outputs, **LATEST)
    for texts in (screen.samples, screen.files, screen.needs):
        texts.act(handlers.data, around, outputs, **EVENT)
    screen.upload.upload(handlers.upload, [visitor, screen.current, screen.upload, *form], outputs, **EVENT)
    looking = Looking(view, names)
    for button in screen.looks_at_data:
        button.click(looking.preview, [visitor, screen.sentence, *form], outputs, **LATEST)
    screen.sentence.submit(looking.preview, [visitor, screen.sentence, *form], outputs, **LATEST)
    screen.estimating.click(looking.estimate, [visitor, *form], outputs, **LATEST)
    screen.start.click(handlers.start, [visitor, *form], outputs, **ONCE)
    around = [visitor, screen.current, screen.beside, *form]
    outputs = [*outputs, frame.talk]
    judging, judged = Judging(view), [screen.judged, screen.result, screen.fetched, screen.token]
    screen.result.act(judging.act, [visitor, screen.current], judged, **EVENT)
    trying = Trying(view, screen.trying)
    screen.trying.go.click(trying.tell, [visitor, screen.current, *screen.trying.fields], screen.trying.all, **LATEST)
    screen.trying.example.click(trying.example, [visitor, screen.current], screen.trying.all, **EVENT)
    screen.push.click(judging.push, [visitor, screen.current, screen.repo, screen.token], judged, **ONCE)
    screen.run.act(watching.act, around, outputs, **EVENT)
    screen.rail.act(watching.act, around, outputs, **EVENT)
    screen.run.look(watching.look, [visitor, screen.current, screen.beside], outputs, **ONCE)
    frame.opened.then(watching.restore, [visitor, screen.kept, screen.written], outputs, js=KEPT_JS, **EVENT)
