"""The text files of a dataset of the Hub, fetched once into a folder of the run.

Only what can be read here is fetched: text, JSON lines, csv and tsv, also packed. Parquet needs a package that
training does without. What is fetched are data: no loading script is run.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from llm_core import atomic
from llm_core.errors import UserError

if TYPE_CHECKING:
    import httpx

    from llm_core.settings import Settings

READABLE = (".txt", ".md", ".jsonl", ".csv", ".tsv")
PACKED = (".gz", ".xz")
_ABOUT_BYTES_MAX = 10_000_000


def fetch_dataset(dataset: str, folder: Path, settings: Settings | None = None) -> Path:
    """The folder with the dataset's training text in files `0000.jsonl`, ..., fetched if they are not there yet.

    Where file names tell splits apart only those of `train` are taken, so that test sets stay unseen.

    Raises:
        UserError: `offline`, `hub_silent`, `dataset_unknown`, `dataset_unreadable`, `dataset_big`, `disk_full`.
    """
    if (folder / "about.json").exists() and _about(folder)["dataset"] == dataset:
        return folder / "files"
    import httpx

    from llm_core.settings import Settings

    settings = settings or Settings.read()
    if settings.offline:
        raise UserError("offline", name=dataset)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "files").mkdir(parents=True)
    try:
        with httpx.Client(timeout=settings.fetch_stall_s, follow_redirects=True) as client:
            about = _fetch(client, dataset, folder / "files", settings)
    except httpx.HTTPError as error:
        raise UserError("hub_silent", name=dataset, hub=settings.hub_endpoint) from error
    with atomic.writing(folder / "about.json", "w") as out:
        json.dump(about, out)
    return folder / "files"


def _fetch(client: httpx.Client, dataset: str, folder: Path, settings: Settings) -> dict[str, str]:
    hub = settings.hub_endpoint.rstrip("/")
    answer = client.get(f"{hub}/api/datasets/{dataset}")
    if answer.status_code in (401, 403, 404):
        raise UserError("dataset_unknown", name=dataset, hub=hub)
    answer.raise_for_status()
    described: dict[str, Any] = json.loads(answer.content[:_ABOUT_BYTES_MAX])
    revision = str(described.get("sha") or "main")
    left = settings.dataset_bytes_max
    for number, name in enumerate(_wanted(dataset, described)):
        suffixes = "".join(PurePosixPath(name).suffixes[-2:]).lower()
        suffix = next(each for each in _suffixes() if suffixes.endswith(each))
        url = f"{hub}/datasets/{dataset}/resolve/{revision}/{quote(name)}"
        left -= _download(client, url, folder / f"{number:04}{suffix}", left, dataset, settings.dataset_bytes_max)
    card = described.get("cardData") or {}
    licence = card.get("license") or "not stated"
    return {
        "dataset": dataset,
        "url": f"{hub}/datasets/{dataset}",
        "licence": ", ".join(licence) if isinstance(licence, list) else str(licence),
    }


def _wanted(dataset: str, described: dict[str, Any]) -> list[str]:
    """Names of the files to fetch."""
    names = sorted(str(each["rfilename"]) for each in described.get("siblings") or [])
    about = ("readme", "license", "licence")
    found = [
        name for name in names if name.lower().endswith(_suffixes()) and PurePosixPath(name).stem.lower() not in about
    ]
    if not found:
        kinds = sorted({PurePosixPath(name).suffix for name in names} - {"", ".md", ".gitattributes"})
        raise UserError("dataset_unreadable", name=dataset, there=" ".join(kinds) or "-", known=" ".join(READABLE))
    return [name for name in found if "train" in name.lower()] or found


def _suffixes() -> tuple[str, ...]:
    return tuple(f"{readable}{packed}" for packed in ("", *PACKED) for readable in READABLE)


def _download(client: httpx.Client, url: str, path: Path, left: int, dataset: str, limit: int) -> int:
    """Bytes written to `path`."""
    written = 0
    with atomic.writing(path) as out, client.stream("GET", url) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_bytes(atomic.CHUNK_BYTES):
            written += len(chunk)
            if written > left:
                raise UserError("dataset_big", name=dataset, limit=limit)
            out.write(chunk)
    return written


def _about(folder: Path) -> dict[str, str]:
    about: dict[str, str] = json.loads((folder / "about.json").read_text("utf-8"))
    return about
