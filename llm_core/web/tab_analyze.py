"""Analyze: an empty room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_core.web.frame import Frame, room

if TYPE_CHECKING:
    from llm_core.workbench import Workbench


def build(workbench: Workbench, frame: Frame) -> None:
    """Say what will stand here."""
    room("analyze")
