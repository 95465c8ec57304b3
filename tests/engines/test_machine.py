"""A container is taken for what it may use, not for its host."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from llm_core.engines import machine
from llm_core.errors import UserError


@pytest.fixture
def cgroup(tmp_path: Path) -> Path:
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 100000\ninactive_file 500000\nactive_file 100000\n")
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    return tmp_path


def test_a_limit_counts_and_pages_of_files_give_way(cgroup: Path) -> None:
    assert machine.free_memory_bytes(cgroup) == 1_000_000 - 700_000 + 500_000


@pytest.mark.parametrize("name", ["memory.max", "memory.current"])
def test_without_a_limit_it_is_the_machines_memory(cgroup: Path, name: str) -> None:
    (cgroup / name).write_text("max\n")
    assert machine.free_memory_bytes(cgroup) > 10_000_000
    (cgroup / name).unlink()
    assert machine.free_memory_bytes(cgroup) > 10_000_000


def test_a_share_of_processor_time_counts_as_cores(cgroup: Path) -> None:
    assert machine.cores(cgroup) == min(2, machine.cores(Path("nowhere")))
    (cgroup / "cpu.max").write_text("1000 100000\n")
    assert machine.cores(cgroup) == 1
    (cgroup / "cpu.max").write_text("max 100000\n")
    assert 1 <= machine.cores(cgroup) <= (psutil.cpu_count() or 1)


def test_what_does_not_fit_is_said(cgroup: Path) -> None:
    machine.check_memory("tiny", 1_000_000)
    with pytest.raises(UserError, match="memory_short"):
        machine.check_memory("huge", 10**15)
