"""`ask`: a question, or one a line, to files that are read, asked and forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from llm_core.cli import columns, session, streams
from llm_core.cli.commands import command
from llm_core.cli.lines import Answers
from llm_core.errors import UserError
from llm_core.messages import Language, say, system_language

if TYPE_CHECKING:
    from llm_core.tasks.answer import Answer
    from llm_core.terminal import ProgressLine
    from llm_core.workbench import Workbench
    from llm_core.workbench.libraries import Shelf

EVIDENCE_ROOM = 76

Text = str | None


def ask(
    question: Annotated[list[str] | None, typer.Argument(help="ask_question", metavar="QUESTION FILE")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="ask_lines")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="ask_json")] = False,
    model: Annotated[Text, typer.Option("--model", "-m", help="chat_model", metavar="NAME")] = None,
    sentence: Annotated[bool, typer.Option("--sentence", help="ask_sentence")] = False,
) -> None:
    """See messages/cli.toml."""
    given = question or []
    asked, files = (None, given) if lines else (given[0] if given else "", given[1:])
    if not files:
        raise UserError("value_missing", name="FILE")
    if asked is not None and not asked.strip():
        raise UserError("text_empty")
    with session.opened(model=model) as workbench, workbench.libraries.shelf() as shelf:
        line = session.progress_line()
        _read(shelf, files, line)
        if asked is None:
            _Questions(workbench, {"written": not sentence}, line, shelf).write_all(streams.read_lines(None))
        else:
            answer = session.result(shelf.ask(asked, written=not sentence), line)
            print(
                json.dumps(record(shelf, asked, answer), ensure_ascii=False) if as_json else _written(shelf, answer)
            )


def record(shelf: Shelf, question: str, answer: Answer) -> dict[str, Any]:
    """An answer as JSON."""
    from llm_core.workbench import answers

    return answers.for_programs(answers.record(question, answer, shelf.documents.__getitem__))


def _read(shelf: Shelf, files: list[str], line: ProgressLine) -> None:
    """Read all files, or none: an answer from half of them would mislead."""
    for file in files:
        events = shelf.add(Path(file), Path(file).name)
        try:
            for event in events:
                line.show(event)
        finally:
            events.close()
    line.clear()


class _Questions(Answers):
    """An answer for each line, as an object; as many side by side as the model has slots."""

    empty: ClassVar = {"answer": "", "abstained": True, "score": 0.0, "evidence": []}

    def __init__(self, workbench: Workbench, options: dict[str, Any], line: ProgressLine, shelf: Shelf) -> None:
        super().__init__(workbench, options, line, as_json=True)
        self._shelf = shelf

    def answer(self, text: str) -> dict[str, Any]:
        """See `Answers`."""
        return record(self._shelf, text, self.ended(self._shelf.ask(text, **self._options)))


def _written(shelf: Shelf, answer: Answer) -> str:
    """The answer with numbered citations, then what they point to."""
    text, place = "", 0
    for claim in answer.claims:
        marks = "".join(f"[{number}]" for number in claim.sources)
        doubt = say(system_language(), "ask.doubtful_mark") if claim.doubtful else ""
        text += answer.text[place : claim.end] + marks + doubt
        place = claim.end
    text += answer.text[place:]
    language = system_language()
    lines = [text, *_reader(answer, language), "", *_evidence(shelf, answer, language), *_quality(answer, language)]
    return "\n".join(lines).rstrip()


def _reader(answer: Answer, language: Language) -> Iterator[str]:
    """The words that the reader found, and that an answer is to be looked at."""
    words = " ".join(answer.exact.text.split()) if answer.exact else ""
    if answer.unsure:
        differs = words and answer.agrees is False
        yield say(language, "ask.differs", words=words) if differs else say(language, "ask.unsure")
    if words and answer.agrees is not False:
        yield say(language, "ask.exact", words=words)


def _quality(answer: Answer, language: Language) -> Iterator[str]:
    """What was measured of the reader."""
    if answer.quality is None:
        return
    model, figures = answer.quality.model, answer.quality.figures
    told = say(language, "analyze.list_gap").join(
        say(language, "analyze.figure", metric=one.metric, value=f"{one.value:.1f}", data=one.data) for one in figures
    )
    key = "analyze.measured_by" if figures else "analyze.unmeasured"
    yield from ["", *columns.wrapped(say(language, key, model=model, figures=told), EVIDENCE_ROOM)]


def _evidence(shelf: Shelf, answer: Answer, language: Language) -> Iterator[str]:
    for number, one in enumerate(answer.evidence, 1):
        document = shelf.documents[one.found.document]
        page = document.place(one.span.start).page
        place = [document.name]
        if page is not None:
            place.append(say(language, "ask.page", page=page))
        place += one.found.passage.heading[-1:]
        first, *others = columns.wrapped(" ".join(one.sentence.split()), EVIDENCE_ROOM)
        yield f"[{number}] {first}"
        yield from (f"    {other}" for other in others)
        yield f"    {' · '.join(place)}"


app = command(ask, "ask")
