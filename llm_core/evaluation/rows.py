"""The rows of an evaluation set: one JSON object a line, compressed or not."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file with one a line; `.xz` is opened too."""
    content = path.read_bytes()
    text = (lzma.decompress(content) if path.suffix == ".xz" else content).decode("utf-8")
    yield from map(json.loads, filter(None, text.split("\n")))
