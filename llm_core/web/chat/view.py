"""What a handler of the Chat tab answers: which parts of the screen change, and how an error is told in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, say
from llm_core.web.chat import picker
from llm_core.web.chat.rail import rail
from llm_core.web.chat.screen import DIALS, Followed, Place, Screen, standing
from llm_core.web.chat.thread import thread
from llm_core.web.frame import escape
from llm_core.web.gradio import gr
from llm_core.web.render import Live

if TYPE_CHECKING:
    from llm_core.store.conversations import Conversation
    from llm_core.workbench import Workbench

Update = dict[Any, Any]  # component -> its new value


class View:
    """The screen as updates.

    Args:
        workbench: whose conversations and models are shown.
        screen: the components.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self.workbench = workbench
        self.screen = screen

    def conversation(self, visitor: str, name: str, language: Language, *, everything: bool = False) -> Update:
        """The conversation as it stands now, a reply that is being written is followed from here."""
        found = self.workbench.chats.get(visitor, name)
        job = self.workbench.chats.running(visitor, name)
        shown = self.thread(found, language, running=job is not None, everything=everything)
        if job:
            shown[self.screen.followed] = Followed(found.id)
        place = Place(found.id, found.head)
        return shown | {self.screen.place: place, self.screen.rail: self.rail(visitor, found.id, language)}

    def thread(
        self, found: Conversation | None, language: Language, *, running: bool, everything: bool = False
    ) -> Update:
        """The thread and what belongs to it: no old notice, no old live bubble, Send or Stop."""
        titles = {entry.id: entry.title[language] for entry in self.workbench.models.listing()} if found else {}
        return {
            self.screen.thread: thread(found, language, titles, running=running, everything=everything),
            self.screen.notice: "",
            self.screen.live: Live(language).picture() if running else [],
            self.screen.composer: gr.update(**self.buttons(language, running=running)),
        }

    def buttons(self, language: Language, *, running: bool) -> dict[str, Any]:
        """Send, or Stop while a reply is being written."""
        send, stop = say(language, "chat.send"), say(language, "chat.stop")
        return {"submit_btn": False if running else send, "stop_btn": stop if running else False}

    def nothing(self, visitor: str, language: Language) -> Update:
        """The empty page that a new conversation begins on."""
        place = {self.screen.place: Place(), self.screen.rail: self.rail(visitor, None, language)}
        return self.thread(None, language, running=False) | place

    def rail(self, visitor: str, current: str | None, language: Language, search: str = "") -> str:
        """The list of conversations."""
        return rail(self.workbench.chats.list(visitor, search), language, current=current, search=search)

    def models(self, picked: str, language: Language) -> Update:
        """The menu of models and what there is to know of the one picked."""
        models = self.workbench.models
        menu = picker.choices(models, language)
        picked = picked if picked in {value for _, value in menu} else picker.BY_ITSELF
        return {
            self.screen.dials["model"]: gr.update(choices=menu, value=picked),
            self.screen.picked: picker.facts(models, picked, language),
        }

    def dials(self, options: Mapping[str, Any]) -> Update:
        """The dials of a conversation; what was never set stands where it usually does."""
        values = standing(options.get("role", "assistant")) | dict(options)
        return {self.screen.dials[name]: gr.update(value=values[name]) for name in DIALS}

    def note(self, key: str, language: Language, **facts: Any) -> Update:
        """One sentence above the composer."""
        return {self.screen.notice: _notice(say(language, key, **facts), language, "doubt")}

    def guarded(
        self, language: Language, work: Callable[[], Update], moved: Callable[[], Update] | None = None
    ) -> Update:
        """What `work` answers; or, where it fails, the sentence for it above the composer.

        Args:
            language: of the visitor.
            work: asks the workbench and answers with updates.
            moved: shows the newer conversation, where the tab's own was no longer the latest.
        """
        try:
            return work()
        except UserError as error:
            if error.code == "conversation_moved" and moved:
                return self.guarded(language, moved) | self.note("chat.moved", language)
            return {self.screen.notice: _notice(explain(error, language), language)}
        except Exception:
            return {self.screen.notice: _notice(explain(unexpected("a handler of Chat"), language), language)}


def options(dials: tuple[Any, ...]) -> dict[str, Any]:
    """The dials, in the order of DIALS, as options; what stands where it usually does is left out."""
    values = dict(zip(DIALS, dials, strict=True))
    usual = standing(values["role"])
    return {name: value for name, value in values.items() if name == "role" or value not in (None, "", usual[name])}


def wish(event: gr.EventData) -> Mapping[str, str]:
    """What was clicked: {"do": ..., "id": ...}. It comes from the browser, so anything may be in it."""
    sent = event._data
    return {str(name): str(value) for name, value in sent.items()} if isinstance(sent, Mapping) else {}


def _notice(sentence: str, language: Language, kind: str = "fault") -> str:
    dismiss = f'<button class="quiet" data-act="dismiss">{say(language, "chat.dismiss")}</button>'
    return f'<div class="notice {kind}" role="alert"><p>{escape(sentence)}</p>{dismiss}</div>'
