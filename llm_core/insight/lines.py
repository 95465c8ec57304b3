"""The lines of code that compute something, found where they stand at the moment."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines `first` to `last` of a file, which is one of this repository's or of a package's."""

    path: str  # relative, with slashes
    first: int
    last: int
    source: str
    package: str = ""  # with its version; empty for this repository

    @property
    def place(self) -> str:
        """As an editor takes it."""
        return f"{self.path}:{self.first}"


def of(thing: Any) -> Lines:
    """Where a function, method or class stands."""
    source, first = inspect.getsourcelines(thing)
    file = Path(inspect.getsourcefile(thing) or "").resolve()
    last = first + len(source) - 1
    text = textwrap.dedent("".join(source))
    if file.is_relative_to(ROOT) and "site-packages" not in file.parts:
        return Lines(file.relative_to(ROOT).as_posix(), first, last, text)
    package = inspect.getmodule(thing).__name__.partition(".")[0]  # type: ignore[union-attr]
    inside = file.parts[file.parts.index(package) :]
    return Lines("/".join(inside), first, last, text, f"{package} {version(package)}")
