"""Training runs: planned, begun, watched, paused and continued. Each trains in a process that outlives the server.

A run belongs to the visitor who began it, or to "" where it was begun at the command line; on a server for this
computer alone, both are the same person. Nobody else's runs are seen.
"""

from __future__ import annotations

import functools
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core import machine
from llm_core.atomic import folder_bytes
from llm_core.errors import UserError
from llm_core.paths import safe_name
from llm_core.settings import Settings
from llm_core.training import launch, state
from llm_core.training import plan as planning
from llm_core.training.state import State
from llm_core.workbench.disk import MayKeep, anything
from llm_core.workbench.estimating import measured
from llm_core.workbench.previewing import previewed
from llm_core.workbench.run_limits import check_limits
from llm_core.workbench.run_state import RunState, new_lines, shown
from llm_core.workbench.texts import Texts, bytes_of

if TYPE_CHECKING:
    from llm_core.events import Events
    from llm_core.training.config import TrainConfig
    from llm_core.training.plan import Reason

METRICS_FILE = "metrics.jsonl"
ENDED_S = 10.0  # how long a process may take to end


class Runs:
    """What can be done with runs. `owner` is the visitor's token everywhere, "" at the command line.

    Args:
        settings: places and limits.
        address: says which network address somebody asks from; empty for this computer itself.
        may_keep: asked before a visitor's run begins; see `disk.Disk.check`.
    """

    def __init__(
        self, settings: Settings, address: Callable[[], str] = lambda: "", may_keep: MayKeep = anything
    ) -> None:
        self._may_keep = may_keep
        self._settings = settings
        self._address = address
        self._begun_from: dict[str, str] = {}  # run -> address, for as long as it trains or waits
        self._beginning = threading.Lock()

    def kept_bytes(self, owner: str) -> int:
        """What all of the owner's runs take on the disk."""
        return sum(folder_bytes(self._settings.paths.run(run.name)) for run in self.list(owner))

    # ---------------------------------------------------------------- before

    def plan(
        self,
        owner: str,
        *,
        name: str = "",
        texts: Sequence[Path] = (),
        paste: str = "",
        samples: Sequence[str] = (),
        family: str = "decoder",
        names: Mapping[str, str] | None = None,
        **form: Any,
    ) -> TrainConfig:
        """A configuration with what the form does not say filled in.

        Args:
            owner: whose run it is to be.
            name: of the run; one is made up where there is none.
            texts: files; on a server for others never what a visitor wrote, but what was uploaded.
            paste: text itself.
            samples: names of corpora that ship with the project.
            family: of the model.
            names: what the face calls an entry of the configuration, for the error.
            form: `size`, `steps`, `seconds`, `more`; see `training.plan.plan`.

        Raises:
            UserError: `name_unusable`, `sample_unknown`, `training_text_missing`, or which value does not fit.
        """
        from pydantic import ValidationError

        from llm_core.training.config import TrainConfig
        from llm_core.values import refused

        pasted = [self._texts.keep(owner, paste)] if paste.strip() else []
        sources = planning.sources_of([*texts, *pasted], samples)
        name = safe_name(name) if name else self._free_name(planning.name_for(sources, family))
        try:
            return planning.plan(name, sources, family=family, **form)
        except ValidationError as error:
            raise refused(TrainConfig, error, names) from None

    def reasons(self, config: TrainConfig) -> Sequence[Reason]:
        """Why the values that were filled in are as they are: keys of the messages, with their facts."""
        return planning.reasons(config)

    def preview(self, owner: str, config: TrainConfig, sentence: str = "") -> Events:
        """What cleaning changes, how text is cut, what a model trained on it will be like.

        Args:
            owner: whose run it is to be.
            config: of it.
            sentence: to be shown in its pieces; the beginning of the text where there is none.

        Yields:
            Progress("previewing"); `Done` holds a `previewing.Preview`.

        Raises:
            UserError: what is wrong with the text.
        """
        self._check_start(owner, config)
        return previewed(config, sentence, self._settings.paths.runs)

    def estimate(self, owner: str, config: TrainConfig) -> Events:
        """What the run will take on this machine, from a few updates of a part of its text.

        Yields:
            Progress("estimating"); `Done` holds a `training.estimate.Estimate`.

        Raises:
            UserError: what is wrong with the text; `start_unknown`.
        """
        self._check_start(owner, config)
        return measured(config, self._threads, self._settings.paths.runs)

    # ---------------------------------------------------------------- a run's life

    def start(self, owner: str, config: TrainConfig, *, follows: int = 0) -> RunState:
        """Begin a run; it waits in line while another one trains.

        Args:
            owner: whose run it is. What a visitor uploaded or pasted is kept in the run's folder.
            config: what to do; it never comes from a browser as it is, since it names files of this disk.
            follows: a process without which the run pauses; 0 for none.

        Raises:
            UserError: `run_exists`, `runs_full`, `runs_waiting`, `run_long`, `runs_disk_full`, `training_text_big`,
                `start_unknown`, `runs_address`, `address_disk`.
        """
        return self.start_together(owner, [config], follows=follows)[0]

    def start_together(self, owner: str, configs: Sequence[TrainConfig], *, follows: int = 0) -> Sequence[RunState]:
        """Begin runs that train one after the other, in this order; see `start`. For the limits they count as one."""
        for config in configs:
            self._check_start(owner, config)
        with self._beginning:
            if not self._settings.is_local:
                check_limits(configs, self.list(owner), self._settings)
                self._check_address(owner)
                self._may_keep(owner, sum(map(bytes_of, configs)))
            named = [config.model_copy(update={"name": self._taken(owner, config.name)}) for config in configs]
        for config in named:
            folder = self._settings.paths.run(config.name)
            if owner:
                config = self._texts.with_copies(config, folder / "text")
            (folder / "config.json").write_text(config.model_dump_json(indent=1), encoding="utf-8")
            self._launch(folder, State("queued", owner=owner, created=time.time()), follows)
            self._begun_from[config.name] = self._address()
        return [self.get(owner, config.name) for config in named]

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
                self._launch(folder, kept, follows)
        return self.get(owner, name)

    def delete(self, owner: str, name: str) -> None:
        """End the run, and delete all that it has written."""
        folder = self._folder(owner, name)
        state.ask(folder, "pause")
        until = time.monotonic() + ENDED_S
        while (kept := State.read(folder)) and kept.under_way and kept.alive and time.monotonic() < until:
            time.sleep(0.05)
        shutil.rmtree(folder)

    def delete_all(self, owner: str) -> None:
        """End and delete every run that the owner sees, and what was pasted for one that never began."""
        for run in self.list(owner):
            self.delete(owner, run.name)
        self._texts.forget(owner)

    # ---------------------------------------------------------------- watching

    def get(self, owner: str, name: str) -> RunState:
        """One run.

        Raises:
            UserError: `run_unknown`.
        """
        folder = self._folder(owner, name)
        return shown(folder, self._kept(folder), [each for _, each in state.line(self._settings.paths.runs)])

    def config(self, owner: str, name: str) -> TrainConfig:
        """What a run was asked to do.

        Raises:
            UserError: `run_unknown`.
        """
        from llm_core.training.config import TrainConfig

        written = (self._folder(owner, name) / "config.json").read_text(encoding="utf-8")
        return TrainConfig.model_validate_json(written)

    def metrics(self, owner: str, name: str, after: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Lines of metrics.jsonl since byte `after`, and where to go on.

        A run that goes on from a checkpoint writes the updates since then once more: a later line of a step
        replaces an earlier one.
        """
        return new_lines(self._folder(owner, name) / METRICS_FILE, after)

    def list(self, owner: str) -> list[RunState]:
        """The owner's runs, the newest first."""
        runs = self._settings.paths.runs
        folders = sorted(runs.iterdir()) if runs.exists() else []
        order = [folder for _, folder in state.line(runs)]
        found = [
            shown(folder, kept, order)
            for folder in folders
            if (kept := State.read(folder)) and self._may_see(owner, kept)
        ]
        return sorted(found, key=lambda run: run.created, reverse=True)

    # ---------------------------------------------------------------- inside

    @property
    def _threads(self) -> int:
        return self._settings.threads or machine.cores()

    @functools.cached_property
    def _texts(self) -> Texts:
        return Texts(self._settings.paths.runs)

    def _launch(self, folder: Path, first: State, follows: int) -> None:
        settings = self._settings
        launch.launch(
            folder,
            first,
            threads=first.threads or self._threads,
            follows=follows,
            keep_free_bytes=settings.training_disk_min_mib << 20,
            seconds_max=0.0 if settings.is_local else settings.training_s,
        )

    def _free_name(self, name: str) -> str:
        """The name, numbered where it is taken."""
        number, free = 2, name
        while self._settings.paths.run(free).exists():
            number, free = number + 1, f"{name}-{number}"
        return free

    def _check_start(self, owner: str, config: TrainConfig) -> None:
        """Whether the model to begin with is the owner's to see; where it stands is looked up by the process."""
        name = config.start
        if name and self._settings.paths.run(name).exists() and not self._is_mine(owner, name):
            raise UserError("start_unknown", name=name)

    def _check_address(self, owner: str) -> None:
        """A visitor's token costs nothing: runs under way are counted by address as well.

        Raises:
            UserError: `runs_address`.
        """
        address, under_way = self._address(), {folder.name for _, folder in state.line(self._settings.paths.runs)}
        self._begun_from = {name: begun for name, begun in self._begun_from.items() if name in under_way}
        there = sum(begun == address for begun in self._begun_from.values())
        if address and there >= self._settings.runs_per_address_max:
            raise UserError("runs_address", n=there)

    def _taken(self, owner: str, name: str) -> str:
        """The name, or, where another one's run has it, a free one; its folder is made.

        Raises:
            UserError: `run_exists`.
        """
        if self._settings.paths.run(name).exists() and not self._is_mine(owner, name):
            name = self._free_name(name)  # whose it is, is nobody's business
        folder = self._settings.paths.run(name)
        if folder.exists():
            raise UserError("run_exists", name=name)
        folder.mkdir(parents=True)
        return name

    def _is_mine(self, owner: str, name: str) -> bool:
        kept = State.read(self._settings.paths.run(name))
        return kept is not None and self._may_see(owner, kept)

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
