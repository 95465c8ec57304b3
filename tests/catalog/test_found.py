"""Models of other programs on this disk: found, looked at, taken into use where they are, and never touched."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from llm_core.catalog import adopted, choose, found, listing, verify
from llm_core.catalog.fetch import fetch
from llm_core.errors import UserError
from llm_core.events import Notice, collect
from llm_core.settings import Settings
from llm_core.workbench.supply import Supply
from tests.catalog.conftest import Source, catalog_of, entry
from tests.catalog.servers import Site
from tests.catalog.tiny_models import write_tiny
from tests.tiny_gguf import write_tiny_gguf

Made = Callable[..., Settings]
OUTSIDE = {"mediaType": found.MODEL_LAYER, "digest": "sha256:../../x"}
MANIFEST = "manifests/registry.ollama.ai/library"


@pytest.fixture
def disk(tmp_path: Path) -> dict[str, Path]:
    """Folders of three programs, as those lay them out."""
    return {
        "lmstudio_models": tmp_path / ".lmstudio" / "models",
        "ollama_models": tmp_path / ".ollama" / "models",
        "hub_cache": tmp_path / "hub",
    }


def put_ollama(store: Path, name: str, tag: str, content: bytes) -> Path:
    sha256 = hashlib.sha256(content).hexdigest()
    blob = store / "blobs" / f"sha256-{sha256}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    layers = [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:" + "0" * 64, "size": 1},
        {"mediaType": found.MODEL_LAYER, "digest": f"sha256:{sha256}", "size": len(content)},
    ]
    manifest = store / MANIFEST / name / tag
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}), "utf-8")
    return blob


def put_hub_cache(cache: Path, name: str, folder: Path) -> Path:
    """Blobs, and a revision of links to them, as the Hub's library keeps them."""
    repository = cache / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    for number, path in enumerate(sorted(folder.iterdir())):
        blob = repository / "blobs" / str(number)
        blob.write_bytes(path.read_bytes())
        (snapshot / path.name).symlink_to(blob)
    return snapshot


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_all_three_are_found_and_looked_at(
    made: Made, disk: dict[str, Path], tmp_path: Path, tiny_gguf: Path
) -> None:
    place = disk["lmstudio_models"] / "maker" / "tiny-GGUF"
    place.mkdir(parents=True)
    (place / "tiny-q4.gguf").write_bytes(tiny_gguf.read_bytes())
    (place / "mmproj-tiny.gguf").write_bytes(b"GGUF")
    (place / "cut.gguf").write_bytes(tiny_gguf.read_bytes()[:-100])
    put_ollama(disk["ollama_models"], "qwen2.5", "0.5b", write_tiny_gguf(tmp_path / "x.gguf", seed=1).read_bytes())
    put_ollama(disk["ollama_models"], "odd", "latest", b"not a model")
    put_hub_cache(disk["hub_cache"], "who/llama", write_tiny("llama", tmp_path / "llama"))
    models = found.models(made(**disk))
    assert [(model.id, model.program, model.problem and model.problem.code) for model in models] == [
        ("qwen2.5-0.5b", "ollama", None),
        ("tiny-q4", "lmstudio", None),
        ("who--llama", "hub_cache", None),
        ("cut", "lmstudio", "gguf_cut"),
        ("odd-latest", "ollama", "gguf_not_one"),
    ]
    assert models[0].architecture == models[2].architecture == "llama"


def test_one_taken_into_use_opens_where_it_is_and_is_let_go_again(
    made: Made, disk: dict[str, Path], tiny_gguf: Path, tmp_path: Path
) -> None:
    settings = made(**disk)
    blob = put_ollama(disk["ollama_models"], "tiny", "latest", tiny_gguf.read_bytes())
    put_hub_cache(disk["hub_cache"], "who/llama", write_tiny("llama", tmp_path / "llama"))
    before = state_of(disk["ollama_models"]) | state_of(disk["hub_cache"])
    supply = Supply(settings)
    assert supply.adopt("tiny-latest").path == blob
    supply.adopt("who--llama")
    assert supply.found() == []
    here = {each.id: each for each in listing.entries(settings)}
    assert here["tiny-latest"].usable
    assert here["tiny-latest"].sources == ("ollama",)
    assert (here["who--llama"].format, here["who--llama"].usable) == ("transformers", True)
    assert choose.choose("chat", settings).entry.path in (blob, here["who--llama"].path)
    assert verify.check(here["tiny-latest"], settings, thorough=True) == "ok"
    assert verify.remove(here["tiny-latest"], settings) == 0
    assert verify.remove(here["who--llama"], settings) == 0
    assert {each.id for each in listing.entries(settings)}.isdisjoint({"tiny-latest", "who--llama"})
    assert state_of(disk["ollama_models"]) | state_of(disk["hub_cache"]) == before
    assert not settings.paths.models.exists()


