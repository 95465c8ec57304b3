"""A folder to start from: models by their hashes, packages where pip reaches them, and the workbench itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llm_core.catalog import pack
from llm_core.catalog.fetch_wish import fetch as fetch_outside
from llm_core.catalog.wish import Wish
from llm_core.errors import UserError
from llm_core.events import Notice, Progress, collect
from llm_core.settings import Settings
from llm_core.workbench.supply import Supply
from tests.catalog.hubs import contents_of, put_repository
from tests.catalog.servers import Site, put_wheel, wheel
from tests.catalog.test_look import look
from tests.catalog.tiny_models import write_tiny

Made = Callable[..., Settings]


@pytest.fixture
def filled(hub: Site, made: Made, tiny_gguf: Path, tmp_path: Path) -> Iterator[Settings]:
    """A workbench with a GGUF file and a folder, both fetched."""
    settings = made(hub)
    put_repository(hub, "who/tiny-GGUF", {"tiny-q4.gguf": tiny_gguf.read_bytes()})
    put_repository(hub, "who/llama", contents_of(write_tiny("llama", tmp_path / "llama")))
    for name in ("who/tiny-GGUF", "who/llama"):
        found = look(name, settings)
        collect(fetch_outside(Wish.of(found, found.variants[0]), settings))
    yield settings


def test_models_and_the_workbench_are_written_with_how_to_start(filled: Settings, tmp_path: Path) -> None:
    stick = tmp_path / "U盘 stick"
    events = list(pack.pack(stick, filled, wheels=False))
    packed = events[-1].result  # type: ignore[union-attr]
    assert set(packed.models) == {"tiny-q4", "who--llama"}
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert {path.name for path in (stick / "models").iterdir()} == {"tiny-q4.gguf", "who--llama"}
    readme = (stick / "README.md").read_text("utf-8")
    assert "workbench/app.py --offline" in readme
    assert "拷来即用" in readme
    assert "tiny-q4" in readme
    assert str(filled.home) not in readme + (stick / pack.PACK_MARK).read_text("utf-8")
    assert (stick / "workbench" / "llm_core" / "messages" / "models.toml").is_file()
    assert not list((stick / "workbench").rglob("__pycache__"))


def test_another_workbench_takes_everything_from_it_offline(filled: Settings, made: Made, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    collect(pack.pack(stick, filled, wheels=False))
    other = Settings(home=tmp_path / "other", offline=True, models_from=stick)
    supply = Supply(other)
    assert {offer.id for offer in supply.offers()} == {"tiny-q4", "who--llama"}
    for name in ("tiny-q4", "who--llama"):
        path = collect(supply.fetch(name))
        assert path.exists()
    packed = contents_of(stick / "models" / "who--llama")
    assert {name: packed[name] for name in packed if name != "card.json"}.items() <= contents_of(
        other.paths.models / "who--llama"
    ).items()


def test_a_spoilt_file_on_the_stick_is_not_taken(filled: Settings, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    collect(pack.pack(stick, filled, wheels=False))
    file = stick / "models" / "tiny-q4.gguf"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    supply = Supply(Settings(home=tmp_path / "other", offline=True, models_from=stick))
    supply.offers()
    with pytest.raises(UserError, match="hash_wrong"):
        collect(supply.fetch("tiny-q4"))


@pytest.mark.parametrize(
    "card", ["", "[]", '{"models": [3]}', '{"models": [{"id": "../x", "files": [{"name": "../x.gguf"}]}]}']
)
def test_a_mark_that_is_none_offers_nothing(tmp_path: Path, card: str) -> None:
    (tmp_path / pack.PACK_MARK).write_text(card, "utf-8")
    assert Supply(Settings(home=tmp_path / "home", offline=True, models_from=tmp_path)).offers() == []


def test_packed_again_it_keeps_what_is_right_and_mends_what_is_not(filled: Settings, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    collect(pack.pack(stick, filled, wheels=False))
    file, folder = stick / "models" / "tiny-q4.gguf", stick / "models" / "who--llama" / "model.safetensors"
    right, changed = file.read_bytes(), folder.stat().st_mtime_ns
    file.write_bytes(right[:-1] + b"!")
    collect(pack.pack(stick, filled, wheels=False))
    assert file.read_bytes() == right
    assert folder.stat().st_mtime_ns == changed


def test_one_model_is_chosen_by_name(filled: Settings, tmp_path: Path) -> None:
    assert collect(pack.pack(tmp_path / "stick", filled, ["tiny-q4"], wheels=False)).models == ("tiny-q4",)
    with pytest.raises(UserError, match="model_missing"):
        collect(pack.pack(tmp_path / "stick", filled, ["nothing"], wheels=False))


def test_packages_come_from_where_pip_gets_them(
    filled: Settings, index: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_wheel(index, "needed", "1.0", wheel("needed", "1.0", {"needed.py": b""}))
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "requirements.txt").write_text("needed==1.0\n", "utf-8")
    monkeypatch.setattr(pack, "ROOT", tmp_path / "root")
    monkeypatch.setattr(pack, "CODE", ("requirements.txt",))
    packed = collect(pack.pack(tmp_path / "stick", filled))
    assert packed.wheels == 1
    assert [path.name for path in (tmp_path / "stick" / "wheels").iterdir()] == ["needed-1.0-py3-none-any.whl"]


def test_where_pip_reaches_nothing_that_is_said(
    filled: Settings, index: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "requirements.txt").write_text("absent==1.0\n", "utf-8")
    monkeypatch.setattr(pack, "ROOT", tmp_path / "root")
    monkeypatch.setattr(pack, "CODE", ("requirements.txt",))
    events = list(pack.pack(tmp_path / "stick", filled))
    assert [event.code for event in events if isinstance(event, Notice)] == ["pack_without_wheels"]
    assert "could not be fetched" in (tmp_path / "stick" / "README.md").read_text("utf-8")


def test_the_packed_workbench_finds_the_models_beside_it(filled: Settings, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    collect(pack.pack(stick, filled, ["tiny-q4"], wheels=False))
    code = "from llm_core import Settings; from llm_core.catalog.places import read; print(read(Settings()).folder)"
    env = {
        **os.environ,
        "LLM_CORE_HOME": str(tmp_path / "other"),
        "PYTHONPATH": str(stick / "workbench"),
        "PYTHONUTF8": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=stick / "workbench", env=env, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == stick
