"""The short catalogue of repositories to pick from (shelf.toml)."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pick:
    """One repository; what there is in it is asked when it is looked up."""

    id: str
    purpose: str  # labels: models.for_*
    size: str  # parameters, as its makers name them
    licence: str
    languages: tuple[str, ...]
    unsure: bool = False  # whether it has weights that are no pickles


@functools.cache
def picks() -> tuple[Pick, ...]:
    """All of them, in their order."""
    rows = tomllib.loads((Path(__file__).parent / "shelf.toml").read_text("utf-8"))["models"]
    return tuple(
        Pick(row["id"], row["for"], row["size"], row["licence"], tuple(row["languages"]), row.get("unsure", False))
        for row in rows
    )


def search(words: str = "") -> list[Pick]:
    """Those whose id, purpose or languages hold every word; nothing is asked of anybody."""
    wanted = words.lower().split()
    return [
        pick
        for pick in picks()
        if all(word in " ".join([pick.id, pick.purpose, pick.size, *pick.languages]).lower() for word in wanted)
    ]
