"""One real server for all tests of its protocols: `python -m llm_core serve` over the tiny model."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    url: str
    process: subprocess.Popen[str]

    @property
    def engines(self) -> list[psutil.Process]:
        """The child processes in which models run."""
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture(scope="session")
def server(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Ended by Ctrl-C, which must leave nothing behind."""
    home = tmp_path_factory.mktemp("served")
    (home / "models").mkdir()
    shutil.copy(tiny_gguf, home / "models")
    given = {"LLM_CORE_HOME": str(home), "LLM_CORE_OFFLINE": "1", "LLM_CORE_LANGUAGE": "en"}
    process = subprocess.Popen(
        [sys.executable, "-m", "llm_core", "serve", "--port", "0"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        cwd=ROOT, env=os.environ | given,
    )  # fmt: skip
    with process:
        said = process.stderr.readline()
        found = re.search(r"The page: (http://127\.0\.0\.1:\d+)", said)
        assert found, said + process.stderr.read()
        served = Server(found[1], process)
        yield served
        engines = served.engines
        process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        try:
            process.wait(10)
        finally:
            process.kill()
        assert psutil.wait_procs(engines, timeout=5)[1] == []
