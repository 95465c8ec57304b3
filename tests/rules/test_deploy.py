"""Front matter of the README, Dockerfile and docs/deploy.md agree with the code, as far as can be seen here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_core.cli.commands import COMMANDS
from llm_core.settings import SPACE, Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
DEPLOY = (ROOT / "docs" / "deploy.md").read_text("utf-8")
REQUIREMENTS = (ROOT / "requirements.txt").read_text("utf-8")


@pytest.fixture
def front() -> dict[str, Any]:
    text = (ROOT / "README.md").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return found


def test_the_space_runs_what_the_requirements_name(front: dict[str, Any]) -> None:
    least = re.search(r"^gradio>=([\d.]+)", REQUIREMENTS, re.MULTILINE)
    assert least and front["sdk"] == "gradio" and front["sdk_version"].startswith(least[1] + ".")
    assert tuple(map(int, front["python_version"].split("."))) >= (3, 11)
    assert (ROOT / front["app_file"]).exists()
    assert len(front["short_description"]) <= 60


def test_the_space_wakes_with_the_recommended_model(front: dict[str, Any]) -> None:
    catalog = tomllib.loads((ROOT / "llm_core" / "catalog" / "recommended.toml").read_text("utf-8"))
    best = catalog["models"][catalog["tasks"]["chat"]["fetch"][0]]
    hub = best["sources"]["hub"]
    assert front["preload_from_hub"] == [f"{hub['repo']} {best['file']} {hub['revision']}"]
    assert front["models"] == [hub["repo"]]


def test_what_is_otherwise_on_a_space_are_settings_of_ours() -> None:
    assert set(SPACE) <= set(Settings.model_fields)


def test_the_image_has_the_torch_of_the_requirements() -> None:
    wanted = re.search(r"^torch==(\S+)", REQUIREMENTS, re.MULTILINE)
    assert wanted and f"torch=={wanted[1]} --index-url https://download.pytorch.org/whl/cpu" in DOCKERFILE
    assert re.search(r"^FROM python:3\.1[1-9]-slim$", DOCKERFILE, re.MULTILINE)


def test_the_image_copies_what_the_program_reads() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    copied = [name for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]]
    assert {"app.py", "llm_core", "assets", "requirements.txt"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists() or name in ignored] == []


def test_the_container_serves_one_port_as_nobody_special_and_keeps_its_home_in_a_volume() -> None:
    env = dict(
        pair.split("=", 1) for pair in re.findall(r"\b[A-Z_0-9]+=\S+", DOCKERFILE.split("ENV ")[1].splitlines()[0])
    )
    assert f"EXPOSE {env['LLM_CORE_PORT']}\n" in DOCKERFILE
    assert f"VOLUME {env['LLM_CORE_HOME']}\n" in DOCKERFILE
    assert {name.removeprefix("LLM_CORE_").lower() for name in env if name.startswith("LLM_CORE_")} <= set(
        Settings.model_fields
    )
    user = re.search(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)
    assert user and user[1] != "root" and DOCKERFILE.index("USER") < DOCKERFILE.index("CMD")
    assert f"{env['LLM_CORE_PORT']}:{env['LLM_CORE_PORT']} -v workbench:{env['LLM_CORE_HOME']}" in DEPLOY


def test_the_page_on_deploying_names_settings_and_commands_that_exist() -> None:
    settings = {name.lower() for name in re.findall(r"LLM_CORE_([A-Z_]+[A-Z])\b", DEPLOY)}
    assert settings <= set(Settings.model_fields)
    assert set(re.findall(r"python -m llm_core (\w+)", DEPLOY)) <= set(COMMANDS)
    folders = re.findall(r"`(\w+)/`", DEPLOY)
    kept = {
        path.name for path in (getattr(Settings().paths, name) for name in ("models", "libraries", "runs", "seals"))
    }
    assert kept <= set(folders)
