"""What a handler of the Ask tab answers: which parts of the screen change, and how an error is told in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Delta, Event, Item, Notice, Progress
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, say
from llm_core.text.spans import Span
from llm_core.web import model_menu
from llm_core.web.ask import pieces, shelf
from llm_core.web.ask.screen import Followed, Screen
from llm_core.web.frame import escape
from llm_core.web.gradio import gr
from llm_core.workbench.answers import Piece

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

Update = dict[Any, Any]  # component -> its new value
SHOWN_AT_ONCE = 3  # pieces of evidence below an answer that is being written


class View:
    """The screen as updates.

    Args:
        workbench: whose documents are shown.
        screen: the components.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self.workbench = workbench
        self.screen = screen

    def everything(self, visitor: str, language: Language) -> Update:
        """The tab as it stands; jobs under way are followed from here."""
        desk = self.workbench.libraries
        shown = self.rail(visitor, "", language) | self.answers(visitor, language) | {self.screen.current: ""}
        if desk.adding(visitor):
            shown[self.screen.adding] = Followed()
        if desk.asking(visitor):
            shown[self.screen.asking] = Followed()
        return shown

    def rail(self, visitor: str, current: str, language: Language, added: Added | None = None) -> Update:
        """The list of documents, the one that is being read last."""
        entries = self.workbench.libraries.documents(visitor)
        if added and added.indexing and entries and entries[-1].name == added.name:
            entries = entries[:-1]  # its line is that of the reading, until its index is there
        busy = added.picture() if added else ""
        return {self.screen.rail: shelf.rail(entries, language, current=current, busy=busy)}

    def answers(self, visitor: str, language: Language) -> Update:
        """All answers that were kept, or what stands there before the first one."""
        desk = self.workbench.libraries
        kept = desk.answers(visitor)
        documents = [entry.name for entry in desk.documents(visitor)]
        if not kept:
            written = pieces.empty(language, model_menu.trust(self.workbench, language), documents=len(documents))
        else:
            written = pieces.thread(kept, language) + pieces.script(kept[0][1]["question"], documents, language)
        return {self.screen.thread: written, self.screen.live: "", self.screen.notice: ""} | self.buttons(language)

    def buttons(self, language: Language, *, running: bool = False) -> Update:
        """Ask, or Stop while an answer is being made."""
        ask, stop = say(language, "ask.ask"), say(language, "ask.stop")
        return {
            self.screen.question: gr.update(submit_btn=False if running else ask, stop_btn=stop if running else False)
        }

    def sheet(self, visitor: str, document: str, place: Span, language: Language) -> Update:
        """A document opened at a place, and marked in the list."""
        found = self.workbench.libraries.open(visitor, document)
        page = {self.screen.sheet: shelf.sheet(found, document, place, language), self.screen.current: document}
        return page | self.rail(visitor, document, language)

    def guarded(self, language: Language, work: Callable[[], Update]) -> Update:
        """What `work` answers; or, where it fails, the sentence for it below the question."""
        try:
            return work()
        except UserError as error:
            return {self.screen.notice: pieces.notice(explain(error, language))}
        except Exception:
            return {self.screen.notice: pieces.notice(explain(unexpected("a handler of Ask"), language))}


class Asked:
    """An answer that is being made, as HTML: the evidence as soon as it is there, the words as they come."""

    def __init__(self, question: str, language: Language) -> None:
        self._question = question
        self._language = language
        self._stage: Progress | None = None
        self._pieces: list[Piece] = []
        self._text = ""

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        match event:
            case Progress():
                self._stage = event
            case Item():
                self._pieces.append(event.value)
            case Delta():
                self._text += event.text
            case _:
                return False
        return True

    def picture(self) -> str:
        """The answer so far."""
        head = f"<h3>{escape(self._question)}</h3>" if self._question else ""
        words = f'<p class="answer growing">{escape(self._text)}</p>' if self._text else self._waiting()
        found = pieces.evidence(self._pieces[:SHOWN_AT_ONCE], "live", self._language) if self._pieces else ""
        return f'<article class="qa live" aria-live="off">{head}{words}{found}</article>'

    def _waiting(self) -> str:
        stage = self._stage
        said = say(self._language, f"stages.{stage.stage}") if stage else ""
        figures, style = "", ' class="line runs"'
        if stage and stage.total and stage.unit == "tokens":
            figures = say(self._language, "ask.of", done=stage.done, total=stage.total)
            style = f' class="line" style="--w:{stage.done / stage.total:.4f}"'
        return f'<p class="meter"><span>{said}</span><span>{figures}</span></p><i{style}></i>'


class Added:
    """Files that are being read: the line in the list, and what could not be read."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._stage: Progress | None = None
        self.name = ""
        self.failed: list[str] = []
        self.done = 0  # documents that are there

    @property
    def indexing(self) -> bool:
        """Whether the file has been read, and its index is being made."""
        return self._stage is not None and self._stage.stage == "indexing"

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        match event:
            case Progress():
                self._stage = event
            case Item():
                self.done += 1
                self._stage = None
            case Notice("file"):
                self.name, self._stage = event.facts["name"], None
            case Notice("document_failed"):
                self.failed.append(explain(event.facts["error"], self.language))
            case Notice():
                self.failed.append(say(self.language, f"notices.{event.code}", **event.facts))
            case _:
                return False
        return True

    def stage(self) -> tuple[str, float | None]:
        """What is being done with the file under way, and how much of it has been done."""
        stage = self._stage
        told = say(self.language, f"stages.{stage.stage}") if stage else say(self.language, "ask.reading_file")
        share = stage.done / stage.total if stage and stage.total else None
        if stage and stage.total:
            told += " " + say(self.language, "ask.of", done=stage.done, total=stage.total)
        return told, share

    def picture(self) -> str:
        """The line of the file under way."""
        told, share = self.stage()
        return shelf.busy(self.name, told, share, self.language)

    def trouble(self) -> str:
        """What could not be read, and why."""
        return "".join(pieces.notice(sentence, doubt=True) for sentence in self.failed)