def test_one_that_does_not_open_is_not_taken(made: Made, disk: dict[str, Path]) -> None:
    put_ollama(disk["ollama_models"], "odd", "latest", b"not a model")
    supply = Supply(made(**disk))
    with pytest.raises(UserError, match="gguf_not_one"):
        supply.adopt("odd-latest")
    with pytest.raises(UserError, match="found_unknown"):
        supply.adopt("../../etc/passwd")


def test_a_recommended_model_that_another_program_has_is_not_fetched(
    hub: Site, made: Made, disk: dict[str, Path], tiny_gguf: Path
) -> None:
    content = tiny_gguf.read_bytes()
    settings, catalog = made(hub, **disk), catalog_of(Source("big", content))
    blob = put_ollama(disk["ollama_models"], "big", "latest", content)
    before = state_of(disk["ollama_models"])
    events = list(fetch(entry(catalog, "big", settings), settings))
    assert events[-1].result == blob  # type: ignore[union-attr]
    assert [event.code for event in events if isinstance(event, Notice)] == ["found_elsewhere"]
    assert hub.requests == []
    here = entry(catalog, "big", settings)
    assert (here.state, here.path, here.damaged) == ("here", blob, False)
    assert verify.check(here, settings, thorough=True) == "ok"
    assert state_of(disk["ollama_models"]) == before


def test_where_that_copy_changed_the_model_is_fetched_and_the_copy_left_alone(
    hub: Site, made: Made, disk: dict[str, Path], tiny_gguf: Path
) -> None:
    content = tiny_gguf.read_bytes()
    settings, catalog = made(hub, **disk), catalog_of(Source("big", content))
    hub.files["/who/big/resolve/main/big.gguf"] = content
    blob = put_ollama(disk["ollama_models"], "big", "latest", content)
    collect(fetch(entry(catalog, "big", settings), settings))
    changed = content[:-1] + bytes([content[-1] ^ 1])
    stat = blob.stat()
    blob.write_bytes(changed)
    os.utime(blob, ns=(stat.st_mtime_ns, stat.st_mtime_ns))  # it looks as it did
    path = collect(fetch(entry(catalog, "big", settings), settings))
    assert path == settings.paths.models / "big.gguf"
    assert path.read_bytes() == content
    assert blob.read_bytes() == changed
    assert adopted.of_hash(hashlib.sha256(content).hexdigest(), settings) is None


@pytest.mark.parametrize(
    "manifest",
    ["", "[]", '{"layers": 3}', json.dumps({"layers": [OUTSIDE]})],
)  # fmt: skip
def test_a_manifest_that_is_none_harms_nothing(made: Made, disk: dict[str, Path], manifest: str) -> None:
    path = disk["ollama_models"] / MANIFEST / "x" / "latest"
    path.parent.mkdir(parents=True)
    path.write_text(manifest, "utf-8")
    assert found.models(made(**disk)) == []


def test_the_usual_places_follow_the_programs_own_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path / "home")
    for name in ("OLLAMA_MODELS", "HF_HUB_CACHE", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert found.ollama_folders(settings)[0] == tmp_path / ".ollama" / "models"
    assert found.hub_cache_folder(settings) == tmp_path / ".cache" / "huggingface" / "hub"
    assert found.lmstudio_folders(settings)[0] == tmp_path / ".lmstudio" / "models"
    (tmp_path / ".lmstudio").mkdir()
    (tmp_path / ".lmstudio" / "settings.json").write_text(
        json.dumps({"downloadsFolder": str(tmp_path / "m")}), "utf-8"
    )
    assert found.lmstudio_folders(settings)[0] == tmp_path / "m"
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "o"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "h"))
    assert found.ollama_folders(settings) == [tmp_path / "o"]
    assert found.hub_cache_folder(settings) == tmp_path / "h" / "hub"
