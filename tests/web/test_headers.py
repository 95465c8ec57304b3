"""Which requests the server takes, and what its answers carry. On loopback no other site can use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from llm_core.settings import Settings
from llm_core.web.headers import PageHeaders

PAGE = '<html lang="en"><head><title>x</title></head><body></body></html>'


async def page(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


def client(*, loopback: bool = True, **given: Any) -> TestClient:
    routes = [Route("/", page), Route("/{rest:path}", echo, methods=["GET", "POST"])]
    app = PageHeaders(Starlette(routes=routes), loopback=loopback, settings=Settings(request_bytes_max=100, **given))
    return TestClient(app, base_url="http://127.0.0.1:7860")


@pytest.fixture
def local() -> Iterator[TestClient]:
    with client() as one:
        yield one


def test_every_answer_forbids_what_the_page_does_not_need(local: TestClient) -> None:
    for answer in (local.get("/"), local.get("/x"), local.get("/file=https://example.org/a")):
        assert "connect-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("headers", "lang"),
    [
        ({"accept-language": "zh-HK,en;q=0.5"}, "zh-CN"),
        ({"accept-language": "fr"}, "en"),
        ({"accept-language": "fr", "cookie": "a=1; ui_lang=zh-CN"}, "zh-CN"),
    ],
)
def test_the_page_knows_its_language_before_gradio_starts(
    local: TestClient, headers: dict[str, str], lang: str
) -> None:
    answer = local.get("/", headers={"accept": "text/html", **headers})
    assert f'<html lang="{lang}">' in answer.text
    assert answer.text.index("navigator") < answer.text.index("<title>")
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_what_would_make_the_server_fetch_is_refused(local: TestClient) -> None:
    for path in (
        "/gradio_api/file=https://example.org/a",
        "/gradio_api/file%3Dhttp://x",
        "/gradio_api/proxy=https://x",
    ):
        assert local.get(path).status_code == 403


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "localhost.example.org:7860", ""])
def test_another_host_name_is_not_answered(local: TestClient, host: str) -> None:
    assert local.get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "localhost"])
def test_this_computer_s_names_are_answered(local: TestClient, host: str) -> None:
    assert local.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:9999", "http://localhost:7860"])
def test_another_site_cannot_post(local: TestClient, origin: str) -> None:
    assert local.post("/x", headers={"origin": origin}, content=b"a").status_code == 403


def test_our_page_and_programs_can_post(local: TestClient) -> None:
    assert local.post("/x", headers={"origin": "http://127.0.0.1:7860"}, content=b"a").text == "1"
    assert local.post("/x", content=b"ab").text == "2"


def test_beyond_loopback_any_name_is_answered_but_no_cross_site_post() -> None:
    public = client(loopback=False)
    assert public.get("/", headers={"host": "workbench.example.org"}).status_code == 200
    assert public.post("/x", headers={"sec-fetch-site": "cross-site"}, content=b"a").status_code == 403
    assert public.post("/x", headers={"sec-fetch-site": "same-origin"}, content=b"a").text == "1"


def test_a_long_request_is_refused_before_it_is_read(local: TestClient) -> None:
    assert local.post("/x", content=b"a" * 101).status_code == 413
    assert local.post("/x", content=iter([b"a"])).status_code == 411
    assert local.post("/gradio_api/upload", content=b"a" * 101).text == "101"  # Gradio limits uploads itself
