"""A model of 300 kB, a hub that holds it, and an index that holds it in three wheels; pip knows no other index."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from llm_core.catalog import listing, recommended
from llm_core.catalog.listing import Entry
from llm_core.catalog.recommended import Catalog
from llm_core.settings import Settings
from tests.catalog.servers import Site, put_wheel, serving, wheel

PART = 100_000
VERSION = "1.0"
MODEL = random.Random(8).randbytes(3 * PART - 1234)  # a last part that is shorter
SMALL = random.Random(9).randbytes(PART)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Source:
    """The table of one model in a catalog, as text."""

    name: str
    content: bytes = MODEL
    hub: bool = True
    wheels: tuple[bytes, ...] = ()
    memory_bytes: int = 1

    def toml(self) -> str:
        text = f"""
            [models.{self.name}]
            title = {{ en = "{self.name}", zh = "{self.name}" }}
            file = "{self.name}.gguf"
            bytes = {len(self.content)}
            sha256 = "{sha256(self.content)}"
            licence = "Apache-2.0"
            languages = ["zh", "en"]
            parameters = {len(self.content)}
            context_tokens = 512
            memory_bytes = {self.memory_bytes}
            limits = {{ en = "None.", zh = "无。" }}
            [models.{self.name}.sources]
        """
        if self.hub:
            text += f'hub = {{ repo = "who/{self.name}", revision = "main" }}\n'
        if self.wheels:
            rows = [
                [sha256(packed), sha256(self.content[at * PART : (at + 1) * PART])]
                for at, packed in enumerate(self.wheels)
            ]
            text += f"""
                [models.{self.name}.sources.index]
                package = "{self.name}-part{{n}}"
                version = "{VERSION}"
                member = "{self.name}_part{{n}}/data.bin"
                part_bytes = {PART}
                parts = {rows}
            """
        return text


def catalog_of(*models: Source) -> Catalog:
    names = [model.name for model in models]
    return recommended.read(f"[tasks.chat]\nfetch = {names}\nuse = {names}\n" + "".join(m.toml() for m in models))


def wheels_of(name: str, content: bytes = MODEL) -> tuple[bytes, ...]:
    """The wheels that carry the model, with a neighbour that wants out of its folder."""
    stretches = [content[at : at + PART] for at in range(0, len(content), PART)]
    return tuple(
        wheel(f"{name}-part{n}", VERSION, {"../../x": b"out", f"{name}_part{n}/data.bin": stretch})
        for n, stretch in enumerate(stretches, 1)
    )


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Holds big.gguf and small.gguf."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    site = Site()
    site.files["/who/big/resolve/main/big.gguf"] = MODEL
    site.files["/who/small/resolve/main/small.gguf"] = SMALL
    with serving(site):
        yield site


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Holds the wheels big-part1 to 3 and small-part1, and is the only index that pip knows."""
    for name in [name for name in os.environ if name.upper().startswith("PIP_")]:
        monkeypatch.delenv(name)
    site = Site()
    for name, content in (("big", MODEL), ("small", SMALL)):
        for n, packed in enumerate(wheels_of(name, content), 1):
            put_wheel(site, f"{name}-part{n}", VERSION, packed)
    with serving(site):
        monkeypatch.setenv("PIP_INDEX_URL", f"{site.url}/simple/")
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_RETRIES", "0")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield site


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a new home, with a hub that nobody serves unless one is given."""

    def make(site: Site | None = None, **changes: object) -> Settings:
        endpoint = site.url if site else "http://127.0.0.1:9"
        nowhere = dict.fromkeys(("lmstudio_models", "ollama_models", "hub_cache"), tmp_path / "nowhere")
        given = {"hub_endpoint": endpoint, "modelscope_endpoint": "http://127.0.0.1:9", **nowhere, **changes}
        return Settings(home=tmp_path / "家 home", **given)  # type: ignore[arg-type]

    return make


def entry(catalog: Catalog, name: str, settings: Settings) -> Entry:
    return listing.of_recommended(catalog.entries[name], settings)


BIG_HUB = Source("big")
SMALL_HUB = Source("small", SMALL)
BIG_INDEX = Source("big", hub=False, wheels=wheels_of("big"))
BIG_BOTH = Source("big", wheels=wheels_of("big"))
SMALL_INDEX = Source("small", SMALL, hub=False, wheels=wheels_of("small", SMALL))
SMALL_BOTH = Source("small", SMALL, wheels=wheels_of("small", SMALL))
