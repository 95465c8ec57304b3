"""What happens on the Translate tab. A translation is a job of the workbench, kept as it grows: neither a reload nor
a lost connection ends it, and a page that comes back follows it again.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Done, Event, Item, Notice, Progress
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, say
from llm_core.tasks import glossary as glossaries
from llm_core.web import model_menu
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.render import paint
from llm_core.web.translate import pieces
from llm_core.web.translate.screen import BY_ITSELF, Followed, Screen

if TYPE_CHECKING:
    from llm_core.workbench import Workbench
    from llm_core.workbench.translations import Translations

Update = dict[Any, Any]  # component -> its new value
SHOWN_ELSEWHERE = ("model", "translation_draft")  # notices that the sentences themselves carry
PAINT_EVERY_S = 0.3  # a page of pairs is large


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
    def _translations(self) -> Translations:
        return self._workbench.translations

    def restore(self, visitor: str, request: gr.Request) -> Update:
        """The page was opened or reloaded: show the last translation, and follow it while it grows."""
        language = language_of_request(request)

        def shown() -> Update:
            work, job = self._translations.work(visitor), self._translations.running(visitor)
            picked = work.options.model if work else None
            menu = model_menu.filled(self._workbench.models, language, picked, "translate")
            trust = model_menu.trust(self._workbench, language)
            start: Update = {self._screen.start: pieces.empty(language, trust), self._screen.model: menu}
            if work is None and job is None:
                return start
            update = start | self._shown(visitor, language)
            if work:
                lines = "\n".join(f"{term} = {wanted}" for term, wanted in work.options.glossary.items())
                update[self._screen.glossary] = lines
                update[self._screen.to] = work.options.to or BY_ITSELF
            return update | ({self._screen.followed: Followed()} if job else {})

        return self._guarded(language, shown)

    def go(self, visitor: str, text: str, to: str, glossary: str, model: str, request: gr.Request) -> Update:
        """Translate what is in the box."""
        return self._started(visitor, text, to, glossary, model, request)

    def upload(
        self, visitor: str, file: str | None, to: str, glossary: str, model: str, request: gr.Request
    ) -> Update:
        """Translate a file."""
        if not file:
            return {self._screen.upload: None}
        path = Path(file)
        update = self._started(visitor, (path, path.name), to, glossary, model, request)
        path.unlink(missing_ok=True)  # the workbench has its copy
        return update | {self._screen.upload: None}

    def read_glossary(self, file: str | None, request: gr.Request) -> Update:
        """Take the terms of a file into the box, where they can be looked at."""
        if not file:
            return {self._screen.glossary_file: None}

        def read() -> Update:
            terms = glossaries.read(Path(file).read_text("utf-8-sig", "replace"))
            return {self._screen.glossary: "\n".join(f"{term} = {wanted}" for term, wanted in terms.items())}

        return self._guarded(language_of_request(request), read) | {self._screen.glossary_file: None}

    def follow(self, visitor: str, followed: Followed | None, request: gr.Request) -> Iterator[Update]:
        """Show the pairs as they come, then how it ended."""
        language, job = language_of_request(request), self._translations.running(visitor)
        told = ""
        try:
            if job and followed:
                for stage, told in paint(job, _Growing(language), PAINT_EVERY_S):
                    yield self._growing(visitor, stage, language, followed) | {self._screen.notice: told}
                told = ""  # how long it would take is past
        except UserError as error:
            told = pieces.notice(explain(error, language), language)
        except Exception:
            told = pieces.notice(explain(unexpected("a handler of Translate"), language), language)
        yield self._shown(visitor, language) | ({self._screen.notice: told} if followed else {})

    def stop(self, visitor: str) -> None:
        """Stop; what has been translated stays, and `follow` shows it."""
        self._translations.stop(visitor)

    def act(
        self,
        visitor: str,
        to: str,
        glossary: str,
        model: str,
        first: int,
        event: gr.EventData,
        request: gr.Request,
    ) -> Update:
        """A word in our HTML was clicked. What it says comes from the browser, so anything may be in it."""
        language = language_of_request(request)
        sent = event._data if isinstance(event._data, Mapping) else {}
        do, name = str(sent.get("do")), str(sent.get("id", ""))
        number = int(name) if name.isdecimal() and len(name) < 9 else 0
        match do:
            case "example" if text := pieces.example(name):
                return self._started(visitor, text, BY_ITSELF, glossary, model, request) | {self._screen.text: text}
            case "again":
                return self._guarded(language, lambda: self._again(visitor, number, language, first))
            case "page":
                return {self._screen.first: number} | self._shown(visitor, language, number)
            case "save":
                return self._guarded(language, lambda: self._saved(visitor))
            case "other":
                self._translations.forget(visitor)
                cleared = {self._screen.pairs: "", self._screen.doubts: "", self._screen.notice: ""}
                return cleared | self._buttons(running=False, editing=True)
        return {self._screen.notice: ""}

    # ---------------------------------------------------------------- inside

    def _started(
        self, visitor: str, source: str | tuple[Path, str], to: str, glossary: str, model: str, request: gr.Request
    ) -> Update:
        language = language_of_request(request)

        def start() -> Update:
            terms = glossaries.read(glossary)
            wanted = None if to == BY_ITSELF else to
            self._translations.start(visitor, source, to=wanted, glossary=terms, model=model or None)
            waiting = {self._screen.pairs: pieces.waiting(None, language), self._screen.doubts: ""}
            fresh = {self._screen.followed: Followed(), self._screen.first: 0, self._screen.notice: ""}
            return waiting | fresh | self._buttons(running=True, editing=False)

        return self._guarded(language, start)

    def _again(self, visitor: str, number: int, language: Language, first: int) -> Update:
        self._translations.again(visitor, number)
        work = self._translations.work(visitor)
        shown = {self._screen.pairs: pieces.work(work, None, language, first=first, again=number)} if work else {}
        return shown | {self._screen.followed: Followed(again=number)}

    def _saved(self, visitor: str) -> Update:
        for event in self._translations.download(visitor):
            if isinstance(event, Done):
                data = base64.b64encode(event.result.data).decode()
                sent = {"name": event.result.name, "data": data, "at": time.time()}
                return {self._screen.saved: json.dumps(sent)}
        raise AssertionError("a file without an end")

    def _growing(self, visitor: str, stage: Progress | None, language: Language, followed: Followed) -> Update:
        work = self._translations.work(visitor)
        if work is None:  # its file is still being read
            return {self._screen.pairs: pieces.waiting(stage, language)} | self._buttons(running=True, editing=False)
        if followed.again is not None:
            first = followed.again // pieces.SHOWN_MAX * pieces.SHOWN_MAX
            return {self._screen.pairs: pieces.work(work, None, language, first=first, again=followed.again)}
        first = max(0, len(work.pairs) - 1) // pieces.SHOWN_MAX * pieces.SHOWN_MAX
        return {
            self._screen.pairs: pieces.work(work, stage, language, first=first),
            self._screen.doubts: pieces.doubts(work, language),
            self._screen.first: first,
        } | self._buttons(running=True, editing=False)

    def _shown(self, visitor: str, language: Language, first: int = 0) -> Update:
        """What stands there when nothing is happening."""
        work = self._translations.work(visitor)
        if work is None:
            return {self._screen.pairs: "", self._screen.doubts: ""} | self._buttons(running=False, editing=True)
        return {
            self._screen.pairs: pieces.work(work, None, language, first=first),
            self._screen.doubts: pieces.doubts(work, language),
        } | self._buttons(running=work.state == "growing", editing=False)

    def _buttons(self, *, running: bool, editing: bool) -> Update:
        return {
            self._screen.go: gr.update(visible=editing),
            self._screen.stop: gr.update(visible=running),
            self._screen.edit: gr.update(visible=editing),
        }

    def _guarded(self, language: Language, do: Callable[[], Update]) -> Update:
        """What `do` answers; or, where it fails, the sentence for it."""
        try:
            return do()
        except UserError as error:
            return {self._screen.notice: pieces.notice(explain(error, language), language)}
        except Exception:
            told = explain(unexpected("a handler of Translate"), language)
            return {self._screen.notice: pieces.notice(told, language)}


class _Growing:
    """What is happening with a translation, and what is to be known; its sentences stand in the workbench."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._stage: Progress | None = None
        self._told = ""

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        match event:
            case Progress() if event.stage == "translating" or not self._translating:
                self._stage = event
            case Notice(code) if code not in SHOWN_ELSEWHERE:
                told = say(self._language, f"notices.{code}", **event.facts)
                self._told = pieces.notice(told, self._language, doubt=True)
            case Item():
                pass
            case _:
                return False
        return True

    def picture(self) -> tuple[Progress | None, str]:
        """The stage, and the notice as HTML."""
        return self._stage, self._told

    @property
    def _translating(self) -> bool:
        """Whether sentences have come: from then on their count stays in sight."""
        return self._stage is not None and self._stage.stage == "translating" and self._stage.done > 0
