"""Texts that visitors paste or upload to train on: kept aside until a run begins, then in the run's own folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from llm_core.atomic import writing
from llm_core.store.owners import hashed

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig

KEPT_S = 86_400.0


class Texts:
    """Pasted texts by their owner and content.

    Args:
        runs: the folder of all runs.
    """

    def __init__(self, runs: Path) -> None:
        self._folder = runs / ".texts"

    def keep(self, owner: str, text: str) -> Path:
        """Write a pasted text, to be read by whatever reads files; those of yesterday go."""
        with contextlib.suppress(OSError):
            for old in self._folder.rglob("*.txt"):
                if time.time() - old.stat().st_mtime > KEPT_S:
                    old.unlink()
        path = self._of(owner) / f"pasted-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}.txt"
        with writing(path, "w") as out:
            out.write(text.encode("utf-8", "replace").decode())
        return path

    def forget(self, owner: str) -> None:
        """Delete what the owner pasted; what runs made of it is theirs."""
        shutil.rmtree(self._of(owner), ignore_errors=True)

    def _of(self, owner: str) -> Path:
        return self._folder / hashed(owner)[:32]

    def with_copies(self, config: TrainConfig, folder: Path) -> TrainConfig:
        """The configuration with its files in `folder`: an upload is deleted sooner or later where it came from."""
        sources = []
        for number, source in enumerate(config.sources):
            if source.path.is_file():
                folder.mkdir(exist_ok=True)
                kept = folder / f"{number:02d}-{source.path.name}"
                _link(source.path, kept)
                source = source.model_copy(update={"path": kept})
            sources.append(source)
        return config.model_copy(update={"sources": tuple(sources)})


def bytes_of(config: TrainConfig) -> int:
    """Size of the files that the configuration names."""
    return sum(source.path.stat().st_size for source in config.sources if source.path.is_file())


def _link(source: Path, target: Path) -> None:
    """The same bytes under a second name where the disk allows that, else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
