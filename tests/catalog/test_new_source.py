"""A new source is one class and one line in the table: everything else about a fetch is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest

from llm_core.catalog import recommended
from llm_core.catalog.fetch import fetch
from llm_core.catalog.source import Probe, Sound, Target
from llm_core.events import Events, Notice, collect
from llm_core.settings import Settings
from tests.catalog.conftest import MODEL, Source, catalog_of, entry


@dataclass(frozen=True)
class Stick:
    """A folder of a stick that holds the file under its own name."""

    folder: Path
    file: str

    kind: ClassVar[str] = "stick"
    checks_pieces: ClassVar[bool] = False
    starts_slowly: ClassVar[bool] = False

    @classmethod
    def read(cls, table: Mapping[str, Any], file: str, size: int) -> Self:
        return cls(Path(table["folder"]), file)

    def probe(self, target: Target, settings: Settings) -> Probe:
        yield
        return (self.folder / self.file).exists()

    def fetch(self, target: Target, settings: Settings) -> Events:
        with (self.folder / self.file).open("rb") as file, target.grown.open("ab") as grown:
            file.seek(target.done)
            while chunk := file.read(10_000):
                grown.write(chunk)
                yield target.progress(file.tell())

    def sound(self, path: Path) -> Sound:
        yield from ()
        return 0

    def room(self, settings: Settings) -> int:
        return 0


@dataclass
class WithStick(Source):
    folder: str = ""

    def toml(self) -> str:
        return super().toml() + f"[models.{self.name}.sources.stick]\nfolder = '{self.folder}'\n"


def test_a_stick_serves_where_the_hub_does_not(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(recommended.SOURCES, Stick.kind, Stick)
    (tmp_path / "big.gguf").write_bytes(MODEL)
    online = settings.model_copy(update={"offline": False, "hub_endpoint": "http://127.0.0.1:9"})
    big = entry(catalog_of(WithStick("big", folder=str(tmp_path))), "big", online)
    assert big.sources == ("hub", "stick")
    assert collect(fetch(big, online)).read_bytes() == MODEL


def test_what_was_refused_is_no_notice(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(recommended.SOURCES, Stick.kind, Stick)
    (tmp_path / "big.gguf").write_bytes(MODEL)
    online = settings.model_copy(update={"offline": False, "hub_endpoint": "http://127.0.0.1:9"})
    big = entry(catalog_of(WithStick("big", folder=str(tmp_path))), "big", online)
    assert not [event for event in fetch(big, online) if isinstance(event, Notice)]
