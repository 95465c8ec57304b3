"""What happens in the Ask tab: files come, questions are asked, places are opened, things are deleted.

Adding and asking are jobs of the workbench: neither a reload nor a lost connection ends them, and a page that comes
back follows them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from llm_core.errors import UserError
from llm_core.messages import explain, say
from llm_core.text.spans import Span
from llm_core.web import model_menu
from llm_core.web.ask import pieces
from llm_core.web.ask.screen import Followed
from llm_core.web.ask.view import Added, Asked, Update, View
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.render import paint

EXAMPLES = Path(__file__).parents[3] / "assets" / "examples" / "ask"


class Handlers:
    """Handlers of the tab. Every one answers with an `Update`."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._desk = view.workbench.libraries
        self._screen = view.screen

    def restore(self, visitor: str, request: gr.Request) -> Update:
        """The page was opened or reloaded."""
        language = language_of_request(request)
        menu = {self._screen.model: model_menu.filled(self._view.workbench.models, language, None)}
        return menu | self._view.guarded(language, lambda: self._view.everything(visitor, language))

    # ---------------------------------------------------------------- documents

    def add(self, visitor: str, files: Sequence[str] | None, request: gr.Request) -> Update:
        """Files were chosen: read them in a job, and delete each upload once it was read."""
        given = [(Path(file), Path(file).name) for file in files or ()]

        def added() -> Update:
            self._desk.add(visitor, given, done=lambda path: path.unlink(missing_ok=True))
            return {self._screen.adding: Followed(), self._screen.trouble: "", self._screen.notice: ""}

        return self._view.guarded(language_of_request(request), added)

    def follow_adding(
        self, visitor: str, current: str, followed: Followed | None, model: str, request: gr.Request
    ) -> Iterator[Update]:
        """Show files being read, then the list as it is; ask what was to be asked of them."""
        language = language_of_request(request)
        job, live, told = self._desk.added(visitor), Added(language), ""
        shown = -1
        try:
            for _ in paint(job, live) if job else ():
                update = self._view.rail(visitor, current, language, live)
                if shown not in (-1, live.done) or (shown == -1 and live.done):
                    update |= {self._screen.trouble: live.trouble()}
                shown = live.done
                yield update
        except UserError as error:
            told = pieces.notice(explain(error, language))
        yield self._view.rail(visitor, current, language) | {self._screen.trouble: told + live.trouble()}
        if followed and followed.question:
            yield self._asked(visitor, followed.question, model, request)
        elif not self._desk.answers(visitor) and not self._desk.asking(visitor):
            yield self._view.answers(visitor, language)

    def rail(self, visitor: str, current: str, event: gr.EventData, request: gr.Request) -> Update:
        """A word in the list of documents was clicked."""
        language, asked = language_of_request(request), wish(event)
        name = asked.get("id", "")

        def done() -> Update:
            match asked.get("do"):
                case "open":
                    return self._view.sheet(visitor, name, Span(0, 0), language)
                case "delete":
                    self._desk.delete(visitor, name)
                    gone = {self._screen.sheet: "", self._screen.current: ""}
                    return self._view.rail(visitor, "", language) | self._view.answers(visitor, language) | gone
                case "stop-adding":
                    self._desk.stop_adding(visitor)
            return self._view.rail(visitor, current, language)

        return self._view.guarded(language, done)

    # ---------------------------------------------------------------- questions

    def question(self, visitor: str, question: str, model: str, request: gr.Request) -> Update:
        """Ask. On an error the question stays in the box. (Not `ask`: Gradio keeps that name for the API.)"""
        return self._asked(visitor, question, model, request)

    def follow_asking(self, visitor: str, followed: Followed | None, request: gr.Request) -> Iterator[Update]:
        """Show the answer as it is made, then all answers."""
        language = language_of_request(request)
        job, told = self._desk.asking(visitor), ""
        try:
            for picture in paint(job, Asked(followed.question if followed else "", language)) if job else ():
                yield {self._screen.live: picture}
        except UserError as error:
            told = pieces.notice(explain(error, language))
        update = self._view.answers(visitor, language) | {self._screen.notice: told}
        kept = self._desk.answers(visitor, 1)
        if kept and not kept[0][1]["abstained"] and not told:
            first = kept[0][1]["evidence"][0]
            update |= self._view.guarded(
                language,
                lambda: self._view.sheet(visitor, first["id"], Span(first["start"], first["end"]), language),
            )
        yield update

    def stop(self, visitor: str) -> None:
        """Stop the answer; the evidence was there, and the question stays."""
        self._desk.stop(visitor)

    def act(self, visitor: str, event: gr.EventData, request: gr.Request) -> Update:
        """A citation, a place, an example or a word below an answer was clicked."""
        language, asked = language_of_request(request), wish(event)

        def done() -> Update:
            match asked.get("do"):
                case "cite":
                    place = Span(_number(asked, "start"), _number(asked, "end"))
                    return self._view.sheet(visitor, asked.get("id", ""), place, language)
                case "forget":
                    self._desk.delete_answer(visitor, asked.get("id", ""))
                    return self._view.answers(visitor, language)
                case "example":
                    self._desk.add(visitor, [(path, path.name) for path in sorted(EXAMPLES.glob("*.md"))])
                    question = asked.get("text", "")[:200]
                    told = f'<p class="why">{say(language, "ask.examples_added")}</p>'
                    return {self._screen.adding: Followed(question=question), self._screen.notice: told}
            return {self._screen.notice: ""}

        return self._view.guarded(language, done)

    def _asked(self, visitor: str, question: str, model: str, request: gr.Request) -> Update:
        language = language_of_request(request)

        def asked() -> Update:
            self._desk.ask(visitor, question, model or None)
            buttons = self._view.buttons(language, running=True)[self._screen.question]
            return {
                self._screen.question: gr.update(value="", **{k: buttons[k] for k in ("submit_btn", "stop_btn")}),
                self._screen.asking: Followed(question=question),
                self._screen.live: Asked(question, language).picture(),
                self._screen.notice: "",
            }

        return self._view.guarded(language, asked)


def wish(event: gr.EventData) -> Mapping[str, str]:
    """What was clicked: {"do": ..., "id": ...}. It comes from the browser, so anything may be in it."""
    sent = event._data
    return {str(name): str(value) for name, value in sent.items()} if isinstance(sent, Mapping) else {}


def _number(asked: Mapping[str, str], name: str) -> int:
    written = asked.get(name, "")
    return int(written) if written.isdecimal() and len(written) < 12 else 0
