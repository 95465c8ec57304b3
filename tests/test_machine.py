"""A container is taken for what it may use, not for its host."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from llm_core import machine
from llm_core.errors import UserError

GIB = 1 << 30


class Container:
    """A folder that looks like /sys/fs/cgroup, and a file that looks like /proc/self/cgroup."""

    def __init__(self, folder: Path, own: str, files: dict[str, str]) -> None:
        self.places = (folder / "fs", folder / "cgroup")
        self.places[1].write_text(own, "utf-8")
        for name, content in files.items():
            path = self.places[0] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "ascii")


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/a/b\n", {"a/memory.max": f"{GIB}\n", "a/b/memory.max": "max\n"}, GIB),
        ("0::/a\n", {"memory.max": f"{GIB // 2}\n", "a/memory.max": f"{GIB}\n"}, GIB // 2),
        ("4:cpu:/a\n5:memory,x:/a\n", {"memory/a/memory.limit_in_bytes": f"{GIB}\n"}, GIB),
        ("0::/\n", {}, None),
        ("0::/a\n", {"a/memory.max": "max\n"}, None),
        ("0::/a\n", {"a/memory.max": f"{1 << 62}\n"}, None),
    ],
)
def test_the_least_limit_of_memory_counts(tmp_path, own, files, expected):
    container = Container(tmp_path, own, files)
    assert machine.memory_bytes(*container.places) == (expected or psutil.virtual_memory().total)


@pytest.mark.parametrize("kind", ["memory.max memory.current", "memory.limit_in_bytes memory.usage_in_bytes"])
def test_what_is_used_is_gone_but_pages_of_files_give_way(tmp_path, kind):
    limit, used = kind.split()
    own = "0::/a\n" if limit == "memory.max" else "5:memory:/a\n"
    root = "a" if limit == "memory.max" else "memory/a"
    stat = "anon 100000\ninactive_file 500000\nactive_file 100000\n"
    files = {f"{root}/{limit}": "1000000\n", f"{root}/{used}": "700000\n", f"{root}/memory.stat": stat}
    container = Container(tmp_path, own, files)
    assert machine.free_memory_bytes(*container.places) == 1_000_000 - 700_000 + 500_000


@pytest.mark.parametrize(
    ("quota", "at_most"), [("150000 100000\n", 2), ("1000 100000\n", 1), ("max 100000\n", 10_000)]
)
def test_a_share_of_processor_time_counts_as_cores(tmp_path, quota, at_most):
    container = Container(tmp_path, "0::/a\n", {"a/cpu.max": quota})
    here = machine.cores(tmp_path, tmp_path / "absent")
    assert machine.cores(*container.places) == min(at_most, here)
    assert 1 <= here <= (psutil.cpu_count() or 1)


def test_a_system_without_control_groups(tmp_path):
    nowhere = (tmp_path, tmp_path / "absent")
    assert machine.memory_bytes(*nowhere) == psutil.virtual_memory().total
    assert machine.free_memory_bytes(*nowhere) > 10_000_000


def test_free_disk_of_a_folder_that_is_not_there_yet(tmp_path):
    assert machine.free_disk_bytes(tmp_path / "a" / "b") > 0


def test_what_does_not_fit_is_said():
    machine.check_memory("tiny", 1_000_000)
    with pytest.raises(UserError, match="memory_short"):
        machine.check_memory("huge", 10**15)
