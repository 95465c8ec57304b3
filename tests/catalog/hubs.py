"""Repositories on the small hub of servers.py, listed as the Hub and as ModelScope list them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.catalog.servers import Site

REVISION = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".safetensors", ".gguf", ".bin", ".model")  # kept outside of git, so their SHA-256 is declared


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def row(name: str, content: bytes) -> dict[str, Any]:
    """One file of a listing of the Hub."""
    about: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git_sha1(content)}
    if name.endswith(LARGE):
        about["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return about


def put_repository(
    site: Site, name: str, files: Mapping[str, bytes], *, rows: list[dict[str, Any]] | None = None, **about: Any
) -> dict[str, Any]:
    """Hold a repository as the Hub does; returns what is told of it."""
    told = {
        "id": name,
        "sha": REVISION,
        "gated": False,
        "cardData": {"license": "apache-2.0"},
        "siblings": rows if rows is not None else [row(file, content) for file, content in files.items()],
        **about,
    }
    site.pages[f"/api/models/{name}?blobs=true"] = json.dumps(told)
    site.files |= {f"/{name}/resolve/{REVISION}/{file}": content for file, content in files.items()}
    return told


def put_modelscope(site: Site, name: str, files: Mapping[str, bytes]) -> None:
    """Hold a repository as ModelScope does."""
    rows = [
        {"Path": file, "Size": len(content), "Sha256": hashlib.sha256(content).hexdigest(), "Type": "blob"}
        for file, content in files.items()
    ]
    site.pages[f"/api/v1/models/{name}/repo/files?Revision=master&Recursive=true"] = json.dumps(
        {"Code": 200, "Data": {"Files": [{"Path": "folder", "Size": 0, "Type": "tree"}, *rows]}}
    )
    site.pages[f"/api/v1/models/{name}"] = json.dumps({"Code": 200, "Data": {"License": "MIT"}})
    site.files |= {f"/models/{name}/resolve/master/{file}": content for file, content in files.items()}


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
