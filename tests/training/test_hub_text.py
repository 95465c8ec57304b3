"""Datasets of a hub on loopback: fetched once, only what can be read, and only the part to train on."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.training.collect import read_records
from llm_core.training.config import Source
from llm_core.training.hub_text import fetch_dataset
from tests.catalog.servers import Site, serving

NAME = "ann/small-talk"


def site_with(files: dict[str, bytes], **about: object) -> Site:
    siblings = [{"rfilename": name} for name in files]
    described = {"id": NAME, "sha": "abc", "siblings": siblings, **about}
    site = Site(files={f"/datasets/{NAME}/resolve/abc/{quote(name)}": content for name, content in files.items()})
    site.files[f"/api/datasets/{NAME}"] = json.dumps(described).encode()
    return site


def settings(site: Site, tmp_path: Path, **more: object) -> Settings:
    return Settings(home=tmp_path, hub_endpoint=site.url, **more)  # type: ignore[arg-type]


def row(text: str) -> bytes:
    return json.dumps({"text": text}).encode() + b"\n"


def test_the_training_part_is_fetched_once_with_its_licence(tmp_path: Path) -> None:
    files = {
        "README.md": b"about",
        "data/train 1.jsonl": row("one"),
        "data/train-2.csv": b"text\ntwo\n",
        "data/test.jsonl": row("secret"),
        "data/train.parquet": b"PAR1",
    }
    with serving(site_with(files, cardData={"license": "cc0-1.0"})) as site:
        folder = fetch_dataset(NAME, tmp_path / "hub", settings(site, tmp_path))
        assert [record["text"] for record in read_records(Source(path=folder))] == ["one", "two"]
        asked = len(site.requests)
        assert fetch_dataset(NAME, tmp_path / "hub", settings(site, tmp_path)) == folder
        assert len(site.requests) == asked
    about = json.loads((tmp_path / "hub" / "about.json").read_text("utf-8"))
    assert about["licence"] == "cc0-1.0"
    assert about["url"].endswith(f"/datasets/{NAME}")


def refused(site: Site, tmp_path: Path, **more: object) -> UserError:
    with pytest.raises(UserError) as refusal:
        fetch_dataset(NAME, tmp_path / "hub", settings(site, tmp_path, **more))
    assert not (tmp_path / "hub" / "about.json").exists()
    return refusal.value


def test_what_cannot_be_fetched_says_why(tmp_path: Path) -> None:
    with serving(site_with({"train.parquet": b"PAR1", "x.arrow": b""})) as site:
        error = refused(site, tmp_path)
        assert (error.code, error.facts["there"]) == ("dataset_unreadable", ".arrow .parquet")
    with serving(Site()) as site:
        assert refused(site, tmp_path).code == "dataset_unknown"
    assert refused(site, tmp_path).code == "hub_silent"  # it is closed now
    assert refused(site, tmp_path, offline=True).code == "offline"
    with serving(site_with({"train.txt": b"x" * 5000})) as site:
        assert refused(site, tmp_path, dataset_bytes_max=4000).code == "dataset_big"


def test_a_name_is_no_way_out_of_the_hub() -> None:
    for name in ("../models", "a/../b", "a/b/c", "/a/b", "ann/..", "a b/c"):
        with pytest.raises(ValueError, match="dataset"):
            Source(dataset=name)
