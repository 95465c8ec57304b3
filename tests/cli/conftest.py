"""The command line in this process, and as the program that people call."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from llm_core.cli.main import main
from llm_core.settings import Settings

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def served() -> list[Settings]:
    """With what settings `serve` would have served."""
    return []


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, served) -> Callable[..., Ran]:
    """Run one command here. Its home is empty and nothing is fetched, unless the call says otherwise."""

    def run(*arguments: str, stdin: str | bytes = "", language: str = "en", **environment: Any) -> Ran:
        given = {"LLM_CORE_HOME": tmp_path / "home", "LLM_CORE_OFFLINE": 1, "LLM_CORE_LANGUAGE": language}
        for name, value in (given | environment).items():
            monkeypatch.setenv(name, str(value))
        content = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))
        capsys.readouterr()
        code = main(arguments, serve=served.append)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def begin(home) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Begin one command as a process of its own, over a home with the tiny model."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(
        *arguments: str, stdin: Any = subprocess.PIPE, stdout: Any = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[bytes]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("LLM_CORE_", "LC_", "LANG"))
        }
        kept.pop("PYTHONUTF8", None)
        given = {"LLM_CORE_HOME": str(home), "LLM_CORE_OFFLINE": "1"}
        command = [sys.executable, "-m", "llm_core", *arguments]
        pipes = {"stdin": stdin, "stdout": stdout, "stderr": subprocess.PIPE}
        begun.append(subprocess.Popen(command, **pipes, cwd=ROOT, env=kept | given | environment))
        return begun[-1]

    yield begin
    for process in begun:
        with process:  # closes its pipes
            process.kill()
