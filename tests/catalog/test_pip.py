"""How pip is called, and what its words mean."""

from __future__ import annotations

import importlib.util
import subprocess
import sysconfig
from pathlib import Path

import pytest

from llm_core.catalog import pip
from llm_core.catalog.source import SourceFailed


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in names else real(name))


def test_an_environment_without_pip_runs_the_one_that_python_carries(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pip")
    try:
        command = pip.command()
    except SourceFailed:
        pytest.skip("this Python carries no pip")
    said = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("pip ")
    assert ".whl" in said


def test_neither_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pip", "ensurepip")
    monkeypatch.setattr(sysconfig, "get_config_var", lambda _: None)
    with pytest.raises(SourceFailed) as raised:
        pip.command()
    assert raised.value.code == "pip_missing"


@pytest.mark.parametrize(
    ("said", "again", "code"),
    [
        ("ERROR: No matching distribution found for x==1", False, "no_source"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", True, "hash_wrong"),
        ("ERROR: Exception:\nConnectionResetError", True, "no_source"),
    ],
)
def test_what_pip_says_decides_who_is_asked_next(said: str, again: bool, code: str) -> None:
    failed = pip.failure(said)
    assert (failed.again, failed.code) == (again, code)


def test_the_end_of_what_it_said_is_read(tmp_path: Path) -> None:
    with_log = pip.Pip(["no-such-command"], tmp_path)
    with_log._process.wait()
    assert "ERROR" in with_log.said()
    assert with_log.poll() != 0
    with_log.close()
