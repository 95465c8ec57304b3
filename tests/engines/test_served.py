"""A model on somebody's server: found out, asked again while it is busy, told in plain words when it fails."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from llm_core.engines.base import Capability, Finished, Sampling, Writing
from llm_core.engines.pool import Pool
from llm_core.engines.served import ServedModel, models, recognised
from llm_core.errors import UserError
from llm_core.models import served
from llm_core.settings import Settings
from tests.engines.loopback import DONE, OK, USAGE, Heard, answered, delta, event, repeating, saying, serving
from tests.engines.replies import ask, text_of

HELLO = ask("Hello.")
GOOD = (OK, delta("Good "), delta("day.", "stop"), USAGE, DONE)
KEY = "sk-very-secret-0123456789"
Answer = Callable[[socket.socket], None]


def json_of(body: Any, status: str = "200 OK") -> Answer:
    return saying(answered(status, json.dumps(body).encode()))


def listing(owner: str, *names: str, **more: Any) -> Answer:
    return json_of({"data": [{"id": name, "owned_by": owner} | more for name in names]})


@contextlib.contextmanager
def server(*chats: Answer, models: Answer) -> Iterator[tuple[str, Heard]]:
    """Lists its models, and answers one chat after another as told; the last one for ever."""
    left = list(chats)

    def answer(connection: socket.socket) -> None:
        if heard.requests[-1][0] == "/v1/models":
            models(connection)
        else:
            (left.pop(0) if len(left) > 1 else left[0])(connection)

    with serving(answer) as (url, heard):
        yield url, heard


def engine(settings: Settings, url: str, model: str = "m1", **more: Any) -> ServedModel:
    settings = settings.model_copy(update={"remote_url": url, "remote_model": model, **more})
    return ServedModel(served.servers(settings)[0].id, settings.paths.servers, settings)


def trouble(settings: Settings, chat: Answer, **more: Any) -> UserError:
    with server(chat, models=listing("vllm", "m1")) as (url, _), pytest.raises(UserError) as error:
        list(engine(settings, url, **{"remote_retries": 0, **more}).generate([HELLO], Sampling()))
    return error.value


@pytest.mark.parametrize(
    ("owner", "has", "lacks"),
    [
        ("vllm", Capability.GRAMMAR, Capability.EXACT_SEED),
        ("sglang", Capability.LOGPROBS, Capability.GRAMMAR),
        ("llamacpp", Capability.EXACT_SEED, Capability.ADAPTERS),
        ("library", Capability.JSON_SCHEMA, Capability.LOGPROBS),
        ("somebody", Capability.JSON_SCHEMA, Capability.GRAMMAR),
    ],
)
def test_whose_server_it_is_says_what_it_can(
    settings: Settings, owner: str, has: Capability, lacks: Capability
) -> None:
    with server(saying(*GOOD), models=listing(owner, "m1")) as (url, _):
        capabilities = engine(settings, url).capabilities
    assert has in capabilities
    assert lacks not in capabilities


def test_the_only_model_of_a_server_need_not_be_named(settings: Settings) -> None:
    with server(saying(*GOOD), models=listing("vllm", "org/the-one", max_model_len=4096)) as (url, heard):
        made = engine(settings, url, model="")
        assert text_of(made.generate([HELLO], Sampling())) == "Good day."
        assert made.context_tokens == 4096
    assert heard.requests[-1][2]["model"] == "org/the-one"


def test_a_server_that_lists_nothing_is_spoken_to_in_plain_protocol(settings: Settings) -> None:
    for nothing in (saying(answered("404 Not Found", b"no")), json_of([])):
        with server(saying(*GOOD), models=nothing) as (url, heard):
            assert text_of(engine(settings, url).generate([HELLO], Sampling(top_k=3))) == "Good day."
        assert "top_k" not in heard.requests[-1][2]


def test_a_busy_server_is_asked_again(settings: Settings) -> None:
    busy = saying(b"HTTP/1.1 503 Loading\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    with server(busy, saying(*GOOD), models=listing("vllm", "m1")) as (url, heard):
        steps = list(engine(settings, url, remote_retries=1).generate([HELLO], Sampling()))
    assert text_of(steps) == "Good day."
    assert isinstance(steps[-1], Finished)
    assert [path for path, _, _ in heard.requests].count("/v1/chat/completions") == 2


def test_what_was_half_written_is_not_asked_for_again(settings: Settings) -> None:
    with server(saying(OK, delta("Good ")), models=listing("vllm", "m1")) as (url, heard):
        written = []
        with pytest.raises(UserError, match="reply_broken_off"):
            written = [
                step for step in engine(settings, url).generate([HELLO], Sampling()) if isinstance(step, Writing)
            ]
    assert written == []
    assert [path for path, _, _ in heard.requests].count("/v1/chat/completions") == 1


@pytest.mark.parametrize(
    ("refused", "gone", "instead"),
    [
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_tokens", True),
        ("Unsupported value: 'temperature' does not support 0.7 with this model.", "temperature", False),
        ("stream_options is not allowed", "stream_options", False),
        ("'top_logprobs' is not supported", "logprobs", False),
    ],
)
def test_a_server_that_knows_less_is_asked_for_less(
    settings: Settings, refused: str, gone: str, instead: bool
) -> None:
    no = json_of({"error": {"message": refused}}, "400 Bad Request")
    with server(no, saying(*GOOD), models=listing("somebody", "m1")) as (url, heard):
        assert text_of(engine(settings, url).generate([HELLO], Sampling(alternatives=2))) == "Good day."
    body = heard.requests[-1][2]
    assert gone not in body
    assert ("max_completion_tokens" in body) is instead


def test_a_server_that_does_not_stop_is_stopped(settings: Settings) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(OK)
        repeating(delta("more "))(connection)

    with server(endless, models=listing("somebody", "m1")) as (url, heard):
        *_, last = engine(settings, url).generate([HELLO], Sampling(max_tokens=5))
        assert heard.hung_up.wait(10)
    assert isinstance(last, Finished)
    assert last.reason == "length"


@pytest.mark.parametrize(
    ("chat", "code"),
    [
        (json_of({"error": {"message": "no such key"}}, "401 Unauthorized"), "server_key"),
        (json_of({"error": {"message": "no such model"}}, "404 Not Found"), "server_lacks_model"),
        (json_of({"error": {"message": "slow down"}}, "429 Too Many Requests"), "server_busy"),
        (json_of({"error": {"message": "odd"}}, "422 Odd"), "engine_refused"),
        (saying(), "server_unreachable"),
        (saying(OK, b"data: {\n\n"), "server_strange"),
    ],
)
def test_what_a_server_does_wrong_is_told(settings: Settings, chat: Answer, code: str) -> None:
    assert trouble(settings, chat).code == code


def test_a_silent_server_is_given_up(settings: Settings) -> None:
    silent = saying(OK, delta("Good "))

    def still(connection: socket.socket) -> None:
        silent(connection)
        connection.settimeout(10)
        connection.recv(1)

    assert trouble(settings, still, engine_silence_s=0.3).code == "engine_timeout"


def test_nobody_there_is_told_with_the_address(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UserError) as error:
            list(engine(settings, url, remote_retries=0).generate([HELLO], Sampling()))
    assert error.value.code == "server_unreachable"
    assert error.value.facts["host"] == url.removeprefix("http://")


def test_the_key_is_sent_and_said_to_nobody(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    told = json_of({"error": {"message": f"Incorrect API key provided: {KEY}"}}, "401 Unauthorized")
    error = trouble(settings, told, remote_key=Settings(remote_key=KEY).remote_key)
    assert error.code == "server_key"
    assert KEY not in str(error) + caplog.text
    settings = settings.model_copy(
        update={"remote_url": "http://gpu-box", "remote_key": Settings(remote_key=KEY).remote_key}
    )
    assert KEY not in repr(served.servers(settings)) + repr(settings)
    with server(saying(*GOOD), models=listing("vllm", "m1")) as (url, heard):
        made = engine(settings, url)
        list(made.generate([HELLO], Sampling()))
    assert {headers["authorization"] for _, headers, _ in heard.requests} == {f"Bearer {KEY}"}
    assert KEY not in caplog.text


def test_entered_servers_are_kept_for_their_owner_alone(settings: Settings) -> None:
    with server(saying(*GOOD), models=listing("library", "qwen3:8b", "other")) as (url, _):
        found = recognised(served.checked(f"{url}/v1/", "qwen3:8b", KEY))
        assert [model.name for model in models(found)] == ["qwen3:8b", "other"]
        served.enter(found, settings)
        with pytest.raises(UserError, match="server_lacks_model"):
            recognised(served.checked(url))
    assert settings.paths.servers.stat().st_mode & 0o077 == 0
    [kept] = served.servers(settings)
    assert (kept.model, kept.key, kept.dialect) == ("qwen3:8b", KEY, "ollama")
    assert not set("/\\:") & set(kept.id)
    served.forget(kept.id, settings)
    assert served.servers(settings) == []
    assert KEY not in settings.paths.servers.read_text("utf-8")


def test_a_page_for_others_lets_nobody_enter_a_server(settings: Settings) -> None:
    for public in ({"host": "0.0.0.0"}, {"remote_entry": False}):
        with pytest.raises(UserError, match="server_not_here"):
            served.enter(served.checked("http://10.0.0.1"), settings.model_copy(update=public))


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x", "http://", "http://user:pw@x", "http://x?key=1", "file:///etc/passwd", "http://x:y", "http://例"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="server_url"):
        served.checked(url)


def test_a_key_that_would_add_a_header_is_refused() -> None:
    with pytest.raises(UserError, match="server_text"):
        served.checked("http://x", key="a\r\nX-Other: b")


def test_a_broken_file_of_servers_is_passed_over(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    settings.paths.servers.write_text('[5, {"url": "http://x"}, {"url": "nowhere://"}]', "utf-8")
    assert served.servers(settings) == []
    settings.paths.servers.write_text("{", "utf-8")
    assert served.servers(settings) == []


def test_it_takes_no_memory_of_this_computer(settings: Settings) -> None:
    pool = Pool(settings.model_copy(update={"free_memory_min_mib": 10**9, "model_load_s": 1}))
    with server(saying(*GOOD), models=listing("vllm", "m1")) as (url, _):
        pool._settings = pool._settings.model_copy(update={"remote_url": url, "remote_model": "m1"})
        name = served.servers(pool._settings)[0].id
        model = pool.generator(name, settings.paths.servers, "remote")
        assert text_of(model.generate([HELLO], Sampling())) == "Good day."
        with pytest.raises(UserError, match="lacks_score"):
            model.score(["a"])
    pool.close()


def test_who_asks_a_silent_server_waits_for_nobody_else_and_can_close(settings: Settings) -> None:
    asked, answer_now = threading.Semaphore(0), threading.Event()

    def silent(connection: socket.socket) -> None:
        asked.release()
        answer_now.wait(30)
        listing("vllm", "m1")(connection)

    with server(saying(*GOOD), models=silent) as (url, _):
        model = engine(settings, url)
        told: list[str] = []

        def ask_it() -> None:
            told.append(text_of(model.generate([HELLO], Sampling())))

        visitors = [threading.Thread(target=ask_it) for _ in range(3)]
        for one in visitors:
            one.start()
        for _ in visitors:
            assert asked.acquire(timeout=30), "each asks by itself, none behind another"
        model.close()  # answers at once, too
        answer_now.set()
        for one in visitors:
            one.join()
        assert told == ["Good day."] * 3


def test_an_event_that_is_none_of_the_protocol_is_told(settings: Settings) -> None:
    assert trouble(settings, saying(OK, event({"choices": 5}))).code == "server_strange"
