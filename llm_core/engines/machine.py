"""What this machine has for a model: free memory and cores, of the container where the process is in one."""

from __future__ import annotations

import math
import os
from pathlib import Path

import psutil

from llm_core.errors import UserError

CGROUP = Path("/sys/fs/cgroup")  # version 2, as in every container of today


def free_memory_bytes(cgroup: Path = CGROUP) -> int:
    """Memory that can be taken without pushing anybody into swap."""
    free = int(psutil.virtual_memory().available)
    limit, used = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    if limit is None or used is None:
        return free
    return min(free, int(limit - used + _file_pages(cgroup / "memory.stat")))


def cores(cgroup: Path = CGROUP) -> int:
    """Physical cores that this process may use: two threads on one core only take turns."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or usable
    return max(1, min(physical, usable, _quota_cores(cgroup / "cpu.max") or usable))


def check_memory(model: str, need_bytes: int) -> None:
    """Say so, where a model cannot fit: native code would abort, or the system would end some process of its choice.

    Raises:
        UserError: `memory_short`.
    """
    if (free := free_memory_bytes()) < need_bytes:
        raise UserError("memory_short", model=model, need=need_bytes, free=free)


def _quota_cores(file: Path) -> int | None:
    try:
        quota, period = file.read_text().split()
        return None if quota == "max" else max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        return None


def _number(file: Path) -> float | None:
    try:
        return float(file.read_text())  # "max" is no number
    except (OSError, ValueError):
        return None


def _file_pages(file: Path) -> int:
    """Pages of files count as used, but give way; model files are most of them."""
    try:
        stat = dict(line.split() for line in file.read_text().splitlines())
        return int(stat["inactive_file"])
    except (OSError, ValueError, KeyError):
        return 0
