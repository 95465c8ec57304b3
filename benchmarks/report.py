"""How every benchmark says what it found: a table for people, then one line of JSON for everything else."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil


def show(benchmark: str, rows: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> None:
    """Print `rows`, which have the same keys, and `facts` about the whole run."""
    names = list(rows[0])
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    for line in cells:
        print("  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]))
    for name, fact in facts.items():
        print(f"{name}: {_cell(fact)}")
    print(json.dumps({"benchmark": benchmark, **facts, "rows": list(rows), "machine": machine()}, ensure_ascii=False))


def machine() -> dict[str, Any]:
    """What the figures hold for."""
    return {
        "system": platform.platform(),
        "cores": psutil.cpu_count(logical=False),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,  # of other work: figures suffer from it
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in ("xllamacpp", "torch", "transformers", "gradio")},
    }


def memory_peak_mib() -> float:
    """The most memory that this process ever held."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset / 2**20)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB; bytes on macOS
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cell(value: Any) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
