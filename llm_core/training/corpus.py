"""Read the sources of a run, clean them, and write them as training and validation text.

Rows pass through one at a time, so a corpus may be larger than memory.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from llm_core.atomic import writing
from llm_core.training.clean import Cleaner, Row
from llm_core.training.config import Source, TrainConfig

SPLITS = ("train", "valid")


def write_corpus(config: TrainConfig, folder: Path) -> dict[str, Any]:
    """Write `folder`/train.jsonl and valid.jsonl; return the report of what was taken and dropped.

    A row goes to validation by a seeded hash of its text, so it keeps its side whatever
    else is added to or taken from the corpus.

    Raises:
        ValueError: a split is empty.
    """
    cleaner = Cleaner(config.cleaning)
    sizes = {split: {"rows": 0, "characters": 0} for split in SPLITS}
    taken = []
    with ExitStack() as stack:
        files = {split: stack.enter_context(writing(folder / f"{split}.jsonl", "w")) for split in SPLITS}
        for source in config.sources:
            account = _account(source)
            for row in _up_to(source.characters, cleaner.clean(read_source(source))):
                split = SPLITS[_draw(row, config.seed) < config.validation_fraction]
                files[split].write(json.dumps(row, ensure_ascii=False) + "\n")
                for size in (account, sizes[split]):
                    size["rows"] += 1
                    size["characters"] += _characters(row)
            taken.append(account)
    for split, size in sizes.items():
        if not size["rows"]:
            raise ValueError(f"no text is left for {split}: {dict(cleaner.dropped)}")
    return {"sources": taken, "dropped": dict(cleaner.dropped), **sizes}


def read_rows(path: Path) -> Iterator[Row]:
    """What `write_corpus` wrote at `path`."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield tuple(json.loads(line))


def read_source(source: Source) -> Iterator[Row]:
    """Rows of one file: JSON lines (plain or xz), or a text file as one document."""
    if source.path.suffix == ".txt":
        yield (source.path.read_text(encoding="utf-8"),)
        return
    opener = lzma.open if source.path.suffix == ".xz" else open
    with opener(source.path, "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if all(entry[key].startswith(starts) for key, starts in source.where.items()):
                yield tuple(entry[name] for name in source.fields)


def _up_to(characters: int | None, rows: Iterator[Row]) -> Iterator[Row]:
    taken = 0
    for row in rows:
        yield row
        taken += _characters(row)
        if characters is not None and taken >= characters:
            return


def _draw(row: Row, seed: int) -> float:
    """A number in [0, 1) that depends on nothing but the text and the seed."""
    digest = hashlib.blake2b("\x00".join((str(seed), *row)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _characters(row: Row) -> int:
    return sum(map(len, row))


def _account(source: Source) -> dict[str, Any]:
    return {
        "file": source.path.name,
        "origin": source.origin,
        "licence": source.licence,
        "written_by_model": source.written_by_model,
        "rows": 0,
        "characters": 0,
    }
