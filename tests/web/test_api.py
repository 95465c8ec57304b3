"""The page's API, called by gradio_client and by plain HTTP."""

import itertools
import json
import re
from pathlib import Path

import gradio_client
import httpx
import pytest
from gradio_client.exceptions import AppError

from llm_core import web

SHORT = {"max_tokens": 8, "seed": 1}


@pytest.fixture(scope="module")
def client(server):
    client = gradio_client.Client(server.url, verbose=False)
    yield client
    client.close()


def test_it_offers_what_was_published_and_nothing_of_the_page(client):
    offered = client.view_api(return_format="dict")["named_endpoints"]
    published = "\n".join(path.read_text("utf-8") for path in Path(web.__file__).parent.rglob("*.py"))
    assert set(offered) == {f"/{name}" for name in re.findall(r'api_name="(\w+)"', published)}
    parameters = offered["/chat"]["parameters"]
    assert parameters[0]["parameter_name"] == "message"
    assert all(parameter["parameter_has_default"] for parameter in parameters[1:])


def test_a_reply(client):
    reply = client.predict("hello", **SHORT, api_name="/chat")
    assert len(reply) > 2
    assert client.predict("hello", **SHORT, api_name="/chat") == reply
    assert client.predict(message="hello", model="tiny", api_name="/chat", **SHORT) == reply


def test_a_reply_grows(client):
    job = client.submit("hello", max_tokens=1500, seed=1, api_name="/chat")
    parts = list(job)
    assert len(parts) > 2
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(parts))
    assert job.result() == parts[-1]


def test_earlier_turns_and_a_system_prompt_are_read(client):
    history = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
    ]
    plain = client.predict("hello", **SHORT, api_name="/chat")
    assert client.predict("hello", history=history, **SHORT, api_name="/chat") != plain
    assert client.predict("hello", system="Be brief.", **SHORT, api_name="/chat") != plain
    assert client.predict("hello", **SHORT, api_name="/chat") == plain, "nothing is kept between two calls"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"message": ""}, "这里没有文字"),
        ({"message": 5}, "message"),
        ({"message": ">" * 100_000}, "个词元"),
        ({"temperature": "hot"}, "0到2之间的数"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"role": "pirate"}, "没有叫“pirate”的角色"),
        ({"model": "gpt-4"}, "没有"),
        ({"model": "/etc/passwd"}, "没有"),
        ({"model": {"a": 1}}, "model"),
        ({"history": "all of it"}, "history"),
        ({"history": [{"role": "user"}]}, "history.0.content"),
        ({"history": [5]}, "history.0"),
    ],
)
def test_what_does_not_fit_is_said_in_the_callers_language(client, change, said):
    with pytest.raises(AppError) as refused:
        client.predict(**{"message": "hello", "language": "zh", **change}, api_name="/chat")
    assert said in str(refused.value)


def test_a_call_that_is_cancelled_leaves_the_model_free(client):
    jobs = [client.submit("hello", max_tokens=4000, api_name="/chat") for _ in range(2)]
    for job in jobs:
        next(iter(job))
        job.cancel()
    assert client.predict("hello", **SHORT, api_name="/chat")


def test_it_can_be_called_without_a_library(server):
    asked = httpx.post(f"{server.url}/gradio_api/call/v2/chat", json={"message": "hello", **SHORT})
    event = asked.json()["event_id"]
    with httpx.stream("GET", f"{server.url}/gradio_api/call/v2/chat/{event}", timeout=60) as answer:
        lines = [line for line in answer.iter_lines() if line]
    assert lines[-2] == "event: complete"
    assert len(json.loads(lines[-1].removeprefix("data: "))[0]) > 2
