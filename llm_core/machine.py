"""What this machine has: memory, cores, disk, graphics. A container is taken for what it may use, not its host."""

from __future__ import annotations

import functools
import math
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from llm_core.errors import UserError

CGROUPS = Path("/sys/fs/cgroup")
PROCESS = Path("/proc/self/cgroup")
ASKED_S = 20  # a program that says nothing for so long will say nothing
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A graphics processor that can compute."""

    kind: Literal["cuda", "mps"]
    name: str
    memory_bytes: int  # of an Apple chip all of the machine's: it is one memory
    driver: str = ""


@functools.cache
def accelerators() -> tuple[Accelerator, ...]:
    """NVIDIA cards by their driver, or the graphics part of an Apple chip; torch is not asked, it takes seconds."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        chip = asked("sysctl", "-n", "machdep.cpu.brand_string") or "Apple"
        return (Accelerator("mps", chip, memory_bytes()),)
    return cards(asked("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"))


def cards(listing: str) -> tuple[Accelerator, ...]:
    """What nvidia-smi lists: a line for each card, with its name, its memory in MiB and the driver's version.

    >>> cards("NVIDIA GeForce RTX 4060, 8188, 570.86")[0].memory_bytes // 2**30
    7
    """
    found = []
    for line in listing.splitlines():
        name, _, rest = line.partition(",")
        memory, _, driver = rest.partition(",")
        if memory.strip().isdecimal():
            found.append(Accelerator("cuda", name.strip(), int(memory) * MIB, driver.strip()))
    return tuple(found)


def asked(program: str, *arguments: str) -> str:
    """What a program of the system says; "" where there is none, or it fails."""
    path = shutil.which(program)
    if path is None:
        return ""
    try:
        done = subprocess.run([path, *arguments], capture_output=True, timeout=ASKED_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.decode(errors="replace").strip()


def memory_bytes(cgroups: Path = CGROUPS, process: Path = PROCESS) -> int:
    """Memory of the machine, or of the container where that has less."""
    total: int = psutil.virtual_memory().total
    limits = [limit for limit, _ in _memory(cgroups, process)]
    return min([total, *limits])


def free_memory_bytes(cgroups: Path = CGROUPS, process: Path = PROCESS) -> int:
    """Memory that can be taken without pushing anybody into swap."""
    free: int = psutil.virtual_memory().available
    return min([free, *(limit - used for limit, used in _memory(cgroups, process))])


def check_memory(model: str, need_bytes: int) -> None:
    """Say so, where a model cannot fit: native code would abort, or the system would end some process of its choice.

    Raises:
        UserError: `memory_short`.
    """
    if (free := free_memory_bytes()) < need_bytes:
        raise UserError("memory_short", model=model, need=need_bytes, free=free)


def cores(cgroups: Path = CGROUPS, process: Path = PROCESS) -> int:
    """Physical cores that this process may use: two threads on one core only take turns."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or usable
    shares = [share for group in _groups("cpu", cgroups, process) if (share := _processor_share(group))]
    return max(1, min([physical, usable, *(math.ceil(share) for share in shares)]))


def free_disk_bytes(folder: Path) -> int:
    """Free bytes of the disk that holds `folder`, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _memory(cgroups: Path, process: Path) -> Iterator[tuple[int, int]]:
    """Limit and use, in bytes, of each control group around this process that has a limit."""
    for group in _groups("memory", cgroups, process):
        for limit_file, used_file in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            if limit := _number(group / limit_file):
                # Pages of files count as used, but give way; a model's file is most of them.
                yield limit, max(0, (_number(group / used_file) or 0) - _file_pages(group))


def _groups(controller: str, cgroups: Path, process: Path) -> Iterator[Path]:
    """This process's control group and those around it, of versions 2 and 1; none where the system has none."""
    try:
        lines = process.read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = cgroups / controller if controllers else cgroups
        group = root / own.strip("/")
        for folder in (group, *group.parents):
            yield folder
            if folder == root:
                break


def _processor_share(group: Path) -> float | None:
    try:
        quota, period = (group / "cpu.max").read_text("ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    quota_us, period_us = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    return quota_us / period_us if quota_us and period_us and quota_us > 0 else None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):  # absent, or "max"
        return None


def _file_pages(group: Path) -> int:
    try:
        stat = dict(line.split() for line in (group / "memory.stat").read_text("ascii").splitlines())
        return int(stat["inactive_file"])
    except (OSError, ValueError, KeyError):
        return 0
