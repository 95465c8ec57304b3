"""One training run as a process of its own: python -m llm_core.training.job FOLDER

It outlives the server, the browser and the terminal that began it. It writes the run's folder; everyone else only
reads there, but for request.json. One run trains at a time on a machine, with all that the machine has; the others
wait in line. On several GPUs, and under torchrun, it is several processes: all this is the first one's, the others
only do their share of the passes.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import psutil

from llm_core.atomic import disk_errors
from llm_core.errors import UserError
from llm_core.events import Done, Item, Notice
from llm_core.training import memory, state
from llm_core.training.config import TrainConfig
from llm_core.training.said import Said
from llm_core.training.state import State, Wish

if TYPE_CHECKING:
    from llm_core.training.run import Run

log = logging.getLogger("llm_core.training.job")

LINE_S = 0.3
BEGIN_S = 30.0
RUN_LOCK, DEVICE_LOCK = ".job.lock", ".device.lock"
PAUSES = ("disk_short", "disk_full")  # what a person can mend, and then go on
SHARE_TOKENS = 2048  # of an update: below it, a further GPU spends its time on telling the others
LOWER = 10  # how much nicer than others, as `nice` counts


class Paused(Exception):
    """Somebody asked for a pause before training began."""


@dataclasses.dataclass(frozen=True)
class Job:
    """The work on one run, from its place in the line to its end.

    Args:
        folder: of the run; config.json stands in it.
        threads: for computing.
        follows: a process without which it pauses.
        keep_free_bytes: of the disk; it pauses before a checkpoint that would leave less.
        seconds_max: of training, after which it ends with what it has learned; 0 for no such limit.
    """

    folder: Path
    threads: int
    follows: psutil.Process | None = None
    keep_free_bytes: int = 0
    seconds_max: float = 0.0

    def work(self, first: State) -> None:
        """Train, and leave in state.json how it ended."""
        with Said(self.folder, first) as said:
            try:
                ended = self._in_turn(said)
            except (Paused, KeyboardInterrupt):
                ended = {"state": "paused"}
            except UserError as error:
                stage = "paused" if error.code in PAUSES else "failed"
                ended = {"state": stage, "error": state.told(error)}
            except Exception:
                number = secrets.token_hex(3).upper()
                log.exception("unexpected error %s", number)
                ended = {"state": "failed", "error": {"code": "run_failed", "facts": {"number": number}}}
            state.forget_wish(self.folder)
            said.change(**ended, seconds_left=None)

    def _in_turn(self, said: Said) -> dict[str, Any]:
        with self._turn(said.state.ticket):
            said.now(state="preparing", started=time.time(), error=None)
            run = self._prepared(said)
            said.now(state="training")
            while True:
                with disk_errors(self.folder), contextlib.suppress(memory.OutOfMemory):
                    return self._train(run, said)
                run = self._smaller(run, said)

    @contextlib.contextmanager
    def _turn(self, ticket: float) -> Iterator[None]:
        """Wait until those who asked before have ended, then keep the machine."""
        runs = self.folder.parent
        device = filelock.FileLock(runs / DEVICE_LOCK, timeout=0)
        while True:
            self._check_wish()
            if all(other >= ticket for other, folder in state.line(runs) if folder != self.folder):
                with contextlib.suppress(filelock.Timeout), device:
                    yield
                    return
            time.sleep(LINE_S)

    def _check_wish(self) -> None:
        if self._wish() != "go":
            raise Paused

    def _wish_in_training(self, said: Said) -> Wish:
        if self.seconds_max and said.state.seconds > self.seconds_max:
            if not any(notice["code"] == "run_limit" for notice in said.state.notices):
                said.notice("run_limit", limit=self.seconds_max)
            return "stop"
        return self._wish()

    def _wish(self) -> Wish:
        if self.follows and not self.follows.is_running():
            return "pause"
        return state.asked(self.folder)

    def _prepared(self, said: Said) -> Run:
        import torch

        torch.set_num_threads(self.threads)
        run = _shared_run(self.folder)
        run.prepare()
        said.change(device=_device_name(), steps=run.config.budget.steps)
        return run

    def _smaller(self, run: Run, said: Said) -> Run:
        """The same run with half the tokens in a pass and twice the passes in an update."""
        from llm_core.training.run import Run

        before = run.config.batch
        config = memory.with_smaller_passes(run.config)
        said.notice("batch_halved", before=before.micro_tokens, after=config.batch.micro_tokens)
        memory.release()
        run = Run(config, self.folder)
        run.prepare()
        return run

    def _train(self, run: Run, said: Said) -> dict[str, Any]:
        if _several():  # where only one of them is short of memory, the others cannot know
            return self._trained(run, said)
        with memory.told_apart():
            return self._trained(run, said)

    def _trained(self, run: Run, said: Said) -> dict[str, Any]:
        for event in run.train(
            resume=True, asked=lambda: self._wish_in_training(said), keep_free_bytes=self.keep_free_bytes
        ):
            if isinstance(event, Item):
                said.change(**_figures(event.value, run))
            elif isinstance(event, Notice):
                said.notice(event.code, **event.facts)
            elif isinstance(event, Done):
                outcome = event.result
                return {
                    "state": "done",
                    "step": outcome.steps,
                    "parameters": outcome.parameters,
                    "train_loss": outcome.train_loss,
                    "valid_loss": outcome.valid_loss,
                    "bits_per_char": outcome.bits_per_char,
                    "seconds": outcome.seconds,
                    "tokens_per_second": outcome.tokens_per_second,
                }
        return {"state": "paused"}


def _shared_run(folder: Path) -> Run:
    """The run as its configuration has it, its updates shared out among the processes."""
    from llm_core.training.processes import shared
    from llm_core.training.run import Run

    return Run(shared(_config(folder)), folder)


def _config(folder: Path) -> TrainConfig:
    return TrainConfig.model_validate_json((folder / "config.json").read_text(encoding="utf-8"))


def follow(folder: Path, threads: int) -> None:
    """Do one's share of the work on a run that the first process leads."""
    import torch

    torch.set_num_threads(threads)
    try:
        run = _shared_run(folder)
        run.prepare()
        for _ in run.train(resume=True):
            pass
    except UserError:
        sys.exit(1)  # the first process has met it as well, and says so


