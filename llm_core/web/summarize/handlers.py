"""What happens on the Summarize tab: a text or file comes in, its summary is painted as it grows, and found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.jobs import Job, unexpected
from llm_core.messages import Language, explain
from llm_core.web import model_menu
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.render import paint
from llm_core.web.summarize import pieces
from llm_core.web.summarize.progress import Making, Picture
from llm_core.web.summarize.screen import Screen

if TYPE_CHECKING:
    from llm_core.workbench import Workbench
    from llm_core.workbench.summaries import Summaries

Update = dict[Any, Any]


class Handlers:
    """Every handler of the tab.

    Args:
        workbench: what does the work.
        screen: what is painted.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self._workbench = workbench
        self._screen = screen

    @property
    def _summaries(self) -> Summaries:
        return self._workbench.summaries

    def go(
        self,
        visitor: str,
        text: str,
        method: str,
        sentences: float,
        form: str,
        to: str,
        model: str,
        request: gr.Request,
    ) -> Iterator[Update]:
        """Summarize what is in the box, or, where the box is put away, the same text again."""
        options = _options(method, sentences, form, to, model)

        def start() -> Job:
            if text.strip():
                return self._summaries.start(visitor, text, options)
            return self._summaries.again(visitor, options) or self._summaries.start(visitor, text, options)

        yield from self._followed(visitor, start, language_of_request(request))

    def change(
        self,
        visitor: str,
        text: str,
        method: str,
        sentences: float,
        form: str,
        to: str,
        model: str,
        request: gr.Request,
    ) -> Iterator[Update]:
        """Another length: key sentences are there at once, so nobody has to ask for them."""
        work = self._summaries.last(visitor)
        if work is None or work.options.method != "key" or method != "key":
            return
        yield from self.go(visitor, text, method, sentences, form, to, model, request)

    def upload(
        self,
        visitor: str,
        file: str | None,
        method: str,
        sentences: float,
        form: str,
        to: str,
        model: str,
        request: gr.Request,
    ) -> Iterator[Update]:
        """Read a file and summarize it."""
        if not file:
            return
        path, options = Path(file), _options(method, sentences, form, to, model)
        self._workbench.mine.uploaded(visitor, [path])
        start = lambda: self._summaries.start_file(visitor, path, path.name, options)  # noqa: E731
        yield {self._screen.text: "", self._screen.upload: None}
        yield from self._followed(visitor, start, language_of_request(request))

    def act(
        self,
        visitor: str,
        method: str,
        sentences: float,
        form: str,
        to: str,
        model: str,
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[Update]:
        """A button in our HTML: an example, or another text."""
        sent = event._data if isinstance(event._data, Mapping) else {}
        if sent.get("do") == "other":
            yield {self._screen.edit: gr.update(visible=True), self._screen.source: "", self._screen.result: ""}
        elif sent.get("do") == "example" and (text := pieces.example(str(sent.get("id")))):
            yield {self._screen.text: text}
            yield from self.go(visitor, text, method, sentences, form, to, model, request)

    def stop(self, visitor: str) -> None:
        """Stop; what is there stays."""
        self._summaries.stop(visitor)

    def show_dials(self, method: str) -> Update:
        """The dials of rewriting are shown where they count."""
        return {self._screen.dials: gr.update(visible=method == "rewrite")}

    def restore(self, visitor: str, request: gr.Request) -> Iterator[Update]:
        """The page is opened: show the last summary, and follow it while it is being made."""
        language = language_of_request(request)
        work = self._summaries.last(visitor)
        menu = model_menu.filled(self._workbench.models, language, work.options.model if work else None)
        start = pieces.empty(language, model_menu.trust(self._workbench, language))
        yield {self._screen.start: start, self._screen.model: menu}
        if work is None:
            return
        options = work.options
        yield {
            self._screen.text: work.source if isinstance(work.source, str) else "",
            self._screen.method: options.method,
            self._screen.form: options.form,
            self._screen.to: options.to or "same",
            self._screen.dials: gr.update(visible=options.method == "rewrite"),
            **({self._screen.sentences: options.sentences} if options.sentences else {}),
        }
        yield from self._followed(visitor, lambda: work.job, language)

    # ---------------------------------------------------------------- inside

    def _followed(self, visitor: str, start: Callable[[], Job], language: Language) -> Iterator[Update]:
        """Paint a job from its beginning to its end, or until another one takes its place."""
        try:
            job = start()
            work = self._summaries.last(visitor)
            if work is None or work.job is not job:
                return
            making = Making(work.options, work.source, language)
            yield from self._painted(visitor, job, making)
            yield self._picture(making.end(), running=False) | {self._screen.notice: ""}
        except UserError as error:
            yield self._failed(explain(error, language))
        except Exception:
            yield self._failed(explain(unexpected("a handler of Summarize"), language))

    def _painted(self, visitor: str, job: Job, making: Making) -> Iterator[Update]:
        yield self._buttons(running=True) | {self._screen.notice: ""}
        try:
            for picture in paint(job, making):
                work = self._summaries.last(visitor)
                if work is None or work.job is not job:
                    return
                yield self._picture(picture, running=True)
        except UserError:
            if making.summary is not None:
                yield self._picture(making.end(), running=False)  # the key sentences stay
            raise

    def _picture(self, picture: Picture, *, running: bool) -> Update:
        source, result = picture
        update: Update = {self._screen.result: result} | self._buttons(running=running)
        if source:
            update |= {self._screen.source: source, self._screen.edit: gr.update(visible=False)}
        return update

    def _buttons(self, *, running: bool) -> Update:
        return {self._screen.go: gr.update(visible=not running), self._screen.stop: gr.update(visible=running)}

    def _failed(self, sentence: str) -> Update:
        return {self._screen.notice: pieces.notice(sentence)} | self._buttons(running=False)


def _options(method: str, sentences: float, form: str, to: str, model: str) -> dict[str, Any]:
    spoken = None if to == "same" else to
    return {"method": method, "sentences": int(sentences), "form": form, "to": spoken, "model": model or None}
