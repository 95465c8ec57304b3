"""What this machine has: memory and free disk. A container is taken for what it may use, not for its host."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
PROCESS = Path("/proc/self/cgroup")


def memory_bytes(cgroups: Path = CGROUPS, process: Path = PROCESS) -> int:
    """Memory of the machine, or of the container where that has less."""
    total: int = psutil.virtual_memory().total
    return min([total, *_limits(cgroups, process)])


def free_disk_bytes(folder: Path) -> int:
    """Free bytes of the disk that holds `folder`, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _limits(cgroups: Path, process: Path) -> list[int]:
    """Memory limits of this process's control group and of those around it (versions 2 and 1)."""
    try:
        lines = process.read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return []
    limits = []
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root, name = (cgroups / "memory", "memory.limit_in_bytes") if controllers else (cgroups, "memory.max")
        group = root / own.strip("/")
        for folder in (group, *group.parents):
            limit = _number(folder / name)
            limits += [limit] if limit else []
            if folder == root:
                break
    return limits


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):  # absent, or "max"
        return None
