"""The OpenAI protocol, line by line: what is sent, and what a stream means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llm_core.engines.base import Finished, Message, Reading, Sampling, Step, Writing
from llm_core.engines.protocol import Dialect, Reply, request

PROMPT = [Message("user", "Hello.")]


def steps(*chunks: dict[str, Any], alternatives: int = 0) -> list[Step]:
    reply = Reply(0, "m1", alternatives)
    lines = [b"data: " + json.dumps(chunk).encode() for chunk in chunks]
    return [step for line in lines for step in reply.take(line)]


def test_a_seed_is_computed_without_the_cache_and_nothing_else_is() -> None:
    assert request("m1", PROMPT, Sampling(), Dialect.LLAMA_CPP)["cache_prompt"] is True
    seeded = request("m1", PROMPT, Sampling(seed=5), Dialect.LLAMA_CPP)
    assert (seeded["cache_prompt"], seeded["seed"]) == (False, 5)


def test_progress_is_asked_for_and_does_not_tell_what_was_cached() -> None:
    assert request("m1", PROMPT, Sampling(), Dialect.LLAMA_CPP)["return_progress"]
    progress = [{"total": 100, "cache": 80, "processed": done} for done in (80, 90, 100)]
    readings = steps(*({"choices": [], "prompt_progress": each} for each in progress))
    assert readings == [Reading(0, 0, 100), Reading(0, 50, 100), Reading(0, 100, 100)]


@pytest.mark.parametrize("dialect", Dialect)
def test_every_server_is_asked_for_json_and_alternatives_the_same_way(dialect: Dialect) -> None:
    body = request("m1", PROMPT, Sampling(json_schema={"type": "object"}, alternatives=3, stop=("\n",)), dialect)
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert (body["logprobs"], body["top_logprobs"], body["stop"]) == (True, 3, ["\n"])


def test_bytes_of_tokens_count_more_than_their_spelling() -> None:
    entry = {
        "id": 1,
        "token": "\ufffd",
        "bytes": [0xE4, 0xB8],
        "logprob": -1.0,
        "top_logprobs": [{"id": 1, "token": "\ufffd", "bytes": [0xE4, 0xB8], "logprob": -1.0}],
    }
    [written] = steps({"choices": [{"delta": {}, "logprobs": {"content": [entry]}}]}, alternatives=1)
    assert isinstance(written, Writing)
    assert written.tokens[0].text == "\ufffd"
    plain = {"token": " the", "logprob": -0.5, "top_logprobs": []}  # a server without bytes
    [written] = steps({"choices": [{"delta": {"content": " the"}, "logprobs": {"content": [plain]}}]}, alternatives=1)
    assert isinstance(written, Writing)
    assert written.tokens[0].text == " the"


@pytest.mark.parametrize(("said", "meant"), [("stop", "stop"), ("length", "length"), ("content_filter", "stop")])
def test_why_a_reply_ended(said: str, meant: str) -> None:
    reply = Reply(3, "m1", 0)
    list(reply.take(b"data: " + json.dumps({"choices": [{"delta": {"content": "x"}}]}).encode()))
    list(reply.take(b"data: " + json.dumps({"choices": [{"delta": {}, "finish_reason": said}]}).encode()))
    assert reply.finished() == Finished(3, meant, 0, 1, 0.0)  # type: ignore[arg-type]


def test_the_beginning_of_a_reply_is_continued_by_vllm_when_it_is_told_to() -> None:
    begun = [*PROMPT, Message("assistant", "Well,")]
    assert request("m1", begun, Sampling(), Dialect.VLLM)["continue_final_message"] is True
    assert "continue_final_message" not in request("m1", PROMPT, Sampling(), Dialect.VLLM)
