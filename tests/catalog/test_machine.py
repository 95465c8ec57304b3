"""Memory of a container, not of its host."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from llm_core.catalog import machine

GIB = 1 << 30


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
def test_the_least_limit_counts(tmp_path: Path, own: str, files: dict[str, str], expected: int | None) -> None:
    process = tmp_path / "cgroup"
    process.write_text(own)
    for name, content in files.items():
        path = tmp_path / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert machine.memory_bytes(tmp_path / "fs", process) == (expected or psutil.virtual_memory().total)


def test_a_system_without_control_groups(tmp_path: Path) -> None:
    assert machine.memory_bytes(tmp_path, tmp_path / "absent") == psutil.virtual_memory().total


def test_free_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert machine.free_disk_bytes(tmp_path / "a" / "b") > 0
