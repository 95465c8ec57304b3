"""`evaluate NAME`: measure a part of the product on its own questions, one line each, then the shares."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm_core.catalog import bundled
from llm_core.cli import columns, session
from llm_core.cli.commands import command
from llm_core.errors import UserError
from llm_core.events import Done, Events, Item
from llm_core.messages import say, system_language

if TYPE_CHECKING:
    from llm_core.evaluation.prompts import Tried
    from llm_core.workbench import Workbench

Text = str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """What the command line asked for beside the name of the measure."""

    models: tuple[str, ...] = ()
    plain: bool = False
    data: Path | None = None
    tasks: tuple[str, ...] = ()
    limit: int | None = None
    failures: bool = False


def evaluate(
    name: Annotated[Text, typer.Argument(help="evaluate_name", metavar="NAME")] = None,
    model: Annotated[list[str] | None, typer.Option("--model", "-m", help="evaluate_model", metavar="NAME")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="evaluate_plain")] = False,
    data: Annotated[list[str] | None, typer.Option("--data", help="evaluate_data", metavar="FILE")] = None,
    task: Annotated[list[str] | None, typer.Option("--task", help="evaluate_task", metavar="TASK")] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="evaluate_limit", metavar="N", min=1)] = None,
    failures: Annotated[bool, typer.Option("--failures", help="evaluate_failures")] = False,
    privacy: Annotated[bool, typer.Option("--privacy", help="evaluate_privacy")] = False,
) -> None:
    """See messages/cli.toml."""
    given = [Path(each) for each in data or ()]
    if name == TABLE:
        _table(given)
        return
    if name not in MEASURES:
        if bundled.folder(name or "") is not None:
            _understanding(name or "", given)
        else:
            _model(name or "", given[0] if given else None, privacy)
        return
    if name in ON_DATA and not given:
        raise UserError("value_missing", name="--data")
    MEASURES[name](Choice(tuple(model or ()), plain, given[0] if given else None, tuple(task or ()), limit, failures))


def _answers(choice: Choice) -> None:
    from llm_core.evaluation import answers

    with session.opened(model=choice.models[0] if choice.models else None) as workbench:
        if choice.data is not None:
            _answers_on_sets(workbench, choice)
            return
        line = session.progress_line()
        with workbench.libraries.shelf() as shelf:
            for path in sorted(answers.DOCUMENTS.glob("*.md")):
                for event in shelf.add(path, path.name):
                    line.show(event)
            events = answers.evaluate(lambda asked: shelf.ask(asked, written=not choice.plain), answers.questions())
            for event in events:
                line.show(event)
                if isinstance(event, Item):
                    line.clear()
                    _print_tried(event.value)
                elif isinstance(event, Done):
                    line.clear()
                    print(json.dumps(dataclasses.asdict(event.result)))


def _answers_on_sets(workbench: Workbench, choice: Choice) -> None:
    """Shares by kind of question, with the reader and without it; each answer where --failures asks for them."""
    from llm_core.evaluation import answer_sets

    line = session.progress_line()
    for event in workbench.libraries.measured(_data(choice), written=not choice.plain, limit=choice.limit):
        line.show(event)
        if isinstance(event, Item) and choice.failures:
            line.clear()
            told: answer_sets.Tried = event.value
            read = "reader" if told.reader else "plain"
            verdict = "none" if told.answer.abstained else "right" if told.right else "other"
            doubt = "?" if told.answer.unsure else " "
            print(f"{told.case.set} {told.case.kind} {read} {verdict} {told.answer.score:.2f}{doubt} "
                  f"{told.case.question} | {told.answer.text}", flush=True)  # fmt: skip
        elif isinstance(event, Done):
            line.clear()
            for share in event.result:
                print(json.dumps(dataclasses.asdict(share)), flush=True)


def _print_tried(tried: Any) -> None:
    answer = " ".join(tried.answer.text.split())
    print(f"{tried.verdict:8} {tried.answer.score:.2f}  {tried.question.ask}  |  {answer}", flush=True)


def _prompts(choice: Choice) -> None:
    """One table in the end, or of what has been tried where it is stopped."""
    from llm_core.evaluation import prompts

    tasks = choice.tasks or tuple(prompts.SETS)
    for task in tasks:
        if task not in prompts.SETS:
            raise UserError("value_unusable", name="--task", value=task[:40])
    table = prompts.Table()
    with session.opened() as workbench:
        line = session.progress_line()
        try:
            for model in choice.models or (workbench.models.choice("chat").entry.id,):
                for event in _tried(workbench, model, tasks, choice.limit):
                    line.show(event)
                    if isinstance(event, Item):
                        table.count(event.value)
                        if choice.failures and not event.value.outcome.passed:
                            line.clear()
                            _print_failure(event.value)
        finally:
            line.clear()
            print("\n".join(columns.table(table.cells(), right=(3, 4, 5))), flush=True)


def _tried(workbench: Workbench, model: str, tasks: Sequence[str], limit: int | None) -> Events:
    from llm_core.evaluation import prompts
    from llm_core.tasks.translate import Engines

    entry, generator = yield from workbench.models.ready("chat", model)
    engines = Engines(generator, entry.parameters, workbench.encoder)
    yield from prompts.evaluate(tasks, engines, model=entry.id, limit=limit)


def _print_failure(tried: Tried) -> None:
    faults = "; ".join(f"{fault.kind} {fault.detail}".rstrip() for fault in tried.outcome.faults)
    print(f"{tried.task} {tried.case.languages} {tried.model}: {tried.case.name}")
    print(f"  {faults}\n  {tried.outcome.written}", flush=True)


def _summaries(choice: Choice) -> None:
    """Key sentences beside the first ones and TextRank, on a file of texts with summaries."""
    from llm_core.evaluation import summaries

    line = session.progress_line()
    for count in (1, 2, 3):
        for event in summaries.compare(_data(choice), count):
            line.show(event)
            if isinstance(event, Done):
                line.clear()
                print(json.dumps(dataclasses.asdict(event.result)), flush=True)


def _keywords(choice: Choice) -> None:
    """Keywords beside the first phrases and TextRank, on a file of texts with their authors' keywords."""
    from llm_core.evaluation import keyphrases

    found = session.result(keyphrases.compare(_data(choice)), session.progress_line())
    print(json.dumps(dataclasses.asdict(found)), flush=True)


