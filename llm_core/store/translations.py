"""Translations that visitors made, one each: the latest. A folder a visitor, named by a hash of the token.

Knows nothing of what a translation is: it keeps one JSON object and the file that was uploaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llm_core.atomic import folder_bytes, writing

RECORD, ORIGINAL = "translation.json", "original"


class Translations:
    """Where they are kept.

    Args:
        folder: under LLM_CORE_HOME; made when the first one is kept.
        kept_s: how long one that nobody looks at stays.
    """

    def __init__(self, folder: Path, kept_s: float) -> None:
        self._folder = folder
        self._kept_s = kept_s

    def begin(self, owner: str, original: Path | None) -> Path | None:
        """Forget the visitor's last one, and keep a copy of the file that is to be translated.

        Returns:
            Where the copy is.

        Raises:
            UserError: `disk_full`.
        """
        self.delete(owner)
        self._sweep()
        if original is None:
            return None
        copy = self._of(owner) / ORIGINAL
        with original.open("rb") as read, writing(copy) as written:
            shutil.copyfileobj(read, written)
        return copy

    def keep(self, owner: str, record: Mapping[str, Any]) -> None:
        """Write the record in the place of the last one.

        Raises:
            UserError: `disk_full`.
        """
        with writing(self._of(owner) / RECORD, "w") as file:
            json.dump(record, file, ensure_ascii=False)

    def record(self, owner: str) -> dict[str, Any] | None:
        """What was kept, None where there is nothing, or nothing that can be read."""
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((self._of(owner) / RECORD).read_text("utf-8"))
            return found if isinstance(found, dict) else None
        return None

    def original(self, owner: str) -> Path | None:
        """The copy of the uploaded file."""
        path = self._of(owner) / ORIGINAL
        return path if path.exists() else None

    def delete(self, owner: str) -> None:
        """Forget everything of the visitor."""
        shutil.rmtree(self._of(owner), ignore_errors=True)

    def kept_bytes(self, owner: str) -> int:
        """What the visitor's takes on the disk."""
        return folder_bytes(self._of(owner))

    def _of(self, owner: str) -> Path:
        return self._folder / hashlib.sha256(owner.encode()).hexdigest()[:32]

    def _sweep(self) -> None:
        """Delete what nobody has changed for long."""
        for folder in self._folder.glob("*"):
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > self._kept_s:
                    shutil.rmtree(folder, ignore_errors=True)
