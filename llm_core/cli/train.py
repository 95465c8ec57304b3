"""`train`: from text to a model, here and now; Ctrl-C pauses, `--continue` goes on."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm_core.cli import session
from llm_core.cli.commands import command
from llm_core.cli.configuring import configured
from llm_core.errors import UserError
from llm_core.events import Notice, Progress
from llm_core.messages import say, system_language

if TYPE_CHECKING:
    from llm_core.terminal import ProgressLine
    from llm_core.workbench import Workbench
    from llm_core.workbench.run_state import RunState
    from llm_core.workbench.runs import Runs

LOOK_S = 0.2
PAUSE_S = 120.0  # the longest that a pause may take: the update under way, and a checkpoint
INTERRUPTED = 130
SAMPLE_CHARS = 160
USES = {
    "continue": "cli.train_use_chat",
    "chat": "cli.train_use_chat",
    "classify": "cli.train_use_classify",
    "fill": "cli.train_use_tune",
}
"""How a model is used, by the task of its card."""
JSON_FIELDS = ("name", "family", "parameters", "steps", "train_loss", "valid_loss", "bits_per_char", "seconds",
               "tokens_per_second")  # fmt: skip

Text = str | None
Texts = list[str] | None


def train(
    config: Annotated[Texts, typer.Argument(help="train_config", metavar="CONFIG")] = None,
    text: Annotated[Texts, typer.Option("--text", help="train_text", metavar="FILE")] = None,
    sample: Annotated[Texts, typer.Option("--sample", help="train_sample", metavar="NAME")] = None,
    family: Annotated[Text, typer.Option("--family", help="train_family", metavar="FAMILY")] = None,
    size: Annotated[Text, typer.Option("--size", help="train_size", metavar="SIZE")] = None,
    objective: Annotated[Text, typer.Option("--objective", help="train_objective", metavar="OBJECTIVE")] = None,
    start: Annotated[Text, typer.Option("--start", help="train_start", metavar="MODEL")] = None,
    steps: Annotated[Text, typer.Option("--steps", help="train_steps", metavar="N")] = None,
    seconds: Annotated[Text, typer.Option("--seconds", help="train_seconds", metavar="S")] = None,
    folds: Annotated[Text, typer.Option("--folds", help="train_folds", metavar="N")] = None,
    seed: Annotated[Text, typer.Option("--seed", help="train_seed", metavar="K")] = None,
    name: Annotated[Text, typer.Option("--name", help="train_name", metavar="NAME")] = None,
    entry: Annotated[Texts, typer.Option("--set", help="train_set", metavar="KEY=VALUE")] = None,
    thumbs: Annotated[bool, typer.Option("--thumbs", help="train_thumbs")] = False,
    data: Annotated[Text, typer.Option("--data", help="train_data", metavar="FOLDER")] = None,
    resumed: Annotated[Text, typer.Option("--continue", help="train_continue", metavar="NAME")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="train_json")] = False,
) -> None:
    """See messages/cli.toml."""
    with session.opened() as workbench:
        runs, line = workbench.runs, session.progress_line()
        if resumed is not None:
            run = runs.resume("", resumed, follows=os.getpid())
        else:
            flags = {"family": family, "size": size, "objective": objective, "seed": seed, "name": name}
            flags |= {"start": start, "folds": folds}
            budget = {"steps": steps, "seconds": seconds}
            texts = [*(text or []), *_thumbs(workbench, thumbs)]
            asked = configured(runs, config or [], texts, sample or [], flags, budget, entry or [], data)
            for key, facts in runs.reasons(asked):
                print(say(system_language(), key, **facts), file=sys.stderr)
            run = runs.start("", asked, follows=os.getpid())
        ended = _followed(runs, run, line)
        if ended.state == "paused":
            session.note("train_paused", name=ended.name)
            raise typer.Exit(INTERRUPTED)
        _print(ended, as_json)
        if not as_json:
            _print_use(workbench, ended.name)


def _thumbs(workbench: Workbench, wanted: bool) -> list[str]:
    """The file of replies that people found good or not; none where that was not asked for.

    Raises:
        UserError: `thumbs_none`.
    """
    if not wanted:
        return []
    if (path := workbench.chats.save_thumbs("")) is None:
        raise UserError("thumbs_none")
    return [str(path)]


def _followed(runs: Runs, run: RunState, line: ProgressLine) -> RunState:
    """Watch the run to its end; Ctrl-C pauses it.

    Raises:
        UserError: what ended it.
    """
    watch = _Watch(runs, run.name, line)
    try:
        run = watch.to_the_end()
        if run.state == "paused" and run.error is None:  # it followed another terminal, which has been closed
            runs.resume("", run.name, follows=os.getpid())
            run = watch.to_the_end()
    except KeyboardInterrupt:
        line.clear()
        session.note("train_pausing")
        runs.pause("", run.name)
        run = watch.to_the_end(PAUSE_S)
    finally:
        line.clear()
    if run.error and run.state != "done":
        raise run.error
    return run


class _Watch:
    """What there is to see of a run, on stderr."""

    def __init__(self, runs: Runs, name: str, line: ProgressLine) -> None:
        self._runs, self._name, self._line = runs, name, line
        self._notices = len(runs.get("", name).notices)
        self._at = runs.metrics("", name)[1]
        self._loss: float | None = None

    def to_the_end(self, limit_s: float = float("inf")) -> RunState:
        """Show what is new until the run no longer works, or so many seconds have passed."""
        until = time.monotonic() + limit_s
        while True:
            run = self._runs.get("", self._name)
            self._show(run)
            if run.state not in ("queued", "preparing", "training") or time.monotonic() > until:
                return run
            time.sleep(LOOK_S)

    def _show(self, run: RunState) -> None:
        for notice in run.notices[self._notices :]:
            self._line.show(Notice(notice["code"], notice["facts"]))
        self._notices = len(run.notices)
        lines, self._at = self._runs.metrics("", self._name, self._at)
        for entry in lines:
            self._loss = entry.get("loss", self._loss)
            if "valid_loss" in entry:
                self._line.clear()
                _print_look(entry, self._loss, run.tokens_per_second or 0.0)
        match run.state:
            case "queued":
                self._line.show(Progress("training_queued", run.place))
            case "preparing":
                self._line.show(Progress("training_preparing", 0))
            case "training" if run.step:
                total = run.steps or (run.step * (1 + (run.seconds_left or 0) / max(run.seconds, 1e-9)))
                left = run.seconds_left
                self._line.show(Progress("training", run.step, total, "updates", run.tokens_per_second, left))


def _print_look(look: dict[str, Any], train_loss: float | None, speed: float) -> None:
    """One line a look, and the first sample below it."""
    facts = {
        "train": _figure(train_loss),
        "valid": _figure(look["valid_loss"]),
        "bits": _figure(look["bits_per_char"]),
    }
    session.note("train_look", step=look["step"], t=look["seconds"], speed=speed, **facts)
    for sample in look["samples"][:1]:
        print("  " + " ".join(sample.split())[:SAMPLE_CHARS], file=sys.stderr, flush=True)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _print(run: RunState, as_json: bool) -> None:
    if as_json:
        record = {field: getattr(run, "step" if field == "steps" else field) for field in JSON_FIELDS}
        if run.cross_validation:
            record["cross_validation"] = run.cross_validation
        print(json.dumps(record, ensure_ascii=False), flush=True)
        return
    if run.cross_validation:
        _print_folds(run.cross_validation)
    facts = {"valid": _figure(run.valid_loss), "bits": _figure(run.bits_per_char), "t": run.seconds}
    print(say(system_language(), "cli.train_done", name=run.name, parameters=run.parameters, steps=run.step, **facts))


def _print_use(workbench: Workbench, name: str) -> None:
    """The command that uses the model, or where it lies where none of ours does."""
    from llm_core.training.describe import task_of

    use = USES.get(task_of(workbench.runs.config("", name)), "cli.train_use_folder")
    folder = workbench.settings.paths.run(name) / "model"
    print(say(system_language(), use, name=name, folder=folder))


def _print_folds(found: Mapping[str, Any]) -> None:
    from llm_core.training.folds import headline

    rows, figures = found["rows_of_the_model"], "; ".join(headline(found))
    print(say(system_language(), "cli.train_folds_done", n=found["folds"], figures=figures, **rows))


app = command(train, "train")
