"""What differs on a Space of Hugging Face follows from the settings that its environment sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from llm_core.errors import UserError
from llm_core.settings import SPACE, Settings
from llm_core.web.header import Status
from llm_core.web.headers import PageHeaders
from llm_core.web.mine import Sheet
from llm_core.workbench import Workbench


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    monkeypatch.setenv("SPACE_ID", "ada/llm-workbench")
    monkeypatch.setenv("LLM_CORE_RUNS_MAX", "7")
    with Workbench(Settings(home=tmp_path, offline=True)) as workbench:
        yield workbench


def test_many_strangers_are_served_with_a_share_each(space: Workbench) -> None:
    settings = space.settings
    assert not settings.is_local and settings.public and settings.proxies == 1 and settings.port == 7860
    others = {name: value for name, value in SPACE.items() if name != "runs_max"}
    assert {name: getattr(settings, name) for name in others} == others
    assert settings.runs_max == 7  # what its owner sets counts
    plain = {name: field.default for name, field in Settings.model_fields.items()}
    assert all(value < plain[name] for name, value in others.items() if name.endswith(("_max", "_s")))


def test_elsewhere_nothing_of_it_holds(settings: Settings) -> None:
    assert settings.is_local and not settings.public and not settings.space_id and not settings.zero_gpu


def test_the_page_says_that_it_is_public_and_offers_strangers_no_fetch(space: Workbench) -> None:
    status = Status(space)
    for language, sentence in (("en", "no confidential files"), ("zh", "请勿上传机密文件")):
        shown = status.news(language)["html"]  # type: ignore[arg-type]
        assert sentence in shown and "data-act" not in shown
    for act in ("get", "resume", "cancel"):
        refused = status.act({"act": act, "name": "recommended"})
        assert refused is not None and refused.code == "fetch_public"


def test_my_things_say_that_the_disk_is_empty_after_a_restart(space: Workbench) -> None:
    assert "gone when this Space restarts" in Sheet(space)._written("v" * 43, "en")
    assert "重启" in Sheet(space)._written("v" * 43, "zh")


def test_uploads_of_one_address_have_an_end(space: Workbench) -> None:
    settings = space.settings.model_copy(update={"disk_per_address_bytes_max": 100, "proxies": 1})
    here = {"x-forwarded-for": "93.184.215.14", "content-type": "application/octet-stream"}
    with TestClient(PageHeaders(Starlette(), loopback=False, settings=settings)) as client:

        def send(content: bytes, **headers: str) -> int:
            return client.post("/gradio_api/upload", content=content, headers=here | headers).status_code

        assert (send(b"x" * 90), send(b"x" * 20), send(b"x" * 10)) == (404, 429, 404)  # 404: passed on to nobody
        assert send(b"x" * 90, **{"x-forwarded-for": "93.184.215.15"}) == 404
        refused = client.post("/upload", content=b"x" * 20, headers=here | {"accept-language": "zh"})
        assert "一天内" in refused.text
        assert client.post("/upload", content=iter([b"x"]), headers=here).status_code == 411


def test_the_hub_may_show_it_in_a_frame_and_nobody_else(space: Workbench) -> None:
    with TestClient(PageHeaders(Starlette(), loopback=False, settings=space.settings)) as client:
        policy = client.get("/").headers["content-security-policy"]
    assert "frame-ancestors 'self' https://huggingface.co;" in policy + ";"
    elsewhere = space.settings.model_copy(update={"space_id": ""})
    with TestClient(PageHeaders(Starlette(), loopback=False, settings=elsewhere)) as client:
        assert "huggingface" not in client.get("/").headers["content-security-policy"]


def test_a_run_longer_than_a_visitors_share_is_refused(space: Workbench) -> None:
    config = space.runs.plan("v" * 43, paste="The sand came in with the tide. " * 200, seconds=3000)
    with pytest.raises(UserError, match="run_long"):
        space.runs.start("v" * 43, config)
