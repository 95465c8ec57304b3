"""Training runs: planned, begun, watched, paused and continued. Each trains in a process that outlives the server.

A run belongs to the visitor who began it, or to "" where it was begun at the command line; on a server for this
computer alone, both are the same person. Nobody else's runs are seen.
"""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core import machine
from llm_core.errors import UserError
from llm_core.paths import safe_name
from llm_core.settings import Settings
from llm_core.training import launch, state
from llm_core.training import plan as planning
from llm_core.training.state import Stage, State

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig
    from llm_core.training.plan import Reason

METRICS_FILE = "metrics.jsonl"
ENDED_S = 10.0  # how long a process may take to end


@dataclass(frozen=True, slots=True)
class RunState:
    """A run as a face shows it; losses in nats a token, times in seconds, `created` since 1970."""

    name: str
    family: str
    size: str
    objective: str
    state: Stage
    place: int  # in the line, from 1; 0 where it does not wait
    step: int
    steps: int | None
    seconds: float
    seconds_left: float | None
    parameters: int
    train_loss: float | None
    valid_loss: float | None
    bits_per_char: float | None
    perplexity: float | None
    tokens_per_second: float | None
    memory_bytes: int
    device: str
    error: UserError | None
    notices: tuple[Mapping[str, Any], ...]
    created: float


class Runs:
    """What can be done with runs. `owner` is the visitor's token everywhere, "" at the command line.

    Args:
        settings: places and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._beginning = threading.Lock()

    # ---------------------------------------------------------------- before

    def plan(self, owner: str, *, name: str, texts: Sequence[Path], **form: Any) -> TrainConfig:
        """A configuration with what the form does not say filled in; see `training.plan.plan`.

        Raises:
            UserError: `name_unusable`.
        """
        return planning.plan(safe_name(name), texts, **form)

    def reasons(self, config: TrainConfig) -> list[Reason]:
        """Why the values that were filled in are as they are: keys of the messages, with their facts."""
        return planning.reasons(config)

    # ---------------------------------------------------------------- a run's life

    def start(self, owner: str, config: TrainConfig, *, follows: int = 0) -> RunState:
        """Begin a run; it waits in line while another one trains.

        Args:
            owner: whose run it is.
            config: what to do; it never comes from a browser as it is, since it names files of this disk.
            follows: a process without which the run pauses; 0 for none.

        Raises:
            UserError: `run_exists`.
        """
        folder = self._settings.paths.run(config.name)
        with self._beginning:
            if folder.exists():
                raise UserError("run_exists", name=config.name)
            folder.mkdir(parents=True)
        (folder / "config.json").write_text(config.model_dump_json(indent=1), encoding="utf-8")
        first = State("queued", owner=owner, created=time.time())
        launch.launch(folder, first, threads=self._threads, follows=follows)
        return self.get(owner, config.name)

    def pause(self, owner: str, name: str) -> None:
        """Ask the run to write a checkpoint and end; `resume` goes on from there."""
        state.ask(self._folder(owner, name), "pause")

    def stop(self, owner: str, name: str) -> None:
        """Ask the run to end here and to keep the model as it is now."""
        state.ask(self._folder(owner, name), "stop")

    def resume(self, owner: str, name: str, *, follows: int = 0) -> RunState:
        """Go on with a run that was paused, or whose process ended otherwise.

        Raises:
            UserError: `run_unknown`, `run_finished`.
        """
        folder = self._folder(owner, name)
        with self._beginning:
            kept = self._kept(folder)
            if kept.state == "done":
                raise UserError("run_finished", name=name)
            if not (kept.under_way and kept.alive):
                launch.launch(folder, kept, threads=kept.threads or self._threads, follows=follows)
        return self.get(owner, name)

    def delete(self, owner: str, name: str) -> None:
        """End the run, and delete all that it has written."""
        folder = self._folder(owner, name)
        state.ask(folder, "pause")
        until = time.monotonic() + ENDED_S
        while (kept := State.read(folder)) and kept.under_way and kept.alive and time.monotonic() < until:
            time.sleep(0.05)
        shutil.rmtree(folder)

    # ---------------------------------------------------------------- watching

    def get(self, owner: str, name: str) -> RunState:
        """One run.

        Raises:
            UserError: `run_unknown`.
        """
        folder = self._folder(owner, name)
        return _shown(folder, self._kept(folder), [each for _, each in state.line(self._settings.paths.runs)])

    def metrics(self, owner: str, name: str, after: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Lines of metrics.jsonl since byte `after`, and where to go on.

        A run that goes on from a checkpoint writes the updates since then once more: a later line of a step
        replaces an earlier one.
        """
        path = self._folder(owner, name) / METRICS_FILE
        if not path.exists():
            return [], 0
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(after if after <= size else 0)
            content = file.read()
            whole = content.rfind(b"\n") + 1
            end = file.tell() - len(content) + whole
        return [json.loads(line) for line in content[:whole].splitlines()], end

    def list(self, owner: str) -> list[RunState]:
        """The owner's runs, the newest first."""
        runs = self._settings.paths.runs
        folders = sorted(runs.iterdir()) if runs.exists() else []
        order = [folder for _, folder in state.line(runs)]
        found = [
            _shown(folder, kept, order)
            for folder in folders
            if (kept := State.read(folder)) and self._may_see(owner, kept)
        ]
        return sorted(found, key=lambda run: run.created, reverse=True)

    # ---------------------------------------------------------------- inside

    @property
    def _threads(self) -> int:
        return self._settings.threads or machine.cores()

    def _folder(self, owner: str, name: str) -> Path:
        try:
            folder = self._settings.paths.run(name)
        except UserError:
            raise UserError("run_unknown", name=name[:80]) from None
        kept = State.read(folder)
        if kept is None or not self._may_see(owner, kept):
            raise UserError("run_unknown", name=name)
        return folder

    def _kept(self, folder: Path) -> State:
        kept = State.read(folder)
        assert kept is not None  # `_folder` has looked
        return kept

    def _may_see(self, owner: str, kept: State) -> bool:
        return kept.owner == owner or (self._settings.is_local and "" in (kept.owner, owner))


def _shown(folder: Path, kept: State, order: Sequence[Path]) -> RunState:
    """The state of the disk, or what became of a process that could not say so itself."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if kept.under_way and not kept.alive:
        kept = dataclasses.replace(kept, state="paused", error={"code": "run_interrupted", "facts": {}})
    loss = kept.valid_loss if kept.valid_loss is not None else kept.train_loss
    return RunState(
        name=folder.name,
        family=config["family"],
        size=config["size"],
        objective=config["objective"],
        state=kept.state,
        place=order.index(folder) if kept.state == "queued" and folder in order else 0,
        step=kept.step,
        steps=kept.steps,
        seconds=kept.seconds,
        seconds_left=kept.seconds_left,
        parameters=kept.parameters,
        train_loss=kept.train_loss,
        valid_loss=kept.valid_loss,
        bits_per_char=kept.bits_per_char,
        perplexity=math.exp(min(loss, 50.0)) if loss is not None else None,
        tokens_per_second=kept.tokens_per_second,
        memory_bytes=kept.memory_bytes,
        device=kept.device,
        error=UserError(kept.error["code"], **kept.error["facts"]) if kept.error else None,
        notices=kept.notices,
        created=kept.created,
    )
