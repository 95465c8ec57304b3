"""What strangers may take of a server for training; people at the computer itself may take all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llm_core.atomic import folder_bytes
from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.training.state import UNDER_WAY
from llm_core.workbench.run_state import RunState
from llm_core.workbench.texts import bytes_of

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig


def check_limits(configs: Sequence[TrainConfig], mine: Sequence[RunState], settings: Settings) -> None:
    """Whether the visitor may begin these runs, which count as one that waits and takes their time together.

    Args:
        configs: of the runs.
        mine: the visitor's runs so far.
        settings: the limits.

    Raises:
        UserError: `runs_full`, `runs_waiting`, `run_long`, `training_text_big`, `runs_disk_full`, `source_missing`.
    """
    if len(mine) + len(configs) > settings.runs_max:
        raise UserError("runs_full", n=settings.runs_max)
    if sum(run.state in UNDER_WAY for run in mine) >= settings.runs_under_way_max:
        raise UserError("runs_waiting", n=settings.runs_under_way_max)
    if sum((config.budget.seconds or 0) * (1 + (config.folds or 0)) for config in configs) > settings.training_s:
        raise UserError("run_long", limit=settings.training_s)
    paths = [source.path for config in configs for source in config.sources if source.path.parts]
    if folders := [path for path in paths if not path.is_file()]:
        raise UserError("source_missing", path=folders[0].name)
    text = sum(map(bytes_of, configs))
    if text > settings.training_text_bytes_max:
        raise UserError("training_text_big", limit=settings.training_text_bytes_max)
    used = sum(folder_bytes(settings.paths.run(run.name)) for run in mine)
    if used + text > settings.runs_bytes_max:
        raise UserError("runs_disk_full", used=used, limit=settings.runs_bytes_max)
