"""Who may ask, and for what: every refusal in the protocol's shape, in the caller's language, with its status."""

import json

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.testclient import TestClient

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.web import openai
from llm_core.workbench import Workbench

HELLO = {"messages": [{"role": "user", "content": "hello"}]}
COMPLETIONS = "/v1/chat/completions"


@pytest.fixture
def caller(settings):
    """A client of the routes alone, with settings as given."""
    with Workbench(settings) as workbench:

        def caller(**given: object) -> TestClient:
            workbench.settings = Settings(home=settings.home, offline=True, **given)
            return TestClient(Starlette(routes=openai.routes(workbench)), base_url="http://127.0.0.1:7860")

        yield caller


def error(answer, status: int) -> dict[str, object]:
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    return answer.json()["error"]


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"messages": []}, "text_empty", None),
        ({"messages": [{"role": "user", "content": " "}]}, "text_empty", None),
        ({"messages": [*HELLO["messages"], {"role": "assistant", "content": "hi"}]}, "text_empty", None),
        ({"messages": "hello"}, "value_unusable", "messages"),
        ({"messages": ["hello"]}, "value_unusable", "messages.0"),
        ({"messages": [{"role": "cat", "content": "hi"}]}, "value_unusable", "messages.0.role"),
        ({"messages": [{"role": ["user"], "content": "hi"}]}, "value_unusable", "messages.0.role"),
        ({"messages": [{"role": "user", "content": None}]}, "value_unusable", "messages.0.content"),
        ({"messages": [{"role": "tool", "content": "hi"}]}, "not_offered", "messages.0.role=tool"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "not_offered", None),
        ({"messages": [{"role": "user", "content": "half \ud800"}]}, "text_unusable", None),
        ({"messages": [{"role": "user", "content": "x" * 400_001}]}, "text_too_long", None),
        ({"tools": [{"type": "function"}]}, "not_offered", "tools"),
        ({"presence_penalty": 1}, "not_offered", "presence_penalty"),
        ({"logit_bias": {"1": 5}}, "not_offered", "logit_bias"),
        ({"n": 2}, "value_whole", "n"),
        ({"temperature": 2.5}, "value_number", "temperature"),
        ({"top_p": "much"}, "value_number", "top_p"),
        ({"max_tokens": 0}, "value_whole", "max_tokens"),
        ({"top_logprobs": 21, "logprobs": True}, "value_whole", "top_logprobs"),
        ({"stop": [""]}, "value_unusable", "stop"),
        ({"stop": ["x"] * 17}, "value_unusable", "stop"),
        ({"response_format": {"type": "xml"}}, "value_unusable", "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": "x"}}, "value_unusable", "response_format"),
        ({"stream": "perhaps"}, "value_unusable", "stream"),
    ],
)
def test_a_request_that_does_not_fit_names_the_field(caller, change, code, param):
    answer = caller().post(COMPLETIONS, content=json.dumps(HELLO | change), headers={"accept-language": "zh"})
    said = error(answer, 400)
    assert said["code"] == code
    assert said["type"] == "invalid_request_error"
    assert param in (None, said["param"])
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said["message"])


def test_what_changes_nothing_is_passed_over(caller):
    extra = {"user": "me", "store": False, "presence_penalty": 0, "tools": [], "stop": None, "logit_bias": None}
    assert error(caller().post(COMPLETIONS, json=HELLO | extra), 409)["code"] == "model_missing"


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object(caller, body):
    assert error(caller().post(COMPLETIONS, content=body), 400)["code"] == "json_unreadable"


def test_a_body_that_is_too_long(caller):
    assert error(caller(request_bytes_max=50_000).post(COMPLETIONS, content=b" " * 50_001), 413)
    assert caller(request_bytes_max=60_000).post(COMPLETIONS, content=b" " * 50_001).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/embeddings"),
        ("GET", COMPLETIONS),
        ("POST", "/v1/models"),
        ("DELETE", "/v1/models/tiny"),
        ("OPTIONS", COMPLETIONS),
    ],
)
def test_what_is_not_offered(caller, method, path):
    assert error(caller().request(method, path), 404)["code"] == "path_unknown"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1.evil.example:7860"]
)
def test_the_page_of_another_site_may_not_ask(caller, origin):
    answer = caller(api_key=SecretStr("k")).get("/v1/models", headers={"origin": origin, "authorization": "Bearer k"})
    assert error(answer, 403)["code"] == "origin_refused"


def test_our_own_page_may(caller):
    assert caller().get("/v1/models", headers={"origin": "http://127.0.0.1:7860"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "192.168.1.2", ""])
def test_a_name_that_was_made_to_point_here_is_refused(caller, host):
    assert error(caller().get("/v1/models", headers={"host": host}), 403)["code"] == "origin_refused"


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1", "[::1]:7860"])
def test_names_of_this_computer_are_not(caller, host):
    assert caller().get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", "Bearer ключ", "key"])
def test_a_key_is_asked_for_where_one_is_set(caller, given):
    exposed = caller(host="0.0.0.0", api_key=SecretStr("right key"))
    headers = {} if given is None else {"authorization": given.encode()}
    answer = exposed.get("/v1/models", headers=headers)
    assert error(answer, 401)["code"] == "invalid_api_key"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert exposed.get("/v1/models", headers={"authorization": "Bearer right key"}).status_code == 200


def test_beyond_loopback_nothing_is_served_without_a_key(caller):
    assert error(caller(host="0.0.0.0").get("/v1/models"), 403)["code"] == "key_unset"
    with pytest.raises(UserError) as refused:
        openai.check_exposed(Settings(host="0.0.0.0"))
    assert refused.value.code == "key_unset"
    openai.check_exposed(Settings(host="0.0.0.0", api_key=SecretStr("k")))


def test_a_bug_has_a_number_and_no_details(caller, monkeypatch):
    monkeypatch.setattr("llm_core.catalog.listing.entries", lambda *_, **__: 1 / 0)
    answer = caller().get("/v1/models")
    said = error(answer, 500)
    assert (said["code"], said["type"]) == ("unexpected", "server_error")
    assert "division" not in answer.text
