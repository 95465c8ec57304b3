"""A summary that is being made, as the page shows it: the key sentences at once, then part after part."""

from __future__ import annotations

import time

from llm_core.documents.document import Document
from llm_core.events import Delta, Done, Event, Item, Notice, Progress
from llm_core.messages import Language, say
from llm_core.tasks.summary import Part, Rejected, Summary, SummaryOptions
from llm_core.web.frame import escape
from llm_core.web.summarize import pieces

Picture = tuple[str, str]  # the left column, "" before the key sentences are there, and the right one


class Making:
    """Takes the events of a job and gives the HTML of the two columns.

    Args:
        options: what was asked for.
        origin: the text; None while a file is being read.
        language: of the page.
    """

    def __init__(self, options: SummaryOptions, origin: str | Document | None, language: Language) -> None:
        self.origin = origin
        self.summary: Summary | None = None
        self.done = False
        self._options = options
        self._language = language
        self._stage: Progress | None = None
        self._notes: dict[str, str] = {}
        self._whole: dict[int, Part] = {}
        self._growing: dict[int, str] = {}
        self._wrote_from = 0.0

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        match event:
            case Progress():
                self._stage = event
                if event.stage == "rewriting" and not self._wrote_from:
                    self._wrote_from = time.monotonic()
            case Delta():
                self._growing[event.part] = self._growing.get(event.part, "") + event.text
            case Item(Document() as document):
                self.origin = document
            case Item(Summary() as summary):
                self.summary = summary
            case Item(Rejected() as rejected):
                self._growing.pop(rejected.number, None)
            case Item(Part() as part):
                self._whole[part.number] = part
                self._growing.pop(part.number, None)
            case Notice(code) if code != "model":
                self._notes[code] = say(self._language, f"notices.{code}", **event.facts)
            case Done(Summary() as summary):
                self.summary, self.done = summary, True
            case _:
                return False
        return True

    def picture(self) -> Picture:
        """Both columns, while it is being made."""
        return self.source(), self.result(running=True)

    def end(self) -> Picture:
        """Both columns, however it ended."""
        return self.source(), self.result(running=False)

    def source(self) -> str:
        """The left column; nothing before the key sentences are there."""
        if self.summary is None or self.origin is None:
            return ""
        return pieces.source(self.origin, self.summary, self._language)

    def result(self, *, running: bool) -> str:
        """The right column."""
        passing = {"summary_takes"} if self.done else set()
        notes = [note for code, note in self._notes.items() if code not in passing]
        said = "".join(pieces.notice(note, doubt=True) for note in notes)
        if self.summary is None:
            return said + (self._progress() if running else "")
        rewriting = self._options.method == "rewrite"
        parts = self._parts()
        blocks = [said]
        if rewriting and running:
            blocks.append(self._progress())
        if rewriting and parts:
            blocks.append(pieces.written(parts, self._options.form, self._language))
        if rewriting:
            blocks.append(f'<p class="heading">{say(self._language, "summarize.from")}</p>')
        blocks += [
            pieces.keys(self.summary),
            pieces.cover(self.summary, self._language),
            pieces.words(self.summary, self._language),
            pieces.script(self._options, self._name(), self._language),
        ]
        return "".join(blocks)

    def _name(self) -> str | None:
        return self.origin.name if isinstance(self.origin, Document) else None

    def _parts(self) -> list[Part | str]:
        if self.done and self.summary and self.summary.parts:
            return list(self.summary.parts)
        shown: dict[int, Part | str] = dict(self._growing) | dict(self._whole)
        return [shown[number] for number in sorted(shown)]

    def _progress(self) -> str:
        stage = self._stage
        if stage is None:
            return pieces.waiting(say(self._language, "summarize.starting"), None)
        said = escape(say(self._language, f"stages.{stage.stage}"))
        if stage.stage == "rewriting" and stage.total:
            part = min(int(stage.done) + 1, int(stage.total))
            figures = say(self._language, "summarize.part", part=part, total=int(stage.total))
            return pieces.waiting(f"<span>{figures}</span>{self._left(stage)}", stage.done / stage.total)
        if stage.total:
            return pieces.waiting(
                f"<span>{said}</span><b>{stage.done / stage.total:.0%}</b>", stage.done / stage.total
            )
        return pieces.waiting(f"<span>{said}</span>", None)

    def _left(self, stage: Progress) -> str:
        """The time that is left, once a part of it has been measured."""
        spent = time.monotonic() - self._wrote_from
        if not stage.total or stage.done < 0.5 or spent < 1:
            return ""
        left = round(spent * (stage.total - stage.done) / stage.done)
        return f"<span>{say(self._language, 'summarize.left', t=left)}</span>" if left >= 1 else ""
