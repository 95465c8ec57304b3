"""`translate`: a file, stdin, or each line of it by itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from llm_core.cli import session, streams
from llm_core.cli.commands import command
from llm_core.cli.lines import Answers, folded
from llm_core.errors import UserError
from llm_core.events import Done, Events, Item, Notice
from llm_core.messages import Language, say, system_language

if TYPE_CHECKING:
    from llm_core.documents.document import Document
    from llm_core.documents.guard import Rewritten
    from llm_core.tasks.translation import Translation
    from llm_core.terminal import ProgressLine
    from llm_core.workbench import Workbench

PLAIN = (".txt", ".text", "")  # read as they are where no file is to be written
SHOWN_DOUBTS = 10

Text = str | None


def translate(
    file: Annotated[Text, typer.Argument(help="translate_file", metavar="FILE")] = None,
    to: Annotated[Text, typer.Option("--to", help="translate_to", metavar="LANGUAGE")] = None,
    glossary: Annotated[Text, typer.Option("--glossary", "-g", help="translate_glossary", metavar="FILE")] = None,
    out: Annotated[Text, typer.Option("--out", "-o", help="translate_out", metavar="FILE")] = None,
    model: Annotated[Text, typer.Option("--model", "-m", help="chat_model", metavar="NAME")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="translate_lines")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="translate_json")] = False,
) -> None:
    """See messages/cli.toml."""
    from llm_core.tasks import glossary as glossaries
    from llm_core.tasks.segments import direction
    from llm_core.tasks.translation import TranslationOptions

    options: dict[str, Any] = {"to": to}
    if glossary is not None:
        options["glossary"] = glossaries.read(streams.read_file(glossary))
    TranslationOptions.of(options)  # before anything is read or fetched
    with session.opened(model=model) as workbench:
        line = session.progress_line()
        if not lines:
            source = _source(workbench, file, out, line)
        entry = session.ready_model(workbench, line, "translate")
        if lines:
            if entry.translates:
                line.show(Notice("translation_draft"))
            _Lines(workbench, options, line, as_json=as_json).write_all(streams.read_lines(file))
            return
        options["to"] = to or direction(source)
        events = workbench.translate(source, **options)
        made = _followed(events, line, source, options["to"], aloud=not as_json and out is None)
        if out is not None:
            _write(workbench, file, out, source, made, line)
        elif as_json:
            print(json.dumps(made.to_json(), ensure_ascii=False))
        _say_doubts(made)


class _Lines(Answers):
    """A translation for each line, into the other language than its own where nobody says into which."""

    empty: ClassVar = {"text": "", "doubts": []}

    def answer(self, text: str) -> dict[str, Any]:
        """See `Answers`. An empty line stays empty."""
        if not text.strip():
            return dict(self.empty)
        made: Translation = self.ended(self._workbench.translate(text, **self._options))
        record = {"text": folded(made.text), "doubts": [one.to_json() for pair in made.pairs for one in pair.doubts]}
        return record | ({"draft": True} if made.draft else {})


def _source(workbench: Workbench, file: str | None, out: str | None, line: ProgressLine) -> str | Document:
    """The text of stdin or of a plain file as it is; any other file as a document, whose formatting can be kept.

    Raises:
        UserError: `out_kind`, before the work, where the file that would be written is of another kind.
    """
    if file is None or file == "-":
        return streams.read_all()
    path = Path(file)
    if out is None and path.suffix.lower() in PLAIN:
        return streams.read_file(file)
    document: Document = session.result(workbench.translations.read(path, path.name), line)
    if out is not None:
        kind = path.suffix.lower() if document.format in ("txt", "md", "docx") else ".docx"
        if Path(out).suffix.lower() != kind:
            raise UserError("out_kind", name=path.name, kind=kind)
    return document


def _followed(
    events: Events, line: ProgressLine, source: str | Document, to: Language, *, aloud: bool
) -> Translation:
    """Drive it to its end; with `aloud` the text is printed sentence by sentence, so that a stop loses nothing."""
    from llm_core.tasks.segments import Growing

    growing: Growing | None = None
    try:
        for event in events:
            match event:
                case Item() if aloud:
                    growing = growing or Growing(source, to)
                    line.clear()
                    _print(growing.add(event.value))
                case Done():
                    made: Translation = event.result
                    if aloud:
                        line.clear()
                        rest = growing.rest() if growing else made.text
                        _print(rest if rest.endswith("\n") else rest + "\n")
                    return made
                case Item():
                    pass
                case _:
                    line.show(event)
    finally:
        events.close()
        line.clear()
    raise AssertionError("a translation without an end")


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _write(
    workbench: Workbench, file: str | None, out: str, source: str | Document, made: Translation, line: ProgressLine
) -> None:
    if isinstance(source, str) or file is None:
        data = made.text.encode()
    else:
        rewritten: Rewritten = session.result(
            workbench.translations.rewrite(Path(file), source, made.pairs, made.to), line
        )
        data = rewritten.data
    try:
        Path(out).write_bytes(data)
    except OSError as error:
        raise UserError("file_unwritable", path=out, reason=error.strerror or str(error)) from None
    session.note("translate_written", path=out)


def _say_doubts(made: Translation) -> None:
    """On stderr: which sentences are worth a second look, and why."""
    language = system_language()
    doubtful = [pair for pair in made.pairs if pair.doubts]
    for pair in doubtful[:SHOWN_DOUBTS]:
        words = "; ".join(pair.doubts[0].words)
        why = say(language, f"translate.doubt_{pair.doubts[0].kind}", words=words)
        session.note("translate_doubt", number=pair.number + 1, why=why)
    if len(doubtful) > SHOWN_DOUBTS:
        session.note("translate_doubts", n=len(doubtful), total=len(made.pairs))


app = command(translate, "translate")
