"""Read the sources of a run, clean them, and write them as training, validation and test text.

Rows pass through one at a time, so a corpus may be larger than memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from llm_core.atomic import writing
from llm_core.errors import UserError
from llm_core.training.clean import Cleaner, Row
from llm_core.training.collect import Record, read_records
from llm_core.training.config import Source, TrainConfig
from llm_core.training.hub_text import fetch_dataset
from llm_core.training.lines import Limits
from llm_core.training.report import Tally, data_report
from llm_core.training.samples import ORIGIN, SAMPLES
from llm_core.training.split import Split, draw, side_of, splits

SPLITS = ("train", "valid")
UNSTATED = "not stated"


def write_corpus(config: TrainConfig, folder: Path, limits: Limits | None = None) -> dict[str, Any]:
    """Write `folder`/train.jsonl, valid.jsonl and, if wanted, test.jsonl; return the report of the data.

    A split that no document was drawn for gets the one that comes next in the order of the draw.

    Raises:
        UserError: `corpus_empty`, `corpus_all_dropped`, `corpus_one_text`, `stop_words_writing`, or what
            `read_source` raises.
    """
    if config.cleaning.stop_words and config.objective == "language":
        raise UserError("stop_words_writing")
    cleaner, tally, accounts = Cleaner(config.cleaning), Tally(config), []
    with ExitStack() as stack:
        files = {split: stack.enter_context(writing(folder / f"{split}.jsonl", "w")) for split in splits(config)}
        for source in config.sources:
            rows = read_source(source, folder, limits)
            size = {"rows": 0, "characters": 0}
            for row in _up_to(source.characters, cleaner.clean(rows)):
                split = side_of("\x00".join(row), config) if source.use == "split" else source.use
                files[split].write(json.dumps(row, ensure_ascii=False) + "\n")
                tally.add(row, split)
                size["rows"] += 1
                size["characters"] += sum(map(len, row))
            accounts.append(_account(source, folder) | size)
    _check(cleaner, tally)
    for split in splits(config):
        if not tally.rows[split]:
            _lend(config, folder, split, tally)
    return data_report(cleaner, tally, accounts)


def read_rows(path: Path) -> Iterator[Row]:
    """What `write_corpus` wrote at `path`."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield tuple(json.loads(line))


def read_source(source: Source, folder: Path | None = None, limits: Limits | None = None) -> Iterator[Row]:
    """The fields of each record of a source that passes its `where`; a chat counts as one text.

    Args:
        source: a path, a sample or a dataset.
        folder: where the files of a dataset are put.
        limits: on lines and bytes.

    Raises:
        UserError: `columns_missing`, or what `collect.read_records` and `hub_text.fetch_dataset` raise.
    """
    if source.dataset is not None:
        source = source.model_copy(update={"path": fetch_dataset(source.dataset, _hub_folder(source, folder))})
    for number, record in enumerate(read_records(source, limits), 1):
        if all(str(record.get(key, "")).startswith(starts) for key, starts in source.where.items()):
            yield _row(record, source, number)


def _row(record: Record, source: Source, number: int) -> Row:
    """Raises `columns_missing` where the first record lacks a field; later ones may have gaps, and are too short."""
    names = source.fields
    if names == ("text",) and "text" not in record and "messages" in record:
        names = ("messages",)
    missing = [name for name in names if name not in record]
    if missing and number == 1:
        there = ", ".join(record)[:200]
        raise UserError("columns_missing", name=source.name, line=number, missing=", ".join(missing), there=there)
    return tuple(_written(record.get(name)) for name in names)


def _written(value: Any) -> str:
    """A field as text: that of a chat is what was said, turn by turn."""
    if isinstance(value, list):
        return "\n".join(_written(turn.get("content") if isinstance(turn, dict) else turn) for turn in value)
    return "" if value is None else str(value)


def _up_to(characters: int | None, rows: Iterator[Row]) -> Iterator[Row]:
    taken = 0
    for row in rows:
        yield row
        taken += sum(map(len, row))
        if characters is not None and taken >= characters:
            return


def _check(cleaner: Cleaner, tally: Tally) -> None:
    if not cleaner.rows:
        raise UserError("corpus_empty")
    rows = sum(tally.rows.values())
    if not rows:
        raise UserError("corpus_all_dropped", rows=cleaner.rows)
    if rows == 1:
        raise UserError("corpus_one_text")


def _lend(config: TrainConfig, folder: Path, split: Split, tally: Tally) -> None:
    """Move one document from the fullest split to `split`: the one with the least draw."""
    giver = max(tally.rows, key=tally.rows.__getitem__)
    if tally.rows[giver] < 2:
        raise UserError("corpus_one_text")
    path = folder / f"{giver}.jsonl"
    lent = min(read_rows(path), key=lambda row: draw("\x00".join(row), config.seed))
    kept = (row for row in read_rows(path) if row != lent)
    for name, rows in ((giver, kept), (split, iter([lent]))):
        with writing(folder / f"{name}.jsonl", "w") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    tally.move(lent, giver, split)


def _account(source: Source, folder: Path) -> dict[str, Any]:
    origin, licence = source.origin, source.licence
    if source.sample is not None:
        origin, licence = origin or ORIGIN, licence or SAMPLES[source.sample].licence
    if source.dataset is not None:
        about = json.loads((_hub_folder(source, folder) / "about.json").read_text("utf-8"))
        origin, licence = origin or about["url"], licence or about["licence"]
    return {
        "file": source.name,
        "use": source.use,
        "origin": origin or source.name,
        "licence": licence or UNSTATED,
        "written_by_model": source.written_by_model,
    }


def _hub_folder(source: Source, folder: Path | None) -> Path:
    """Where the files of a dataset are put: its name is checked by the configuration."""
    assert folder is not None and source.dataset is not None, "a dataset needs a folder"
    return folder / "hub" / source.dataset.replace("/", "--")
