"""Models of other programs that the person took into use: they stay where they are, and only their place is kept."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from llm_core import atomic
from llm_core.catalog.found import Found
from llm_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Adopted:
    """One model elsewhere on this disk, as it was when it was taken into use."""

    id: str
    program: str
    path: Path
    format: str
    bytes: int
    changed_ns: int
    sha256: str = ""  # where it was read from end to end

    @property
    def unchanged(self) -> bool:
        """Whether the file is as it was; a folder only has to be there."""
        with contextlib.suppress(OSError):
            stat = self.path.stat()
            return self.format == "transformers" or (stat.st_size, stat.st_mtime_ns) == (self.bytes, self.changed_ns)
        return False


def models(settings: Settings) -> list[Adopted]:
    """Those that are still there, by name."""
    return [model for model in _read(settings) if model.path.exists()]


def of_hash(sha256: str, settings: Settings) -> Adopted | None:
    """The one that is known to have this hash, and has not changed since."""
    return next((model for model in models(settings) if model.sha256 == sha256 and model.unchanged), None)


def add(found: Found, settings: Settings, sha256: str = "") -> Adopted:
    """Take a model into use.

    Raises:
        UserError: what is wrong with it, `disk_full`.
    """
    if found.problem:
        raise found.problem
    stat = found.path.stat()
    model = Adopted(found.id, found.program, found.path, found.format, found.bytes, stat.st_mtime_ns, sha256)
    others = [other for other in _read(settings) if other.path != found.path]
    taken, number = {other.id for other in others}, 2
    while model.id in taken:
        model, number = replace(model, id=f"{found.id}-{number}"), number + 1
    _write([*others, model], settings)
    return model


def drop(name: str, settings: Settings) -> bool:
    """Know a model no longer; says whether it was known. Its file stays."""
    before = _read(settings)
    after = [model for model in before if model.id != name]
    if len(after) < len(before):
        _write(after, settings)
    return len(after) < len(before)


def _read(settings: Settings) -> list[Adopted]:
    try:
        rows = json.loads(settings.paths.adopted.read_text("utf-8"))
        return [Adopted(**{**row, "path": Path(row["path"])}) for row in rows]
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or somebody edited it
        return []


def _write(models: Sequence[Adopted], settings: Settings) -> None:
    rows = [{**asdict(model), "path": str(model.path)} for model in sorted(models, key=lambda model: model.id)]
    with atomic.writing(settings.paths.adopted, "w") as file:
        json.dump(rows, file, ensure_ascii=False, indent=1)
