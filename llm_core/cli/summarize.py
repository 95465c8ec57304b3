"""`summarize`: a file, stdin, or each line of it by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from llm_core.cli import columns, session, streams
from llm_core.cli.commands import command
from llm_core.cli.lines import Answers
from llm_core.messages import say, system_language

if TYPE_CHECKING:
    from llm_core.documents.document import Document
    from llm_core.tasks.summary import Summary
    from llm_core.terminal import ProgressLine
    from llm_core.workbench import Workbench

ROOM = 76
PLAIN = (".txt", ".text", "")  # read as they are, so that places are those of the file's own text

Text = str | None


def summarize(
    file: Annotated[Text, typer.Argument(help="summarize_file", metavar="FILE")] = None,
    sentences: Annotated[Text, typer.Option("--sentences", "-n", help="summarize_sentences", metavar="N")] = None,
    ratio: Annotated[Text, typer.Option("--ratio", help="summarize_ratio", metavar="R")] = None,
    method: Annotated[Text, typer.Option("--method", help="summarize_method", metavar="METHOD")] = None,
    form: Annotated[Text, typer.Option("--form", help="summarize_form", metavar="FORM")] = None,
    to: Annotated[Text, typer.Option("--to", help="summarize_to", metavar="LANGUAGE")] = None,
    model: Annotated[Text, typer.Option("--model", "-m", help="chat_model", metavar="NAME")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="summarize_lines")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="summarize_json")] = False,
) -> None:
    """See messages/cli.toml."""
    dials = {"sentences": sentences, "ratio": ratio, "method": method, "form": form, "to": to}
    options = {name: value for name, value in dials.items() if value is not None}
    if form is not None and method is None:
        options["method"] = "rewrite"  # a form is one of rewriting
    with session.opened(model=model) as workbench:
        line = session.progress_line()
        checked = workbench.summaries.checked("text", options)  # before anything is read
        if checked.method == "rewrite":
            session.ready_model(workbench, line)
        if lines:
            _Summaries(workbench, options, line, as_json=as_json).write_all(streams.read_lines(file))
            return
        source = _source(workbench, file, line)
        summary = session.result(workbench.summarize(source, **options), line)
    print(json.dumps(summary.to_json(), ensure_ascii=False) if as_json else _written(summary))


def _source(workbench: Workbench, file: str | None, line: ProgressLine) -> str | Document:
    """The text of a plain file or of stdin as it is; a file of another kind with its headings."""
    if file is None or file == "-":
        return streams.read_all()
    if Path(file).suffix.lower() in PLAIN:
        return streams.read_file(file)
    from llm_core.documents import guard

    document: Document = session.result(guard.read(Path(file), Path(file).name, workbench.settings), line)
    return document


class _Summaries(Answers):
    """A summary for each line, as many side by side as the model has slots."""

    text = "summary"
    empty: ClassVar = {"summary": "", "sentences": [], "keywords": [], "covered": 0, "sections": 0}

    def answer(self, text: str) -> dict[str, Any]:
        """See `Answers`."""
        made: Summary = self.ended(self._workbench.summarize(text, **self._options))
        return made.to_json()


def _written(summary: Summary) -> str:
    """For a person: the text, then how much of the source stands behind it."""
    language = system_language()
    blocks = [summary.summary] if summary.method == "rewrite" else [one.text for one in summary.sentences]
    shown = [
        "\n".join(columns.wrapped(" ".join(line.split()), ROOM)) for block in blocks for line in block.split("\n")
    ]
    covered = say(language, "summarize.covered", covered=summary.covered, sections=summary.sections)
    listed = say(language, "summarize.list_gap").join(summary.keywords)
    words = say(language, "summarize.keywords_are", words=listed)
    gap = "\n" if summary.form == "points" else "\n\n"
    return "\n\n".join([gap.join(shown), words if summary.keywords else "", covered]).replace("\n\n\n\n", "\n\n")


app = command(summarize, "summarize")