def _prompted(choice: Choice) -> None:
    """A language model by prompt, on a set that the small models are measured on."""
    with session.opened() as workbench:
        line = session.progress_line()
        for model in choice.models or (workbench.models.choice("chat").entry.id,):
            found = session.result(_by_prompt(workbench, model, choice), line)
            print(json.dumps(dataclasses.asdict(found), ensure_ascii=False), flush=True)


def _by_prompt(workbench: Workbench, model: str, choice: Choice) -> Events:
    from llm_core.evaluation import prompted

    entry, generator = yield from workbench.models.ready("chat", model)
    yield from prompted.evaluate(_data(choice), generator, model=entry.id, limit=choice.limit)


def _retrieval(choice: Choice) -> None:
    """Recall of the right passage by words, by vectors and by both, on a folder of questions with their passages."""
    from llm_core.evaluation import retrieval

    with session.opened() as workbench:
        line = session.progress_line()
        for event in retrieval.evaluate(_data(choice), workbench.encoder):
            line.show(event)
            if isinstance(event, Item):
                line.clear()
                print(json.dumps(dataclasses.asdict(event.value)), flush=True)


def _model(name: str, data: Path | None, privacy: bool) -> None:
    """A run, or a model that is here, on held-out text; or what it recites of the text that it learned from."""
    with session.opened() as workbench:
        try:
            workbench.models.find(name)
        except UserError as error:
            raise UserError("value_unusable", name="NAME", value=name[:40]) from error
        measuring, line = workbench.measuring, session.progress_line()
        found = session.result(measuring.privacy("", name) if privacy else measuring.writer("", name, data), line)
    for key, facts in getattr(found, "advice", ()):
        print(say(system_language(), key, **facts), file=sys.stderr)
    print(json.dumps(dataclasses.asdict(found), ensure_ascii=False), flush=True)


def _understanding(name: str, data: Sequence[Path]) -> None:
    """A bundled model that reads, analyzes or searches, on development sets; its scores are written beside it."""
    if not data:
        raise UserError("value_missing", name="--data")
    with session.opened() as workbench:
        line = session.progress_line()
        for event in workbench.measuring.understanding(name, data):
            line.show(event)
            if isinstance(event, Item):
                line.clear()
                print(json.dumps(dataclasses.asdict(event.value), ensure_ascii=False), flush=True)
        line.clear()


def _table(files: Sequence[Path]) -> None:
    """What was measured of the bundled models, in Markdown; or put into files such as README.md."""
    from llm_core.evaluation import scores_table

    for file in files:
        scores_table.fill(file)
        print(file)
    if not files:
        print(scores_table.table(system_language()), end="")


def _data(choice: Choice) -> Path:
    assert choice.data is not None  # `evaluate` has looked
    return choice.data


# A new measure is one module in llm_core/evaluation, one function here, and one line in this table.
MEASURES: dict[str, Callable[[Choice], None]] = {
    "answers": _answers,
    "keywords": _keywords,
    "prompted": _prompted,
    "prompts": _prompts,
    "retrieval": _retrieval,
    "summaries": _summaries,
}
TABLE = "table"
ON_DATA = ("keywords", "prompted", "retrieval", "summaries")

app = command(evaluate, "evaluate")
