"""Recorded runs that ship with the project, one of each family; `training.record` makes them."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from llm_core.training.config import Family

FOLDER = Path(__file__).parents[2] / "assets" / "replays"


def families() -> Sequence[str]:
    """Those that have a recording, simple ones first."""
    return [name for name in get_args(Family) if (FOLDER / f"{name}.json").is_file()]


@functools.cache
def replay(family: str) -> Mapping[str, Any]:
    """The recording of a family that has one; see `training.record.recorded`."""
    assert family in families(), family
    kept: Mapping[str, Any] = json.loads((FOLDER / f"{family}.json").read_text("utf-8"))
    return kept
