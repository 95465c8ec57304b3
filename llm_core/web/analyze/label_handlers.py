"""What happens with own labels: examples come in, a classifier is learned from them in seconds, and tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from llm_core.jobs import Job
from llm_core.messages import Language, say
from llm_core.tasks import own_examples
from llm_core.web.analyze import pieces, teaching
from llm_core.web.analyze.following import Update, buttons, followed, guarded, wish
from llm_core.web.analyze.screen import Screen
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request

if TYPE_CHECKING:
    from llm_core.workbench import Workbench


class LabelHandlers:
    """Every handler of own labels.

    Args:
        workbench: what does the work.
        screen: what is painted.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self._part = screen.labels
        self._analyses = workbench.analyses
        self._desk = workbench.analysis_desk

    def go(self, visitor: str, name: str, examples: str, request: gr.Request) -> Iterator[Update]:
        """Learn what is in the box."""
        start = lambda: self._desk.start_learning(visitor, name, own_examples.parsed(examples))  # noqa: E731
        yield from self._followed(visitor, start, language_of_request(request))

    def act(self, visitor: str, event: gr.EventData, request: gr.Request) -> Iterator[Update]:
        """A button in our HTML: the example, a set to edit or to delete."""
        language, (do, name) = language_of_request(request), wish(event)
        if do == "example":
            called = say(language, "analyze.labels_try_name")
            yield {self._part.name: called, self._part.examples: pieces.example(f"labels.{language}", "txt")}
        elif do == "edit" and (report := self._analyses.own_labels(visitor).get(name)):
            yield {self._part.name: name, self._part.examples: own_examples.typed(report["texts"])}
        elif do == "delete":
            self._analyses.forget_labels(visitor, name)
            yield self._kept(visitor, "", language) | {self._part.notice: "", self._part.told: ""}

    def probe(self, visitor: str, sentence: str, request: gr.Request) -> Iterator[Update]:
        """What the visitor's sets say of one sentence."""
        language = language_of_request(request)

        def updates() -> Iterator[Update]:
            sets = self._analyses.own_labels(visitor) if sentence.strip() else {}
            found = {name: self._analyses.classify(visitor, name, [sentence])[0] for name in sets}
            yield {self._part.told: teaching.told(found), self._part.notice: ""}

        yield from guarded(updates(), self._part.notice, {}, language)

    def stop(self, visitor: str) -> None:
        """Stop; the examples stay in the box."""
        self._desk.stop(visitor)

    def restore(self, visitor: str, request: gr.Request) -> Iterator[Update]:
        """The page is opened: show the sets, and follow what is learned."""
        language = language_of_request(request)
        yield {self._part.start: teaching.empty(language)} | self._kept(visitor, "", language)
        work = self._desk.last(visitor, "labels")
        if work is not None and not work.job.done:
            yield from self._followed(visitor, lambda: work.job, language)

    def _followed(self, visitor: str, start: Callable[[], Job], language: Language) -> Iterator[Update]:
        idle = buttons(self._part.go, self._part.stop, running=False)

        def show(picture: str) -> Update:
            running = buttons(self._part.go, self._part.stop, running=True)
            return {self._part.notice: picture} | running

        def end() -> Update:
            work = self._desk.last(visitor, "labels")
            newest = " ".join(work.name.split()) if work else ""
            return self._kept(visitor, newest, language) | idle | {self._part.notice: "", self._part.told: ""}

        live = teaching.Learning(language)
        yield from guarded(
            followed(self._desk, visitor, "labels", start, live, show, end), self._part.notice, idle, language
        )

    def _kept(self, visitor: str, newest: str, language: Language) -> Update:
        sets = self._analyses.own_labels(visitor)
        newest = newest if newest in sets or not sets else next(iter(sets))
        return {
            self._part.kept: teaching.kept(sets, newest, language),
            self._part.try_it: gr.update(visible=bool(sets)),
        }
