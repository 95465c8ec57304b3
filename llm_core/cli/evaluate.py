"""`evaluate NAME`: measure a part of the product on its own questions, one line each, then the shares."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from llm_core.cli import session
from llm_core.cli.commands import command
from llm_core.errors import UserError
from llm_core.events import Done, Item

Text = str | None


def evaluate(
    name: Annotated[Text, typer.Argument(help="evaluate_name", metavar="NAME")] = None,
    model: Annotated[Text, typer.Option("--model", "-m", help="chat_model", metavar="NAME")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="evaluate_plain")] = False,
    data: Annotated[Text, typer.Option("--data", help="evaluate_data", metavar="FILE")] = None,
) -> None:
    """See messages/cli.toml."""
    if name in ON_DATA:
        if data is None:
            raise UserError("value_missing", name="--data")
        ON_DATA[name](Path(data))
        return
    if name not in MEASURES:
        raise UserError("value_unusable", name="NAME", value=(name or "")[:40])
    MEASURES[name](model, plain)


def _answers(model: str | None, plain: bool) -> None:
    from llm_core.evaluation import answers

    with session.opened(model=model) as workbench, workbench.libraries.shelf() as shelf:
        line = session.progress_line()
        for path in sorted(answers.DOCUMENTS.glob("*.md")):
            for event in shelf.add(path, path.name):
                line.show(event)
        events = answers.evaluate(lambda asked: shelf.ask(asked, written=not plain), answers.questions())
        for event in events:
            match event:
                case Item():
                    line.clear()
                    _print_tried(event.value)
                case Done():
                    line.clear()
                    print(json.dumps(dataclasses.asdict(event.result)))
                case _:
                    line.show(event)


def _print_tried(tried: Any) -> None:
    answer = " ".join(tried.answer.text.split())
    print(f"{tried.verdict:8} {tried.answer.score:.2f}  {tried.question.ask}  |  {answer}", flush=True)


def _prompts(model: str | None, plain: bool) -> None:
    """The prompts of Summarize on its examples; with --plain on the first of each language only."""
    from llm_core.evaluation import summary_prompts

    examples = summary_prompts.texts(("bees", "tram") if plain else ())
    with session.opened(model=model) as workbench:
        line = session.progress_line()
        session.ready_model(workbench, line)
        for event in summary_prompts.evaluate(workbench.summaries.ready, examples):
            match event:
                case Item(tried):
                    line.clear()
                    faults = " ".join(tried.rejected) or "-"
                    print(f"{tried.name} {tried.form} {tried.to}  [{faults}]\n{tried.summary}\n", flush=True)
                case Done():
                    line.clear()
                    print(json.dumps(dataclasses.asdict(event.result)))
                case _:
                    line.show(event)


def _summaries(data: Path) -> None:
    """Key sentences beside the first ones and TextRank, on a file of texts with summaries."""
    from llm_core.evaluation import summaries

    line = session.progress_line()
    for count in (1, 2, 3):
        for event in summaries.compare(data, count):
            line.show(event)
            if isinstance(event, Done):
                line.clear()
                print(json.dumps(dataclasses.asdict(event.result)), flush=True)


def _retrieval(data: Path) -> None:
    """Recall of the right passage by words, by vectors and by both, on a folder of questions with their passages."""
    from llm_core.evaluation import retrieval

    with session.opened() as workbench:
        line = session.progress_line()
        for event in retrieval.evaluate(data, workbench.encoder):
            line.show(event)
            if isinstance(event, Item):
                line.clear()
                print(json.dumps(dataclasses.asdict(event.value)), flush=True)


# A new measure is one module in llm_core/evaluation, one function here, and one line in this table.
MEASURES: dict[str, Callable[[str | None, bool], None]] = {"answers": _answers, "prompts": _prompts}
ON_DATA: dict[str, Callable[[Path], None]] = {"retrieval": _retrieval, "summaries": _summaries}

app = command(evaluate, "evaluate")
