"""Is a file what its hash says? The answer is remembered beside it, so that a start does not read a gigabyte."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Literal

from llm_core import atomic
from llm_core.catalog import adopted
from llm_core.catalog.recommended import Recommended
from llm_core.errors import UserError
from llm_core.events import Event, Progress
from llm_core.settings import Settings

State = Literal["ok", "damaged", "missing", "unchecked"]
NOTES = ".checked"  # a folder beside the files
CHUNK_BYTES = 4 << 20  # a few milliseconds between two chances to stop


def glance(model: Recommended, settings: Settings) -> State:
    """What is known without reading the file; "unchecked" where nothing is remembered of it as it is now."""
    path = where(model, settings)
    if path is None:
        return "missing"
    if path.stat().st_size != model.bytes:
        return "damaged"
    sha256 = noted(path)
    if sha256 is None and (elsewhere := adopted.of_hash(model.sha256, settings)) and elsewhere.path == path:
        return "ok"
    if sha256 is None:
        return "unchecked"
    return "ok" if sha256 == model.sha256 else "damaged"


def where(model: Recommended, settings: Settings) -> Path | None:
    """The model's file: under its own name, else any other in the models folder that is known to be the same."""
    own = model.path(settings)
    if own.is_file():
        return own
    folder = settings.paths.models
    for path in (*folder.glob("*.gguf"), *folder.glob("*/*.gguf")):
        with contextlib.suppress(OSError):
            if path.stat().st_size == model.bytes and noted(path) == model.sha256:
                return path
    elsewhere = adopted.of_hash(model.sha256, settings)
    return elsewhere.path if elsewhere else None


def hashing(path: Path, *, remember: bool = True) -> Generator[Event, None, str]:
    """Read the file and return its SHA-256; yields Progress in bytes.

    Args:
        path: the file.
        remember: write it down beside the file, which is never done in a folder of another program.
    """
    before = path.stat()
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            yield progress(done, before.st_size)
    sha256 = digest.hexdigest()
    if remember:
        note(path, sha256, before.st_mtime_ns)
    return sha256


def progress(done: int, total: int) -> Progress:
    """How much of a file was read."""
    return Progress("checking", done, total, "bytes")


def note(path: Path, sha256: str, changed_ns: int, about: Mapping[str, str] | None = None) -> None:
    """Remember that the file, last changed at `changed_ns`, had this hash, and what else is known `about` it."""
    kept = about if about is not None else about_it(path, sha256)
    facts = {"bytes": path.stat().st_size, "changed_ns": changed_ns, "sha256": sha256, "about": dict(kept)}
    # A stick that cannot be written is only slower.
    with contextlib.suppress(OSError, UserError), atomic.writing(_note(path), "w") as file:
        json.dump(facts, file)


def noted(path: Path) -> str | None:
    """The hash that the file had when it was last read, unless it has changed since."""
    try:
        facts = json.loads(_note(path).read_text("utf-8"))
        stat = path.stat()
        if (facts["bytes"], facts["changed_ns"]) == (stat.st_size, stat.st_mtime_ns):
            return str(facts["sha256"])
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or somebody edited it
        pass
    return None


def about_it(path: Path, sha256: str = "") -> dict[str, str]:
    """What was noted about a file beside its hash: where it was `fetched`, and its `licence`.

    Args:
        path: the file.
        sha256: what it must have been noted with; where none is given, what holds for the file as it is now.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        facts = json.loads(_note(path).read_text("utf-8"))
        if facts["sha256"] == (sha256 or noted(path)):
            return {str(name): str(value) for name, value in facts["about"].items()}
    return {}


def forget(path: Path) -> None:
    """Drop what is remembered of a file that is no more."""
    _note(path).unlink(missing_ok=True)


def _note(path: Path) -> Path:
    return path.parent / NOTES / f"{path.name}.json"
