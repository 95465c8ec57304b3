"""The right column: the model that was picked, models that came or went, what else a word could have been."""

from __future__ import annotations

from llm_core.web.chat import picker, words
from llm_core.web.chat.screen import Place, standing
from llm_core.web.chat.view import Update, View, wish
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.markdown import split_reasoning

NTH_MAX = 10_000


class Margin:
    """Handlers of the right column."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._screen = view.screen

    def pick(self, visitor: str, picked: str, compare: str, request: gr.Request) -> Update:
        """Another model was chosen in a menu."""
        language = language_of_request(request)
        facts = picker.facts(self._view.workbench.models, picked, language, visitor)
        return {self._screen.picked: facts} | self._view.leaving([picked, compare], language, visitor)

    def enter(self, visitor: str, compare: str, url: str, model: str, key: str, request: gr.Request) -> Update:
        """Add a model on a server and pick it. The key is taken out of the page whatever comes of it."""
        language, form, models = language_of_request(request), self._screen.entering, self._view.workbench.models

        def entered() -> Update:
            name = models.enter_server(url, model, key)
            bare = {form.url: "", form.model: "", form.form: gr.update(open=False), self._screen.notice: ""}
            return bare | self._view.models(name, language, visitor, compare)

        return self._view.guarded(language, entered) | {form.key: ""}

    def forget(self, visitor: str, compare: str, event: gr.EventData, request: gr.Request) -> Update:
        """Let go of the server that is picked."""
        language, name = language_of_request(request), wish(event).get("id", "")

        def forgotten() -> Update:
            self._view.workbench.models.forget_server(name)
            return self._view.models("", language, visitor, compare)

        return self._view.guarded(language, forgotten)

    def role(self, role: str) -> Update:
        """Another role was chosen: the temperature that goes with it."""
        return {self._screen.dials["temperature"]: standing(role)["temperature"]}

    def refresh(self, visitor: str, picked: str, compare: str, request: gr.Request) -> Update:
        """A model came or went."""
        return self._view.models(picked, language_of_request(request), visitor, compare)

    def word(self, visitor: str, place: Place, event: gr.EventData, request: gr.Request) -> Update:
        """A word of a reply was clicked: `word`, and how many times it stands before that place (`nth`)."""
        language, asked = language_of_request(request), wish(event)
        chats = self._view.workbench.chats

        def shown() -> Update:
            found = chats.get(visitor, place.conversation or "").messages
            text = next((m.content for m in found if m.id == asked.get("id")), "")
            nth = min(int(asked.get("nth") or 0), NTH_MAX) if asked.get("nth", "0").isdigit() else 0
            word = asked.get("word", "")[:100]
            tokens = chats.tokens(visitor, asked.get("id", ""))
            # What was thought aloud is folded away: words are counted from where the reply begins.
            nth += text[: len(text) - len(split_reasoning(text)[1])].count(word) if word else 0
            return {self._screen.word: words.instead(text, tokens, word, nth, language)}

        return self._view.guarded(language, shown)
