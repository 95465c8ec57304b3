"""One workbench gives its models to another: by hash alone, whole or resumed, and nothing else of its disk."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from llm_core.catalog import hashes, peer, shared
from llm_core.catalog.fetch import fetch
from llm_core.errors import UserError
from llm_core.events import Progress, collect
from llm_core.settings import Settings
from llm_core.web import login, sharing
from llm_core.workbench import Workbench
from tests.catalog.conftest import BIG_HUB, MODEL, catalog_of, entry
from tests.tiny_gguf import write_tiny_gguf

ROOT = Path(__file__).parents[2]
START_S = 60


@contextlib.contextmanager
def giving(settings: Settings) -> Iterator[str]:
    """A workbench that shares, at the address that is yielded."""
    with socket.socket() as bound, Workbench(settings) as workbench:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        app: ASGIApp = Starlette(routes=sharing.routes(workbench))
        if people := login.read(settings):
            app = login.Login(app, people=people, settings=settings)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of the workbench `name`, which asks nobody but a peer."""

    def make(name: str, **changes: Any) -> Settings:
        nowhere = dict.fromkeys(("lmstudio_models", "ollama_models", "hub_cache"), tmp_path / "nowhere")
        return Settings(home=tmp_path / name, **{"sources": "peer", "peer_again_s": 0.05, **nowhere, **changes})

    return make


def put_fetched(settings: Settings, name: str, content: bytes) -> Path:
    """A GGUF file as a fetch from the Hub leaves it."""
    path = settings.paths.models / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    about = {"fetched": "who/it", "licence": "MIT"}
    hashes.note(path, hashlib.sha256(content).hexdigest(), path.stat().st_mtime_ns, about)
    return path


def test_one_workbench_takes_a_model_from_another(made: Callable[..., Settings]) -> None:
    teacher = made("teacher", share_models=True)
    put_fetched(teacher, "big.gguf", MODEL)
    with giving(teacher) as address:
        pupil = made("pupil", peer=address)
        assert collect(fetch(entry(catalog_of(BIG_HUB), "big", pupil), pupil)).read_bytes() == MODEL


def test_it_goes_on_where_it_was(made: Callable[..., Settings]) -> None:
    teacher = made("teacher", share_models=True)
    put_fetched(teacher, "big.gguf", MODEL)
    with giving(teacher) as address:
        pupil, catalog = made("pupil", peer=address), catalog_of(BIG_HUB)
        target = catalog.entries["big"].target(pupil)
        target.aside.mkdir(parents=True)
        target.grown.write_bytes(MODEL[:200_000])
        events = list(fetch(entry(catalog, "big", pupil), pupil))
        done = [event.done for event in events if isinstance(event, Progress) and event.stage == "fetching"]
        assert min(done) >= 200_000
        assert events[-1].result.read_bytes() == MODEL  # type: ignore[union-attr]


def test_a_copy_that_was_spoilt_there_is_not_accepted_here(made: Callable[..., Settings]) -> None:
    teacher = made("teacher", share_models=True)
    path = put_fetched(teacher, "big.gguf", MODEL)
    stat = path.stat()
    spoilt = MODEL[:-1] + bytes([MODEL[-1] ^ 1])
    path.write_bytes(spoilt)
    hashes.note(path, hashlib.sha256(MODEL).hexdigest(), path.stat().st_mtime_ns, {"fetched": "who/it"})
    assert stat.st_size == len(spoilt)
    with giving(teacher) as address:
        pupil = made("pupil", peer=address)
        with pytest.raises(UserError, match="hash_wrong"):
            collect(fetch(entry(catalog_of(BIG_HUB), "big", pupil), pupil))


def test_by_default_nothing_is_shared(made: Callable[..., Settings]) -> None:
    teacher = made("teacher")
    put_fetched(teacher, "big.gguf", MODEL)
    with giving(teacher) as address:
        assert httpx.get(f"{address}{peer.PATH}").status_code == 404
        assert httpx.get(f"{address}{peer.PATH}/{hashlib.sha256(MODEL).hexdigest()}").status_code == 404


