"""The folder that holds a model's converted copy: named after what its files were, and known to be whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from llm_core import atomic

FORMAT = 1  # raise it when a converter writes something else
MARK_FILE = "converted.json"  # the sha256 of what was written; a folder without it is not whole


def fingerprint(source: Path) -> str:
    """Changes with the model's files; their sizes and times stand for their content, which takes long to read."""
    from llm_core.models import shared  # loads numpy

    folders = [source, shared.base_of(source)] if shared.is_shared(source) else [source]
    files = [path for folder in folders for path in sorted(folder.glob("*.safetensors"))]
    files += [source / "config.json", shared.tokenizer_file(source)]
    stamps = [(path.name, path.stat().st_size, int(path.stat().st_mtime)) for path in files]
    return hashlib.sha256(repr((FORMAT, stamps)).encode()).hexdigest()[:12]


def is_whole(folder: Path) -> bool:
    """Whether a converted copy stands there as it was written."""
    try:
        mark = json.loads((folder / MARK_FILE).read_text("utf-8"))
        return all(atomic.sha256_of(folder / name) == sha256 for name, sha256 in mark.items())
    except (OSError, ValueError, AttributeError):
        return False


def put(aside: Path, folder: Path) -> None:
    """Mark what was written to `aside` as whole, and let it stand at `folder`, in the place of what stood there."""
    with atomic.writing(aside / MARK_FILE, "w") as file:
        json.dump({"model.bin": atomic.sha256_of(aside / "model.bin")}, file)
    shutil.rmtree(folder, ignore_errors=True)
    atomic.rename(aside, folder)
