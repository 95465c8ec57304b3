"""Labels that visitors taught, each set one JSON file in a folder of the visitor's, named by a hash of the token.

Knows nothing of what a set of labels is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from llm_core.atomic import folder_bytes, writing
from llm_core.errors import UserError


class OwnLabelSets:
    """Where they are kept.

    Args:
        folder: under LLM_CORE_HOME; made when the first one is kept.
        sets_max: of one visitor; the one that was taught longest ago goes.
    """

    def __init__(self, folder: Path, sets_max: int) -> None:
        self._folder = folder
        self._sets_max = sets_max

    def keep(self, owner: str, name: str, record: Mapping[str, Any]) -> None:
        """Write a set, in the place of one of the same name.

        Raises:
            UserError: `disk_full`.
        """
        with writing(self._file(owner, name), "w") as file:
            json.dump({"name": name, **record}, file, ensure_ascii=False)
        by_age = sorted(self._of(owner).glob("*.json"), key=lambda path: -path.stat().st_mtime)
        for path in by_age[self._sets_max :]:
            path.unlink(missing_ok=True)

    def record(self, owner: str, name: str) -> dict[str, Any]:
        """A set.

        Raises:
            UserError: `own_labels_unknown`.
        """
        with contextlib.suppress(OSError, ValueError):
            found: dict[str, Any] = json.loads(self._file(owner, name).read_text("utf-8"))
            return found
        raise UserError("own_labels_unknown", name=name[:80])

    def records(self, owner: str) -> Iterator[dict[str, Any]]:
        """All sets of the visitor, by name."""
        found = []
        for path in self._of(owner).glob("*.json"):
            with contextlib.suppress(OSError, ValueError):
                found.append(json.loads(path.read_text("utf-8")))
        yield from sorted(found, key=lambda record: str(record["name"]))

    def delete(self, owner: str, name: str) -> None:
        """Forget a set."""
        self._file(owner, name).unlink(missing_ok=True)

    def delete_all(self, owner: str) -> None:
        """Forget all sets of the visitor."""
        shutil.rmtree(self._of(owner), ignore_errors=True)

    def kept_bytes(self, owner: str) -> int:
        """What all sets of the visitor take on the disk."""
        return folder_bytes(self._of(owner))

    def _file(self, owner: str, name: str) -> Path:
        return self._of(owner) / f"{_hash(name)}.json"

    def _of(self, owner: str) -> Path:
        return self._folder / _hash(owner)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
