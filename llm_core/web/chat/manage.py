"""The list of conversations: open, begin, find, rename, delete, save as a file, add from a file."""

from __future__ import annotations

import json
from pathlib import Path

from llm_core.web.chat.screen import Place
from llm_core.web.chat.view import Update, View, wish
from llm_core.web.frame import Talk
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request


class Manage:
    """Handlers of the left column."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._chats = view.workbench.chats
        self._screen = view.screen

    def begin(self, visitor: str, request: gr.Request) -> Update:
        """An empty page; the conversation is made with its first message."""
        return self._view.nothing(visitor, language_of_request(request))

    def talk(self, visitor: str, talk: Talk | None, request: gr.Request) -> Update:
        """An empty page with a model picked: one that was just trained."""
        if talk is None:
            return {}
        language = language_of_request(request)
        return self._view.nothing(visitor, language) | self._view.models(talk.model, language, visitor)

    def find(self, visitor: str, place: Place, search: str, request: gr.Request) -> Update:
        """List the conversations that hold what is searched for."""
        language = language_of_request(request)
        return {self._screen.rail: self._view.rail(visitor, place.conversation, language, search)}

    def open(self, visitor: str, event: gr.EventData, request: gr.Request) -> Update:
        """Show another conversation."""
        language, name = language_of_request(request), wish(event).get("id", "")

        def shown() -> Update:
            found = self._chats.get(visitor, name).options
            picked, compare = str(found.get("model") or ""), str(found.get("compare") or "")
            models = self._view.models(picked, language, visitor, compare)
            return self._view.conversation(visitor, name, language) | self._view.dials(found) | models

        return self._view.guarded(language, shown)

    def rename(self, visitor: str, place: Place, event: gr.EventData, request: gr.Request) -> Update:
        """Give a conversation another name."""
        language, asked = language_of_request(request), wish(event)

        def renamed() -> Update:
            self._chats.rename(visitor, asked.get("id", ""), asked.get("title", ""))
            return {self._screen.rail: self._view.rail(visitor, place.conversation, language)}

        return self._view.guarded(language, renamed)

    def delete(self, visitor: str, event: gr.EventData, request: gr.Request) -> Update:
        """Delete one conversation, or all of them."""
        language, name = language_of_request(request), wish(event).get("id")

        def deleted() -> Update:
            if name:
                self._chats.delete(visitor, name)
                return self._view.nothing(visitor, language)
            n = self._chats.delete_all(visitor)
            return self._view.nothing(visitor, language) | self._view.note("chat.deleted_all", language, n=n)

        return self._view.guarded(language, deleted)

    def save(self, visitor: str, event: gr.EventData, request: gr.Request) -> Update:
        """One conversation or all as text, which the browser saves; the server keeps no copy."""
        language, asked = language_of_request(request), wish(event)
        names = [asked["id"]] if asked.get("id") else None

        def saved() -> Update:
            if asked.get("format") == "json":
                file = {"name": "conversations.json", "text": self._chats.export_json(visitor, names)}
            else:
                text = self._chats.export_markdown(visitor, names, language)
                file = {"name": "conversations.md", "text": text}
            return {self._screen.saved: json.dumps(file)}

        return self._view.guarded(language, saved)

    def load(self, visitor: str, place: Place, path: str, request: gr.Request) -> Update:
        """Add the conversations of a file that was saved here before."""
        language = language_of_request(request)

        def loaded() -> Update:
            file = Path(path)  # Gradio has checked that it lies in its own upload folder
            try:
                n = self._chats.import_json(visitor, file.read_bytes())
            finally:
                file.unlink(missing_ok=True)
            listed = {self._screen.rail: self._view.rail(visitor, place.conversation, language)}
            return listed | self._view.note("chat.imported", language, n=n)

        return self._view.guarded(language, loaded)
