"""The login: it stands before everything, tells people and programs apart, and whoever guesses has to wait."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.web import login
from llm_core.web.headers import PageHeaders
from llm_core.web.login import PROVED, Login

LOGIN = "ada:difference engine"


async def inside(request: Request) -> Response:
    return PlainTextResponse(f"inside, {request.scope.get(PROVED)}")


def client(tmp_path: Path, **given: Any) -> TestClient:
    settings = Settings(home=tmp_path, host="192.0.2.1", **({"auth": LOGIN} | given))
    middleware = [
        Middleware(PageHeaders, loopback=False, settings=settings),
        Middleware(Login, people=login.read(settings), settings=settings),
    ]
    app = Starlette(routes=[Route("/{rest:path}", inside, methods=["GET", "POST"])], middleware=middleware)
    return TestClient(app, base_url="https://workbench.example", follow_redirects=False)


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[TestClient]:
    with client(tmp_path) as one:
        yield one


def enter(visitor: TestClient, name: str = "ada", password: str = "difference engine", **headers: str) -> Any:
    return visitor.post("/login", data={"name": name, "password": password}, headers=headers)


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    "path", ["/", "/config", "/gradio_api/info", "/v1/models", "/theme.css", "/trained/x", "/logout"]
)
def test_nothing_is_answered_before_the_login(visitor: TestClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 401
    assert "inside" not in answer.text
    assert visitor.post(path, content=b"").status_code == 401


def test_a_person_gets_a_form_in_their_language_and_then_the_page(visitor: TestClient) -> None:
    form = visitor.get("/", headers={"accept": "text/html", "accept-language": "zh-CN"})
    assert form.status_code == 401
    assert '<html lang="zh-CN">' in form.text and "登录" in form.text
    answer = enter(visitor)
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secure" in cookie
    assert visitor.get("/").text == "inside, True"
    assert visitor.get("/logout").status_code == 303
    assert visitor.get("/").status_code == 401


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong"), ("bob", "difference engine"), ("", ""), ("ada", "")]
)
def test_a_wrong_login_is_told_in_the_form(visitor: TestClient, name: str, password: str) -> None:
    answer = enter(visitor, name, password, accept="text/html")
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert visitor.get("/").status_code == 401


def test_programs_send_a_password_or_for_the_protocol_its_key(tmp_path: Path) -> None:
    with client(tmp_path, api_key="the key") as program:
        assert program.get("/config", headers=basic(LOGIN)).text == "inside, True"
        assert program.get("/v1/models", headers=basic(LOGIN)).text == "inside, True"
        assert program.get("/v1/models", headers={"authorization": "Bearer the key"}).text == "inside, False"
        assert program.get("/config", headers={"authorization": "Bearer the key"}).status_code == 401
        for wrong in (basic("ada:wrong"), {"authorization": "Basic %%%"}, {"authorization": "Bearer wrong"}):
            assert program.get("/v1/models", headers=wrong).status_code == 401


def test_whoever_guesses_has_to_wait_and_others_do_not(tmp_path: Path) -> None:
    with client(tmp_path, proxies=1, login_tries_max=3, auth=f"{LOGIN}\nbob:sandwich") as visitor:
        for _ in range(3):
            assert enter(visitor, password="guess", **{"x-forwarded-for": "203.0.113.5"}).status_code == 401
        assert enter(visitor, **{"x-forwarded-for": "203.0.113.5"}).status_code == 429
        assert visitor.get("/", headers=basic(LOGIN) | {"x-forwarded-for": "203.0.113.5"}).status_code == 401
        # Neither a neighbour behind the same address nor the same person elsewhere is kept out.
        assert enter(visitor, "bob", "sandwich", **{"x-forwarded-for": "203.0.113.5"}).status_code == 303
        assert enter(visitor, **{"x-forwarded-for": "198.51.100.7"}).status_code == 303


def test_a_guesser_cannot_write_another_address_into_the_header(tmp_path: Path) -> None:
    with client(tmp_path, proxies=1, login_tries_max=2) as visitor:
        said = [f"10.0.0.{n}, 203.0.113.5" for n in range(4)]
        codes = [enter(visitor, password="guess", **{"x-forwarded-for": one}).status_code for one in said]
    assert codes == [401, 401, 429, 429]


def test_many_people_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "口令.txt"
    file.write_text("\ufeffada:with:colons\n\n李雷:韩梅梅\n", "utf-8")
    people = login.read(Settings(home=tmp_path, auth_file=file))
    assert set(people) == {"ada", "李雷"}
    with client(tmp_path, auth=None, auth_file=file) as visitor:
        assert enter(visitor, "李雷", "韩梅梅").status_code == 303
        assert enter(visitor, "ada", "with:colons").status_code == 303


def test_a_file_that_is_no_login_stops_the_server(tmp_path: Path) -> None:
    assert login.read(Settings(home=tmp_path)) == {}
    with pytest.raises(UserError, match="auth_file_missing"):
        login.read(Settings(home=tmp_path, auth_file=tmp_path / "none"))
    (tmp_path / "empty").write_text("\n", "utf-8")
    for given in ({"auth_file": tmp_path / "empty"}, {"auth": "no colon"}, {"auth": "ada:"}):
        with pytest.raises(UserError, match="auth_unusable"):
            login.read(Settings(home=tmp_path, **given))


def test_a_form_of_megabytes_is_not_read(visitor: TestClient) -> None:
    assert visitor.post("/login", content=b"x" * 20_000).status_code == 413