def test_only_what_was_fetched_or_comes_along_is_given(made: Callable[..., Settings], tmp_path: Path) -> None:
    teacher = made("teacher", share_models=True)
    put_fetched(teacher, "big.gguf", MODEL)
    own = write_tiny_gguf(teacher.paths.models / "own.gguf")
    collect_hash = hashes.hashing(own)
    with contextlib.suppress(StopIteration):
        while True:
            next(collect_hash)
    secret = tmp_path / "teacher" / "conversations.sqlite3"
    secret.write_bytes(b"private")
    run = teacher.paths.runs / "mine" / "model"
    run.mkdir(parents=True)
    (run / "model.safetensors").write_bytes(b"mine")
    private = [own.read_bytes(), secret.read_bytes(), b"mine"]
    with giving(teacher) as address:
        told = httpx.get(f"{address}{peer.PATH}").json()["models"]
        assert {model["id"] for model in told if not model["comes_along"]} == {"big"}
        assert str(tmp_path) not in str(told)
        for content in private:
            assert httpx.get(f"{address}{peer.PATH}/{hashlib.sha256(content).hexdigest()}").status_code == 404
        for model in told:
            for file in model["files"]:
                answer = httpx.get(f"{address}{peer.PATH}/{file['sha256']}")
                assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "big.gguf", "A" * 64, "", "..%5c..", "/etc/passwd",
     "0" * 64 + "/x"],
)  # fmt: skip
def test_an_address_is_a_hash_and_never_a_path(made: Callable[..., Settings], path: str) -> None:
    teacher = made("teacher", share_models=True)
    put_fetched(teacher, "big.gguf", MODEL)
    with giving(teacher) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:  # httpx would tidy the path up
            line.sendall(f"GET {peer.PATH}/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: line.recv(65536), b""))
        assert re.match(rb"HTTP/1.1 (404|307|400)", answer)
        assert b"root:" not in answer


def test_who_comes_while_all_turns_are_taken_waits_and_gets_it(made: Callable[..., Settings]) -> None:
    teacher = made("teacher", share_models=True, share_parallel_max=1, fetch_stall_s=30)
    large = MODEL * 40  # more than a connection holds unread
    put_fetched(teacher, "large.gguf", large)
    put_fetched(teacher, "big.gguf", MODEL)
    with giving(teacher) as address:
        pupil = made("pupil", peer=address)
        with socket.create_connection(tuple(address.removeprefix("http://").split(":")), timeout=10) as line:  # type: ignore[arg-type]
            sha256 = hashlib.sha256(large).hexdigest()
            line.sendall(f"GET {peer.PATH}/{sha256} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            line.recv(10)  # the turn is taken
            assert httpx.get(f"{address}{peer.PATH}/{sha256}").status_code == peer.BUSY
            events = fetch(entry(catalog_of(BIG_HUB), "big", pupil), pupil)
            started = time.monotonic()
            while time.monotonic() - started < 0.5:
                assert next(events) is not None
        assert collect(events).read_bytes() == MODEL


def test_one_who_takes_nothing_loses_the_turn(made: Callable[..., Settings]) -> None:
    teacher = made("teacher", share_models=True, share_parallel_max=1, fetch_stall_s=0.3)
    large = MODEL * 40
    put_fetched(teacher, "large.gguf", large)
    put_fetched(teacher, "big.gguf", MODEL)
    with giving(teacher) as address:
        pupil = made("pupil", peer=address)
        with socket.create_connection(tuple(address.removeprefix("http://").split(":")), timeout=10) as line:  # type: ignore[arg-type]
            line.sendall(f"GET {peer.PATH}/{hashlib.sha256(large).hexdigest()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            line.recv(10)
            assert collect(fetch(entry(catalog_of(BIG_HUB), "big", pupil), pupil)).read_bytes() == MODEL


def test_many_pupils_at_once_all_get_it(made: Callable[..., Settings]) -> None:
    teacher = made("teacher", share_models=True, share_parallel_max=2)
    put_fetched(teacher, "big.gguf", MODEL)
    got: list[bytes] = []

    def take(address: str, number: int) -> None:
        pupil = made(f"pupil-{number}", peer=address)
        got.append(collect(fetch(entry(catalog_of(BIG_HUB), "big", pupil), pupil)).read_bytes())

    with giving(teacher) as address:
        pupils = [threading.Thread(target=take, args=(address, number)) for number in range(10)]
        for pupil in pupils:
            pupil.start()
        for pupil in pupils:
            pupil.join()
    assert got == [MODEL] * 10


def test_what_a_peer_offers_beyond_the_catalog_is_fetched_by_its_card(
    made: Callable[..., Settings], tiny_gguf: Path
) -> None:
    teacher = made("teacher", share_models=True)
    put_fetched(teacher, "odd-model.gguf", tiny_gguf.read_bytes())
    with giving(teacher) as address, Workbench(made("pupil", peer=address)) as pupil:
        (offer,) = pupil.models.supply.offers()
        assert (offer.id, offer.licence, offer.source) == ("odd-model", "MIT", "peer")
        path = collect(pupil.models.fetch("odd-model"))
        assert path.read_bytes() == tiny_gguf.read_bytes()
        assert [model.id for model in shared.models(pupil.settings) if not model.comes_along] == ["odd-model"]


def test_a_workbench_behind_a_login_gives_to_who_knows_it(
    made: Callable[..., Settings], tiny_gguf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    teacher = made("teacher", share_models=True, auth="anna:Schlüssel")
    put_fetched(teacher, "big.gguf", MODEL)
    put_fetched(teacher, "odd-model.gguf", tiny_gguf.read_bytes())
    with giving(teacher) as address:
        for login in (None, "anna:wrong", "bert:Schlüssel"):
            with Workbench(made("stranger", peer=address, peer_login=login)) as stranger:
                with pytest.raises(UserError, match="peer_login"):
                    stranger.models.supply.offers()
                with pytest.raises(UserError, match="no_source"):
                    collect(fetch(entry(catalog_of(BIG_HUB), "big", stranger.settings), stranger.settings))
        pupil = made("pupil", sources="peer")
        with Workbench(pupil) as workbench:
            workbench.models.supply.keep_places(peer=address, peer_name="anna", peer_password="Schlüssel")
            assert {offer.id for offer in workbench.models.supply.offers()} == {"big", "odd-model"}
            assert collect(workbench.models.fetch("odd-model")).read_bytes() == tiny_gguf.read_bytes()
        assert collect(fetch(entry(catalog_of(BIG_HUB), "big", pupil), pupil)).read_bytes() == MODEL
    assert "Schlüssel" not in caplog.text and base64.b64encode("anna:Schlüssel".encode()).decode() not in caplog.text


def test_what_is_no_workbench_is_said_to_be_none(made: Callable[..., Settings]) -> None:
    with (
        giving(made("teacher")) as address,
        Workbench(made("pupil", peer=address)) as pupil,
        pytest.raises(UserError, match="peer_silent"),
    ):
        pupil.models.supply.offers()


def test_the_real_server_shares_when_it_is_told_to(made: Callable[..., Settings], tmp_path: Path) -> None:
    teacher = made("teacher")
    put_fetched(teacher, "big.gguf", MODEL)
    log = tmp_path / "server.log"
    with log.open("w", encoding="utf-8") as said:
        command = [sys.executable, "-m", "llm_core", "serve", "--offline", "--port", "0", "--share-models"]
        env = {**os.environ, "LLM_CORE_HOME": str(teacher.home), "PYTHONUTF8": "1"}
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=said, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + START_S
        while not (found := re.search(r"http://127[\w.:]+", log.read_text("utf-8"))):
            assert server.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until
            time.sleep(0.1)
        pupil = made("pupil", peer=found[0])
        assert collect(fetch(entry(catalog_of(BIG_HUB), "big", pupil), pupil)).read_bytes() == MODEL
    finally:
        server.terminate()
        server.wait(20)
