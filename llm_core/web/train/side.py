"""Race and replay: beside what trains, four families at once, and runs that were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_core.web.frame import Frame
from llm_core.web.train import race, replay

if TYPE_CHECKING:
    from llm_core.workbench import Workbench


def build(workbench: Workbench, frame: Frame) -> None:
    """Both, one below the other."""
    race.build(workbench, frame)
    replay.build(workbench, frame)
