"""The client of an OpenAI-style server, against servers that are slow, broken or lie."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from llm_core.engines.base import Capability, Finished, Idle, Message, Sampling, Writing
from llm_core.engines.line import Line
from llm_core.engines.protocol import Dialect
from llm_core.engines.remote import Remote, Server
from llm_core.errors import UserError
from tests.engines.loopback import (
    DONE,
    OK,
    USAGE,
    answered,
    delta,
    event,
    repeating,
    saying,
    serving,
    waiting_until_left,
)
from tests.engines.replies import ask, text_of, until

HELLO = ask("Hello.")
GOOD = (OK, delta("Good "), delta("day.", "stop"), USAGE, DONE)


def client(url: str, *, dialect: Dialect = Dialect.OPENAI, key: str = "", silence_s: float = 10) -> Remote:
    line = Line(slots=4, waiting_max=8, waiting_per_visitor_max=4)
    return Remote(Server(url, "m1", key, dialect=dialect), line, silence_s=silence_s)


def trouble(answer: Callable[[socket.socket], None], silence_s: float = 10) -> UserError:
    """What a person is told when a server answers like this."""
    with serving(answer) as (url, _), pytest.raises(UserError) as error:
        list(client(url, silence_s=silence_s).generate([HELLO], Sampling()))
    return error.value


def test_a_reply_is_streamed() -> None:
    with serving(saying(*GOOD)) as (url, heard):
        remote = client(f"{url}/v1/", key="k1")
        steps = [step for step in remote.generate([HELLO], Sampling(max_tokens=7)) if not isinstance(step, Idle)]
    assert text_of(steps) == "Good day."
    *_, finished = steps
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.prompt_tokens, finished.reply_tokens) == ("stop", 9, 2)
    [(path, headers, body)] = heard.requests
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == "Bearer k1"
    assert body["messages"] == [{"role": "user", "content": "Hello."}]
    assert (body["model"], body["max_tokens"], body["stream"]) == ("m1", 7, True)


def test_closing_closes_the_connection() -> None:
    with serving(waiting_until_left(OK, delta("Good "))) as (url, heard):
        steps = client(url).generate([HELLO], Sampling())
        until(steps, lambda step: isinstance(step, Writing))
        assert not heard.hung_up.is_set()
        steps.close()
        assert heard.hung_up.wait(10)


def test_closing_before_the_server_has_said_anything_closes_the_connection() -> None:
    with serving(waiting_until_left()) as (url, heard):
        steps = client(url).generate([HELLO], Sampling())
        until(steps, lambda step: isinstance(step, Idle) and bool(heard.requests))
        steps.close()
        assert heard.hung_up.wait(10)


def test_nothing_but_the_protocol_is_sent_to_a_server_that_knows_no_more() -> None:
    with serving(saying(*GOOD)) as (url, heard):
        list(client(url).generate([HELLO], Sampling(top_k=5, min_p=0.1)))
    assert set(heard.requests[0][2]) == {
        *("model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens")
    }


def test_vllm_is_asked_in_its_own_words() -> None:
    sampling = Sampling(top_k=5, min_p=0.1, repetition_penalty=1.2, grammar='root ::= "a"', seed=3)
    with serving(saying(*GOOD)) as (url, heard):
        remote = client(url, dialect=Dialect.VLLM)
        list(remote.generate([HELLO], sampling))
    body = heard.requests[0][2]
    assert (body["top_k"], body["min_p"], body["repetition_penalty"], body["seed"]) == (5, 0.1, 1.2, 3)
    assert body["structured_outputs"] == {"grammar": 'root ::= "a"'}
    assert Capability.EXACT_SEED not in remote.capabilities


def test_a_server_of_this_machine_is_asked_past_any_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with serving(saying(*GOOD)) as (url, _):
        assert text_of(client(url).generate([HELLO], Sampling())) == "Good day."


def test_pings_comments_and_odd_ends_of_lines_are_no_trouble() -> None:
    pieces = b"".join([b": ping\r\n\r\n", b"event: x\r\n", delta("Good ").replace(b"\n", b"\r\n"), *GOOD[2:]])
    with serving(saying(OK, *(bytes([byte]) for byte in pieces))) as (url, _):
        assert text_of(client(url).generate([HELLO], Sampling())) == "Good day."


def test_thoughts_that_a_server_keeps_apart_are_shown_in_their_tags() -> None:
    thought = event({"choices": [{"delta": {"reasoning_content": "Hm."}}]})
    with serving(saying(OK, thought, *GOOD[1:])) as (url, _):
        assert text_of(client(url).generate([HELLO], Sampling())) == "<think>Hm.</think>Good day."


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (saying(OK, delta("Good ")), "reply_broken_off"),
        (saying(OK, delta("Good "), DONE), "reply_broken_off"),
        (saying(OK), "reply_broken_off"),
        (saying(), "engine_died"),
        (saying(b"\x00\xff\x00"), "engine_died"),
        (saying(OK.replace(b"Connection: close", b"Transfer-Encoding: chunked"), b"5\r\nda"), "engine_died"),
        (saying(answered("200 OK", b"<html>Log in</html>")), "reply_broken_off"),
        (saying(answered("404 Not Found", b"<html>no</html>")), "engine_refused"),
        (saying(answered("401 Unauthorized", b'{"error": {"message": "wrong key"}}')), "engine_refused"),
        (saying(answered("500 Oh", b'{"error": "no object"}')), "engine_refused"),
        (saying(answered("302 Found\r\nLocation: http://127.0.0.1:1/", b"")), "engine_refused"),
        (saying(OK, b"data: {\n\n"), "server_strange"),
        (saying(OK, b"data: [1]\n\n"), "server_strange"),
        (saying(OK, event({"choices": 5})), "server_strange"),
        (saying(OK, event({"choices": [{"delta": {"content": 5}}]})), "server_strange"),
        (saying(OK, event({"choices": [{"delta": "x"}]})), "server_strange"),
        (saying(OK, event({"prompt_progress": {"total": "x"}})), "server_strange"),
        (saying(OK, event({"usage": {"completion_tokens": "many"}}), delta("x", "stop"), DONE), "server_strange"),
        (saying(OK, event({"error": {"message": "out of memory"}})), "engine_refused"),
        (repeating(b"data: x" * 100_000), "engine_died"),
    ],
)
def test_a_broken_server_is_one_clear_message(answer: Callable[[socket.socket], None], code: str) -> None:
    assert trouble(answer).code == code


def test_a_line_without_end_is_given_up() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(OK)
        repeating(b"data: x" * 100_000)(connection)

    assert trouble(answer).code == "server_strange"


def test_a_silent_server_is_given_up() -> None:
    assert trouble(waiting_until_left(), silence_s=0.3).code == "engine_timeout"
    assert trouble(waiting_until_left(OK, delta("Good ")), silence_s=0.3).code == "engine_timeout"


def test_nobody_there_is_engine_died() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        with pytest.raises(UserError, match="engine_died"):
            list(client(f"http://127.0.0.1:{taken.getsockname()[1]}").generate([HELLO], Sampling()))


def test_an_overlong_prompt_is_told_in_either_spelling() -> None:
    llama = {"type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 4096, "message": "too long"}
    error = trouble(saying(answered("400 Bad", json.dumps({"error": llama}).encode())))
    assert (error.code, error.facts) == ("prompt_too_long", {"n_prompt": 9000, "n_ctx": 4096})
    text = "This model's maximum context length is 4096 tokens. However, you requested 9512 tokens (9000 in all)."
    error = trouble(saying(answered("400 Bad", json.dumps({"error": {"message": text, "code": 400}}).encode())))
    assert (error.code, error.facts) == ("prompt_too_long", {"n_prompt": 9512, "n_ctx": 4096})


def test_tokens_are_counted_by_the_server_where_it_can() -> None:
    prompt = [Message("system", "简短。"), Message("user", "Hello there, how are you?")]
    with serving(saying(answered("200 OK", b'{"count": 17}'))) as (url, heard):
        assert client(url, dialect=Dialect.VLLM).count_tokens(prompt) == 17
        assert heard.requests[0][0] == "/tokenize"
    assert 10 < client("http://127.0.0.1:1").count_tokens(prompt) < 30  # an estimate, nobody is asked


def test_the_context_is_the_servers() -> None:
    models = {"data": [{"id": "m0", "max_model_len": 1}, {"id": "m1", "max_model_len": 32768}]}
    with serving(saying(answered("200 OK", json.dumps(models).encode()))) as (url, heard):
        remote = client(url, dialect=Dialect.VLLM)
        assert [remote.context_tokens, remote.context_tokens] == [32768, 32768]
        assert len(heard.requests) == 1
    with serving(saying(answered("200 OK", b'{"data": [{"id": "m1"}]}'))) as (url, _):
        assert client(url).context_tokens == 8192  # it does not say
    with serving(saying(answered("200 OK", b"[]"))) as (url, _), pytest.raises(UserError, match="server_strange"):
        _ = client(url).context_tokens
