"""Coming back, sending, following, stopping, and what can be done with a message.

A reply is a job of the workbench: sending starts it, `follow` shows it, and neither a reload nor a lost connection
ends it. `follow` runs for every look at a conversation whose reply is under way: that is how a page that comes back
takes the thread up again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from llm_core.errors import UserError
from llm_core.jobs import Job
from llm_core.messages import Language
from llm_core.web.chat import words
from llm_core.web.chat.screen import Followed, Place
from llm_core.web.chat.view import Update, View, options, wish
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.render import Live, paint, paint_beside


class Turns:
    """Handlers of the thread and the composer."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._chats = view.workbench.chats
        self._screen = view.screen

    def restore(self, visitor: str, kept: str, request: gr.Request) -> Update:
        """The page was opened or reloaded: show the conversation that it had open."""
        language = language_of_request(request)
        shown = self._view.nothing(visitor, language)
        picked = compare = ""
        with suppress(UserError):  # deleted since, or of another visitor
            if kept:
                found = self._chats.get(visitor, kept)
                shown = self._view.conversation(visitor, kept, language) | self._view.dials(found.options)
                picked, compare = (str(found.options.get(name) or "") for name in ("model", "compare"))
        return (
            shown | self._view.models(picked, language, visitor, compare) | {self._screen.word: words.hint(language)}
        )

    def follow(self, visitor: str, followed: Followed, request: gr.Request) -> Iterator[Update]:
        """Show the reply that is being written, then the finished thread."""
        language, conversation = language_of_request(request), followed.conversation
        jobs = self._chats.under_way(visitor, conversation)
        options = self._options(visitor, conversation)
        with suppress(UserError):  # the message itself says what went wrong
            for picture in self._pictures(jobs, options, language):
                yield {self._screen.live: picture}
        yield self._view.guarded(language, lambda: self._view.conversation(visitor, conversation, language))

    def _options(self, visitor: str, conversation: str) -> Mapping[str, Any]:
        try:
            return self._chats.get(visitor, conversation).options
        except UserError:  # deleted meanwhile
            return {}

    def _pictures(self, jobs: Sequence[Job], options: Mapping[str, Any], language: Language) -> Iterator[list[str]]:
        """What the live bubble shows: one reply, or two side by side as long as one of them is being written."""
        if not options.get("compare"):
            return paint(jobs[0], Live(language)) if jobs else iter(())
        return paint_beside([(job, Live(language, named=True)) for job in jobs])

    def send(self, visitor: str, place: Place, text: str, request: gr.Request, *dials: Any) -> Update:
        """Say something. On an error the text stays in the box."""
        language = language_of_request(request)

        def turn() -> Update:
            wanted = options(dials)
            if place.conversation is None:
                conversation, head = self._chats.create(visitor, **wanted).id, None
            else:
                conversation, head = place.conversation, place.head
                self._chats.set_options(visitor, conversation, wanted)
            self._chats.send(visitor, conversation, text, head=head)
            composer = gr.update(value="", **self._view.buttons(language, running=True))
            return self._view.conversation(visitor, conversation, language) | {self._screen.composer: composer}

        return self._view.guarded(language, turn, lambda: self._again(visitor, place, request))

    def stop(self, visitor: str, place: Place) -> None:
        """Stop the reply; what has been written stays, and `follow` shows it."""
        if place.conversation:
            self._chats.stop(visitor, place.conversation)

    def act(self, visitor: str, place: Place, event: gr.EventData, request: gr.Request, *dials: Any) -> Update:
        """A word below a message was clicked, or the page has found its connection again."""
        if place.conversation is None:
            return {self._screen.live: gr.skip()}
        language, conversation, asked = language_of_request(request), place.conversation, wish(event)

        def turn() -> Update:
            self._do(visitor, place, asked, dials)
            everything = asked.get("do") == "earlier"
            shown = self._view.conversation(visitor, conversation, language, everything=everything)
            if asked.get("do") != "pick":
                return shown
            now = self._chats.get(visitor, conversation).options
            picked, compare = str(now.get("model") or ""), str(now.get("compare") or "")
            return shown | self._view.models(picked, language, visitor, compare)

        return self._view.guarded(language, turn, lambda: self._again(visitor, place, request))

    def _do(self, visitor: str, place: Place, asked: Any, dials: tuple[Any, ...]) -> None:
        conversation, head, message = place.conversation or "", place.head, asked.get("id", "")
        match asked.get("do"):
            case "retry":
                self._chats.set_options(visitor, conversation, options(dials))
                self._chats.retry(visitor, conversation, message, head=head)
            case "edit":
                self._chats.set_options(visitor, conversation, options(dials))
                self._chats.edit(visitor, conversation, message, asked.get("text", ""), head=head)
            case "good" | "poor" as thumb:
                self._chats.rate(visitor, conversation, message, 1 if thumb == "good" else -1)
            case "undo":
                self._chats.undo(visitor, conversation, head=head)
            case "switch":
                self._chats.switch(visitor, conversation, asked.get("to", ""))
            case "pick":
                self._chats.pick(visitor, conversation, message, head=head)

    def _again(self, visitor: str, place: Place, request: gr.Request) -> Update:
        """The newer conversation, for a tab that was stale."""
        return self._view.conversation(visitor, place.conversation or "", language_of_request(request))
