"""What a handler of the Chat tab answers: which parts of the screen change, and how an error is told in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, say
from llm_core.text.spans import Span
from llm_core.web import model_menu
from llm_core.web.ask import shelf
from llm_core.web.chat import picker, servers
from llm_core.web.chat.attached import chips
from llm_core.web.chat.rail import rail
from llm_core.web.chat.screen import DIALS, Followed, Place, Screen, standing
from llm_core.web.chat.thread import thread
from llm_core.web.frame import escape
from llm_core.web.gradio import gr
from llm_core.web.render import Live

if TYPE_CHECKING:
    from llm_core.store.branches import ChatMessage
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
        beside = () if job else self.workbench.chats.beside(visitor, name)
        shown = self.thread(found, language, visitor, running=job is not None, everything=everything, beside=beside)
        shown |= self.attached(visitor, name, language)
        if job:
            shown[self.screen.followed] = Followed(found.id)
        if self.workbench.attachments.adding(visitor, name):
            shown[self.screen.attaching] = Followed(found.id)
        place = Place(found.id, found.head)
        return shown | {self.screen.place: place, self.screen.rail: self.rail(visitor, found.id, language)}

    def thread(
        self,
        found: Conversation | None,
        language: Language,
        visitor: str,
        *,
        running: bool,
        everything: bool = False,
        beside: Sequence[ChatMessage] = (),
    ) -> Update:
        """The thread and what belongs to it: no old notice, no old live bubble, Send or Stop."""
        titles = (
            {entry.id: entry.title[language] for entry in self.workbench.models.listing(visitor)} if found else {}
        )
        documents = self.workbench.attachments
        quotes = partial(documents.pieces, visitor, found.id) if found else None
        attached = bool(found and (documents.documents(visitor, found.id) or documents.adding(visitor, found.id)))
        written = thread(
            found, language, titles, running=running, everything=everything, quotes=quotes, attached=attached,
            beside=beside, trust=model_menu.trust(self.workbench, language),
        )  # fmt: skip
        return {
            self.screen.thread: written,
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
        bare = {self.screen.attached: "", self.screen.sheet: ""}
        return self.thread(None, language, visitor, running=False) | place | bare

    def attached(self, visitor: str, name: str, language: Language, busy: str = "") -> Update:
        """The documents of a conversation above the composer; `busy` is the chip of one that is being read."""
        entries = self.workbench.attachments.documents(visitor, name)
        return {self.screen.attached: chips(entries, language, busy=busy)}

    def sheet(self, visitor: str, name: str, document: str, place: Span, language: Language) -> Update:
        """A document that a reply read, opened at a place."""
        found = self.workbench.attachments.open(visitor, name, document)
        close = (
            f'<button class="quiet close-sheet" data-act="dismiss">{say(language, "chat.close_document")}</button>'
        )
        page = shelf.sheet(found, document, place, language)
        return {self.screen.sheet: f'<section class="leaf">{page}{close}</section>'}

    def rail(self, visitor: str, current: str | None, language: Language, search: str = "") -> str:
        """The list of conversations."""
        try:
            return rail(self.workbench.chats.list(visitor, search), language, current=current, search=search)
        except UserError as error:  # under a passphrase that was not entered
            return f'<nav class="list"><p class="why">{escape(explain(error, language))}</p></nav>'

    def models(self, picked: str, language: Language, visitor: str, compare: str = "") -> Update:
        """The menus of models, what there is to know of the one picked, and whether text leaves for one of them."""
        models = self.workbench.models
        menu = picker.choices(models, language, visitor)
        known = {value for _, value in menu}
        picked, compare = (name if name in known else picker.BY_ITSELF for name in (picked, compare))
        second = [(say(language, "chat.compare_none"), picker.BY_ITSELF), *menu[1:]]
        return {
            self.screen.dials["model"]: gr.update(choices=menu, value=picked),
            self.screen.dials["compare"]: gr.update(choices=second, value=compare),
            self.screen.picked: picker.facts(models, picked, language, visitor),
            self.screen.entering.form: gr.update(visible=models.may_enter_servers()),
        } | self.leaving([picked, compare], language, visitor)

    def leaving(self, names: Sequence[str], language: Language, visitor: str) -> Update:
        """For whom the next message leaves this computer, and the switch that masks it."""
        models = self.workbench.models
        asked = [names[0], *filter(None, names[1:])]  # the first may be the workbench's own choice
        return {
            self.screen.leaving: servers.leaving(models, asked, language, visitor),
            self.screen.dials["mask"]: gr.update(visible=servers.leaves(models, asked, visitor)),
        }

    def dials(self, options: Mapping[str, Any]) -> Update:
        """The dials of a conversation; what was never set stands where it usually does."""
        masks = self.workbench.settings.remote_mask
        values = standing(options.get("role", "assistant")) | {"mask": masks} | dict(options)
        return {self.screen.dials[name]: gr.update(value=values[name]) for name in DIALS}

    def note(self, key: str, language: Language, **facts: Any) -> Update:
        """One sentence above the composer."""
        return {self.screen.notice: notice(say(language, key, **facts), language, "doubt")}

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
            return {self.screen.notice: notice(explain(error, language), language)}
        except Exception:
            return {self.screen.notice: notice(explain(unexpected("a handler of Chat"), language), language)}


def options(dials: tuple[Any, ...]) -> dict[str, Any]:
    """The dials, in the order of DIALS, as options; what stands where it usually does is left out."""
    values = dict(zip(DIALS, dials, strict=True))
    usual = standing(values["role"])
    return {name: value for name, value in values.items() if name == "role" or value not in (None, "", usual[name])}


def wish(event: gr.EventData) -> Mapping[str, str]:
    """What was clicked: {"do": ..., "id": ...}. It comes from the browser, so anything may be in it."""
    sent = event._data
    return {str(name): str(value) for name, value in sent.items()} if isinstance(sent, Mapping) else {}


def notice(sentence: str, language: Language, kind: str = "fault") -> str:
    """A sentence above the composer, to be read and put away."""
    dismiss = f'<button class="quiet" data-act="dismiss">{say(language, "chat.dismiss")}</button>'
    return f'<div class="notice {kind}" role="alert"><p>{escape(sentence)}</p>{dismiss}</div>'
