"""GGUF files on this disk: in LLM_CORE_HOME/models, put there by anyone, or named by path on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from llm_core.errors import UserError
from llm_core.models import gguf
from llm_core.settings import Settings

SUFFIX = ".gguf"


@dataclass(frozen=True, slots=True)
class Found:
    """One GGUF file: what its header says, or what is wrong with it."""

    path: Path
    header: gguf.Header | None
    problem: UserError | None = None


def files(settings: Settings, named: Iterable[Path] = ()) -> Iterator[Found]:
    """Every GGUF file in the models folder and one folder below, and those of `named`, each looked at once."""
    folder = settings.paths.models
    paths = [*named, *sorted(folder.glob(f"*{SUFFIX}")), *sorted(folder.glob(f"*/*{SUFFIX}"))]
    seen: set[Path] = set()
    for path in paths:
        # A name that begins with a dot is a copy under way, or macOS's second file beside the real one.
        hidden = path.name.startswith(".") or path.parent.name.startswith(".")
        real = path.resolve()
        if not hidden and real not in seen:
            seen.add(real)
            yield look(path)


def look(path: Path) -> Found:
    """Read one file's header; what is wrong with it is said, not raised."""
    try:
        return Found(path, gguf.read(path))
    except UserError as problem:
        return Found(path, None, problem)
