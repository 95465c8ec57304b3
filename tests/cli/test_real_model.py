"""The command line and the OpenAI protocol on a real, small language model (SmolLM2 135M)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from llm_core.settings import Settings
from llm_core.web import openai
from llm_core.workbench import Workbench

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
QUESTION = "What is the capital of France? Answer in one sentence."
COLD = ("--temperature", "0", "--max-tokens", "40", "--seed", "1")

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def smol() -> Path:
    """The file named by LLM_CORE_TEST_GGUF, or the one that was fetched into the settings' home."""
    path = Path(os.environ.get("LLM_CORE_TEST_GGUF") or Settings().paths.models / FILE)
    if not path.exists():
        pytest.skip(f"{path} is not there: python -m llm_core models get smollm2-135m-instruct-q4_1")
    return path


def test_a_question_is_answered(run, smol):
    ran = run("chat", QUESTION, "--model", str(smol), *COLD)
    assert (ran.code, ran.err) == (0, "")
    assert "Paris" in ran.out


def test_lines_are_answered_as_one_by_one(run, smol, tmp_path):
    (tmp_path / "requests.txt").write_text(f"{QUESTION}\nSay hello.\n", "utf-8")
    ran = run("chat", "--lines", "--file", str(tmp_path / "requests.txt"), "--model", str(smol), *COLD)
    first, second = ran.out.splitlines()
    assert "Paris" in first
    assert "Paris" not in second


CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 30}}, "required": ["city"]}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "place", "schema": CITY}}


@pytest.mark.parametrize("wanted", [{"type": "json_object"}, SCHEMA], ids=lambda wanted: wanted["type"])
def test_an_answer_in_json(smol, tmp_path, wanted):
    settings = Settings(home=tmp_path, offline=True, model=str(smol))
    asked = {"messages": [{"role": "user", "content": f"{QUESTION} Answer as JSON."}], "max_tokens": 200, "seed": 1}
    with Workbench(settings) as workbench:
        client = TestClient(Starlette(routes=openai.routes(workbench)), base_url="http://127.0.0.1:7860")
        answer = client.post("/v1/chat/completions", json=asked | {"temperature": 0, "response_format": wanted})
    assert isinstance(json.loads(answer.json()["choices"][0]["message"]["content"]), dict)
