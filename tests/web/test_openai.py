"""The OpenAI protocol, spoken by OpenAI's own client with a real server."""

import json
import threading

import httpx
import openai
import pytest

HELLO = [{"role": "user", "content": "hello"}]
SHORT = {"model": "tiny", "messages": HELLO, "max_tokens": 8, "seed": 1}
LONG_TOKENS = 2000


@pytest.fixture(scope="module")
def client(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none needed", max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def reader(server):
    """A caller who reads Chinese."""
    headers = {"Accept-Language": "zh-CN"}
    with openai.OpenAI(
        base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=60, default_headers=headers
    ) as client:
        yield client


def test_the_models_that_are_here(client):
    first, *others = [model.id for model in client.models.list()]
    assert first == "tiny"
    assert set(others) == {"decoder-zh-en", "stories-decoder", "stories-lstm", "stories-rnn", "stories-vae"}
    assert client.models.retrieve("chat").id == "tiny"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4")


def test_a_completion(client):
    reply = client.chat.completions.create(**SHORT)
    assert reply.object == "chat.completion"
    assert reply.model == "tiny"
    assert reply.choices[0].message.role == "assistant"
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 8
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + 8


def test_a_stream_says_the_same_piece_by_piece(client):
    whole = client.chat.completions.create(**SHORT)
    chunks = list(client.chat.completions.create(**SHORT, stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks[:-1]) == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "length"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert len({c.id for c in chunks}) == 1
    plain = list(client.chat.completions.create(**SHORT, stream=True))
    assert all(c.choices and c.usage is None for c in plain)


def test_the_messages_are_the_callers_alone(client):
    alone = client.chat.completions.create(**SHORT).usage.prompt_tokens
    told = [{"role": "developer", "content": "Be brief."}, *HELLO]
    assert client.chat.completions.create(**SHORT | {"messages": told}).usage.prompt_tokens > alone
    assert alone < 30, "no role's prompt was added"
    parts = [{"role": "user", "content": [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]}]
    assert client.chat.completions.create(**SHORT | {"messages": parts}).usage.prompt_tokens == alone


def test_a_stop_word_ends_the_reply_before_it(client):
    text = client.chat.completions.create(**SHORT).choices[0].message.content
    stop = text[3:5]
    cut = client.chat.completions.create(**SHORT, stop=[stop, "never said"]).choices[0]
    assert cut.finish_reason == "stop"
    assert cut.message.content == text[: text.index(stop)]


def test_a_reply_by_a_json_schema(client):
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "北京"]}, "sure": {"type": "boolean"}},
        "required": ["city", "sure"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": schema}}
    reply = client.chat.completions.create(**SHORT | {"max_tokens": 100, "response_format": wanted})
    found = json.loads(reply.choices[0].message.content)
    assert found["city"] in ("Paris", "北京")
    assert isinstance(found["sure"], bool)


def test_what_else_could_have_been_said(client):
    wanted = {"logprobs": True, "top_logprobs": 3, "temperature": 0}
    reply = client.chat.completions.create(**SHORT, **wanted).choices[0]
    tokens = reply.logprobs.content
    assert "".join(token.token for token in tokens) == reply.message.content
    assert all(len(token.top_logprobs) == 3 for token in tokens)
    assert all(token.logprob == pytest.approx(token.top_logprobs[0].logprob) for token in tokens), "greedy"
    chunks = client.chat.completions.create(**SHORT, **wanted, stream=True)
    streamed = [t for c in chunks if c.choices and c.choices[0].logprobs for t in c.choices[0].logprobs.content]
    assert [t.token for t in streamed] == [t.token for t in tokens]
    bare = client.chat.completions.create(**SHORT, logprobs=True).choices[0].logprobs.content
    assert all(token.top_logprobs == [] for token in bare)


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_that_is_too_long(reader, stream):
    with pytest.raises(openai.BadRequestError) as refused:
        reader.chat.completions.create(
            **SHORT | {"messages": [{"role": "user", "content": ">" * 100_000}], "stream": stream}
        )
    assert refused.value.code == "context_length_exceeded"
    assert "个词元" in refused.value.message


@pytest.mark.parametrize("name", ["gpt-4", "../tiny.gguf", "tiny.gguf"])
def test_a_model_that_is_not_there(reader, name):
    with pytest.raises(openai.NotFoundError) as refused:
        reader.chat.completions.create(**SHORT | {"model": name})
    assert refused.value.code == "model_not_found"
    assert "没有" in refused.value.message


def computed(server) -> float:
    """CPU seconds of the engines so far."""
    return sum(sum(engine.cpu_times()[:2]) for engine in server.engines)


def settled(server) -> float:
    """CPU seconds once the engines rest."""
    moment = threading.Event()
    before, now = -1.0, computed(server)
    while now - before > 0.02:
        moment.wait(0.3)
        before, now = now, computed(server)
    return now


def test_a_caller_who_leaves_ends_the_computing(server, client):
    body = SHORT | {"max_tokens": LONG_TOKENS}
    begun = settled(server)
    assert client.chat.completions.create(**body).usage.completion_tokens == LONG_TOKENS
    whole = settled(server)
    with client.chat.completions.create(**body, stream=True) as chunks:
        next(iter(chunks))
    streamed = settled(server)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=httpx.Timeout(30, read=0.2))
    at_once = settled(server)
    assert streamed - whole < (whole - begun) / 2
    assert at_once - streamed < (whole - begun) / 2


def test_an_engine_that_dies_is_said_in_the_stream_and_the_server_lives_on(server, reader):
    with (
        pytest.raises(openai.APIError) as broken,
        reader.chat.completions.create(**SHORT | {"max_tokens": LONG_TOKENS}, stream=True) as chunks,
    ):
        for number, _ in enumerate(chunks):
            if number == 3:
                for engine in server.engines:
                    engine.kill()
    assert "tiny" in broken.value.message
    assert reader.chat.completions.create(**SHORT).choices[0].message.content
