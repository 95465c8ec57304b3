"""The documents of a conversation: attach, watch them being read, remove, open at a sentence that a reply read.

Reading is a job of the workbench: neither a reload nor a lost connection ends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.messages import Language, explain
from llm_core.text.spans import Span
from llm_core.web.chat.attached import Attaching, chips
from llm_core.web.chat.screen import Followed, Place
from llm_core.web.chat.view import Update, View, notice, options, wish
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.render import paint


class Documents:
    """Handlers of the chips above the composer and of what a reply read."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._attachments = view.workbench.attachments
        self._screen = view.screen

    def attach(
        self, visitor: str, place: Place, files: Sequence[str] | None, request: gr.Request, *dials: Any
    ) -> Update:
        """Files were chosen: read them in a job, and delete each upload once it was read."""
        language, chats = language_of_request(request), self._view.workbench.chats
        given = [(Path(file), Path(file).name) for file in files or ()]

        def attached() -> Update:
            conversation = place.conversation or chats.create(visitor, **options(dials)).id
            chats.attach(visitor, conversation, given, done=lambda path: path.unlink(missing_ok=True))
            begun = {} if place.conversation else self._view.conversation(visitor, conversation, language)
            return begun | {self._screen.attaching: Followed(conversation), self._screen.notice: ""}

        return self._view.guarded(language, attached)

    def follow(self, visitor: str, followed: Followed, request: gr.Request) -> Iterator[Update]:
        """Show files being read, then what is attached and what could not be read."""
        language, name = language_of_request(request), followed.conversation
        job, live = self._attachments.added(visitor, name), Attaching(language)
        troubles: list[str] = []
        try:
            for busy in paint(job, live) if job else ():
                yield self._shown(visitor, name, language, live, busy)
        except UserError as error:
            troubles.append(explain(error, language))
        yield self._settled(visitor, name, language, [*troubles, *live.failed])

    def act(self, visitor: str, place: Place, event: gr.EventData, request: gr.Request) -> Update:
        """A chip was clicked: open its document, remove it, or stop reading."""
        language, asked, conversation = language_of_request(request), wish(event), place.conversation or ""
        document = asked.get("id", "")

        def done() -> Update:
            match asked.get("do"):
                case "open":
                    return self._view.sheet(visitor, conversation, document, Span(0, 0), language)
                case "remove":
                    self._attachments.delete(visitor, conversation, document)
                    return self._settled(visitor, conversation, language) | {self._screen.sheet: ""}
                case "stop":
                    self._attachments.stop_adding(visitor, conversation)
            return self._view.attached(visitor, conversation, language)

        return self._view.guarded(language, done)

    def cite(self, visitor: str, place: Place, event: gr.EventData, request: gr.Request) -> Update:
        """A sentence that a reply read was clicked, or its page turned."""
        language, asked = language_of_request(request), wish(event)
        span = Span(_number(asked, "start"), _number(asked, "end"))
        conversation, document = place.conversation or "", asked.get("id", "")
        return self._view.guarded(language, lambda: self._view.sheet(visitor, conversation, document, span, language))

    def _shown(self, visitor: str, name: str, language: Language, live: Attaching, busy: str) -> Update:
        entries = self._attachments.documents(visitor, name)
        if live.indexing and entries and entries[-1].name == live.name:
            entries = entries[:-1]  # its chip is that of the reading, until its index is there
        return {self._screen.attached: chips(entries, language, busy=busy)}

    def _settled(self, visitor: str, name: str, language: Language, troubles: Sequence[str] = ()) -> Update:
        """What is attached now; the thread too, whose sources may have gone."""
        told = "".join(notice(sentence, language, "doubt") for sentence in troubles)

        def settled() -> Update:
            chats = self._view.workbench.chats
            shown = self._view.attached(visitor, name, language)
            if not chats.running(visitor, name):
                found = chats.get(visitor, name)
                written = self._view.thread(found, language, visitor, running=False)
                shown |= {self._screen.thread: written[self._screen.thread]}
            return shown | {self._screen.notice: told}

        return self._view.guarded(language, settled)


def _number(asked: Mapping[str, str], name: str) -> int:
    written = asked.get(name, "")
    return int(written) if written.isdecimal() and len(written) < 12 else 0
