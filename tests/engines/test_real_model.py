"""A real, small language model (SmolLM2 135M): what random weights cannot show."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_core.engines.base import Message, Reading, Sampling, Writing
from llm_core.engines.llama import Llama
from llm_core.settings import Settings
from tests.engines.replies import ask, cpu_until_still, reply, text_of, tokens_of, until

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
QUESTION = "What is the capital of France? Answer in one sentence."
COLD = Sampling(temperature=0, max_tokens=60)
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 30}, "country": {"type": "string", "maxLength": 30}},
    "required": ["city", "country"],
}

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def smol(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    """The model named by LLM_CORE_TEST_GGUF, or the one that was fetched into the settings' home."""
    path = Path(os.environ.get("LLM_CORE_TEST_GGUF") or Settings().paths.models / FILE)
    if not path.exists():
        pytest.skip(f"{path} is not there: python -m llm_core models get smollm2-135m-instruct-q4_1")
    engine = Llama("smol", path, Settings(home=tmp_path_factory.mktemp("home"), offline=True))
    yield engine
    engine.close()


def test_it_knows_something(smol: Llama) -> None:
    text, finished = reply(smol, QUESTION, COLD)
    assert "Paris" in text
    assert finished.reason == "stop"


def test_it_reads_the_whole_conversation(smol: Llama) -> None:
    turns = [
        Message("user", QUESTION),
        Message("assistant", "The capital of France is Paris."),
        Message("user", "And of Italy?"),
    ]
    assert "capital" in text_of(smol.generate([turns], COLD))  # a word of the first question alone


def test_stop_ends_the_computing(smol: Llama) -> None:
    story = Sampling(max_tokens=2000)
    for prompt, moment in (("Tell me a long story.", Writing), ("The sea is wide. " * 400, Reading)):
        steps = smol.generate([ask(prompt)], story)
        until(steps, lambda step, moment=moment: isinstance(step, moment))  # type: ignore[misc]
        steps.close()
        assert smol._current is not None
        assert cpu_until_still(smol._current.child.pid) < 3  # one batch of 64 tokens; the whole is over 20 s


def test_json_is_json(smol: Llama) -> None:
    question = "Name one city and its country, as JSON."
    answer = json.loads(reply(smol, question, Sampling(temperature=0, json_schema=CITY, max_tokens=100))[0])
    assert set(answer) == {"city", "country"}


def test_the_likeliest_next_word_is_seen(smol: Llama) -> None:
    steps = smol.generate([ask(QUESTION)], Sampling(temperature=0, max_tokens=8, alternatives=5))
    paris = next(token for token in tokens_of(steps) if token.text == " Paris")
    assert paris.logprob > -1
    assert len({choice.text for choice in paris.choices}) == 5