def _figures(value: Any, run: Run) -> dict[str, Any]:
    """What an update, or a look at the model, adds to the state."""
    from llm_core.training.loop import StepRecord

    if not isinstance(value, StepRecord):
        return {"valid_loss": value.valid_loss, "bits_per_char": value.bits_per_char}
    budget = run.config.budget
    spent = value.step / budget.steps if budget.steps else value.seconds / (budget.seconds or 1.0)
    return {
        "step": value.step,
        "seconds": value.seconds,
        "seconds_left": value.seconds * (1 - spent) / spent if spent else None,
        "train_loss": value.loss,
        "tokens_per_second": value.tokens_per_second,
        "memory_bytes": _memory_bytes(),
    }


def _memory_bytes() -> int:
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return int(psutil.Process().memory_info().rss)


def _device_name() -> str:
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else "CPU"


def main() -> None:
    """Train the run in FOLDER, or go on with it."""
    options = _options()
    folder = options.folder.resolve()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    _spread_over_gpus(folder)
    _step_back()
    if not _several():
        _lead(folder, options)
        return
    from llm_core.training import processes

    with processes.joined():
        if processes.number() == 0:
            _lead(folder, options)
        else:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the first one says when to end
            follow(folder, options.threads)


def _lead(folder: Path, options: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, lambda *_: state.ask(folder, "pause"))  # the computer is shut down
    with contextlib.suppress(filelock.Timeout), filelock.FileLock(folder / RUN_LOCK, timeout=5):
        before = _announced(folder, options.ticket)
        threads = before.threads or options.threads
        me = psutil.Process()
        first = dataclasses.replace(
            before, state="queued", pid=me.pid, pid_started=me.create_time(), threads=threads, error=None
        )
        Job(folder, threads, followed(options.follows), options.keep_free_bytes, options.seconds_max).work(first)
    ended = State.read(folder)
    if _several() and ended and ended.state != "done":
        sys.exit(ended.error is not None)  # the others end too, wherever they are


def _several() -> bool:
    """Whether torchrun, or the like, has begun more processes than this one."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def _spread_over_gpus(folder: Path) -> None:
    """Become torchrun with one process a GPU, where there are several and the updates are worth sharing."""
    if sys.platform != "linux" or "WORLD_SIZE" in os.environ or shutil.which("nvidia-smi") is None:
        return
    import torch

    from llm_core.training.processes import ALONE

    config = _config(folder)
    worth = config.batch.micro_tokens * config.batch.accumulate // SHARE_TOKENS
    gpus = min(torch.cuda.device_count(), worth)
    if gpus > 1 and config.family not in ALONE:
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(gpus)]
        os.execv(sys.executable, [*command, "-m", "llm_core.training.job", *sys.argv[1:]])  # noqa: S606 - itself


def _announced(folder: Path, ticket: float) -> State:
    """The state that whoever began this process writes once it has begun; another one of before is not waited for."""
    until = time.monotonic() + BEGIN_S
    while ticket and time.monotonic() < until:
        found = State.read(folder)
        if found and found.ticket == ticket:
            return found
        time.sleep(0.02)
    now = time.time()
    found = State.read(folder)
    return dataclasses.replace(found, ticket=now) if found else State("queued", created=now, ticket=now)


def followed(number: int) -> psutil.Process | None:
    """The process without which a run pauses.

    Raises:
        UserError: `run_interrupted`, it has ended already.
    """
    try:
        return psutil.Process(number) if number else None
    except psutil.NoSuchProcess:
        raise UserError("run_interrupted") from None


def _step_back() -> None:
    """Leave the machine to whoever sits at it."""
    with contextlib.suppress(psutil.Error, OSError):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(LOWER)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m llm_core.training.job")
    parser.add_argument("folder", type=Path, help="a run's folder, with its config.json")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ticket", type=float, default=0.0, help="the place in the line that was promised")
    parser.add_argument("--keep-free-bytes", type=int, default=0, help="of the disk, beside a checkpoint")
    parser.add_argument("--seconds-max", type=float, default=0.0, help="of training; 0 for no limit of the server's")
    parser.add_argument("--follows", type=int, default=0, help="pause when this process has ended")
    return parser.parse_args()


if __name__ == "__main__":
    main()
