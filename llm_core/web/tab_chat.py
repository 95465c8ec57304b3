"""Chat: the screen's parts, and which handler listens to which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_core.web.chat import screen as parts
from llm_core.web.chat.documents import Documents
from llm_core.web.chat.manage import Manage
from llm_core.web.chat.margin import Margin
from llm_core.web.chat.screen import DIALS, Screen
from llm_core.web.chat.turns import Turns
from llm_core.web.chat.view import View
from llm_core.web.frame import PRIVATE, Frame

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

# Several clicks may be under way at once: a reply being followed must not hold up a look at another conversation.
EVENT = {**PRIVATE, "trigger_mode": "multiple"}
KEPT_JS = "(visitor) => [visitor, window.workbench.conversation()]"


def build(workbench: Workbench, frame: Frame) -> None:
    """The tab with all its events."""
    screen = parts.build()
    view = View(workbench, screen)
    turns = Turns(view)
    outputs = _outputs(screen)
    following = screen.followed.change(turns.follow, [frame.visitor, screen.followed], outputs, **EVENT)
    documents = Documents(view)
    reading = screen.attaching.change(documents.follow, [frame.visitor, screen.attaching], outputs, **EVENT)
    # The thread shown is no longer the one whose reply, or whose documents, are followed.
    leaving: dict[str, Any] = {**EVENT, "cancels": [following, reading]}
    _listen_to_thread(screen, frame, turns, outputs, leaving)
    manage = Manage(view)
    _listen_to_rail(screen, frame, manage, outputs, leaving)
    frame.talk.change(manage.talk, [frame.visitor, frame.talk], outputs, **leaving)
    _listen_to_margin(screen, frame, Margin(view))
    _listen_to_documents(screen, frame, documents, outputs)
    frame.opened.then(turns.restore, [frame.visitor, screen.kept], outputs, js=KEPT_JS, **EVENT)


def _listen_to_thread(
    screen: Screen, frame: Frame, turns: Turns, outputs: list[Any], leaving: dict[str, Any]
) -> None:
    dials = [screen.dials[name] for name in DIALS]
    place = [frame.visitor, screen.place]
    screen.composer.submit(turns.send, [*place, screen.composer, *dials], outputs, **EVENT)
    screen.composer.stop(turns.stop, place, None, **EVENT)
    screen.thread.act(turns.act, [*place, *dials], outputs, **leaving)


def _listen_to_rail(
    screen: Screen, frame: Frame, manage: Manage, outputs: list[Any], leaving: dict[str, Any]
) -> None:
    visitor, place = frame.visitor, screen.place
    screen.new.click(manage.begin, visitor, outputs, **leaving)
    screen.search.change(
        manage.find, [visitor, place, screen.search], screen.rail, **PRIVATE, trigger_mode="always_last"
    )
    screen.rail.open(manage.open, visitor, outputs, **leaving)
    screen.rail.rename(manage.rename, [visitor, place], [screen.rail, screen.notice], **EVENT)
    screen.rail.delete(manage.delete, visitor, outputs, **leaving)
    screen.rail.save(manage.save, visitor, [screen.saved, screen.notice], **EVENT)
    screen.upload.upload(manage.load, [visitor, place, screen.upload], [screen.rail, screen.notice], **EVENT)


def _listen_to_margin(screen: Screen, frame: Frame, margin: Margin) -> None:
    model, compare = screen.dials["model"], screen.dials["compare"]
    leaving = [screen.leaving, screen.dials["mask"]]
    for menu in (model, compare):
        menu.input(margin.pick, [frame.visitor, model, compare], [screen.picked, *leaving], **EVENT)
    form = screen.entering
    menus = [model, compare, screen.picked, form.form, *leaving, screen.notice]
    typed = [form.url, form.model, form.key]
    form.add.click(margin.enter, [frame.visitor, compare, *typed], [*menus, *typed], **EVENT)
    screen.picked.forget(margin.forget, [frame.visitor, compare], menus, **EVENT)
    screen.dials["role"].input(margin.role, screen.dials["role"], screen.dials["temperature"], **EVENT)
    frame.header.models_changed(margin.refresh, [frame.visitor, model, compare], menus, **EVENT)
    screen.thread.word(margin.word, [frame.visitor, screen.place], [screen.word, screen.notice], **EVENT)


def _listen_to_documents(screen: Screen, frame: Frame, documents: Documents, outputs: list[Any]) -> None:
    place = [frame.visitor, screen.place]
    dials = [screen.dials[name] for name in DIALS]
    screen.attach.upload(documents.attach, [*place, screen.attach, *dials], outputs, **EVENT)
    screen.attached.act(documents.act, place, outputs, **EVENT)
    screen.thread.cite(documents.cite, place, [screen.sheet, screen.notice], **EVENT)
    screen.sheet.act(documents.cite, place, [screen.sheet, screen.notice], **EVENT)


def _outputs(screen: Screen) -> list[Any]:
    shown = [screen.place, screen.followed, screen.rail, screen.thread, screen.live, screen.notice, screen.composer]
    documents = [screen.attaching, screen.attached, screen.sheet]
    around = [screen.picked, screen.word, screen.leaving, screen.entering.form]
    return [*shown, *documents, *screen.dials.values(), *around]
