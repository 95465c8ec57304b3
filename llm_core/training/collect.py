"""Sources to records, whatever they are: text, JSON lines, tables, documents, archives and folders of those, samples.

Nothing is read whole but what has to be (PDF, Word, HTML; in a worker process with limits). Beyond the packages that
training needs are only imported what such a document needs.
"""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from llm_core.errors import UserError
from llm_core.training.config import Source
from llm_core.training.lines import Limits, document_characters, documents, read_lines
from llm_core.training.samples import SAMPLES

Record = dict[str, Any]
"""A row by its columns; running text has the one column `text`."""

_CHARS_A_BYTE = 0.5  # between Chinese, a third, and English, one
_MEMBERS_MAX = 100_000


@dataclass(frozen=True)
class Stored:
    """A file, on disk or within an archive."""

    name: str
    open: Callable[[], IO[bytes]]
    bytes: int
    """As it is stored; unpacked it may be more."""

    @property
    def suffix(self) -> str:
        """Says what it is: `.txt`."""
        return PurePosixPath(self.name).suffix.lower()


def read_records(source: Source, limits: Limits | None = None) -> Iterator[Record]:
    """All records of a path or a sample; a dataset of the Hub has to be fetched first (`hub.fetch_dataset`).

    Raises:
        UserError: `source_missing`, `source_unknown`, `sample_unknown`, `text_not_text`, `corpus_big`,
            `record_long`, `row_not_json`, `table_broken`, `archive_broken`, `folder_empty`, or `document_...`.
    """
    if source.sample is not None:
        if source.sample not in SAMPLES:
            raise UserError("sample_unknown", name=source.sample, known=", ".join(SAMPLES))
        sample = SAMPLES[source.sample]
        for row in sample.rows():
            yield dict(zip((*sample.fields, *sample.labels), row, strict=True))
        return
    for stored in stored_at(source.path):
        yield from _read(stored, limits or Limits())


def stored_at(path: Path) -> Iterator[Stored]:
    """The file at `path`, or those below it of kinds that can be read, in the order of their names.

    Raises:
        UserError: `source_missing`, `folder_empty`.
    """
    if path.is_dir():
        found = [each for each in sorted(path.rglob("*")) if each.suffix.lower() in SUFFIXES and each.is_file()]
        if not found:
            raise UserError("folder_empty", path=str(path), known=" ".join(SUFFIXES))
        for each in found:
            yield _on_disk(each)
        return
    if not path.is_file():
        raise UserError("source_missing", path=str(path))
    yield _on_disk(path)


def _on_disk(path: Path) -> Stored:
    return Stored(path.name, lambda: path.open("rb"), path.stat().st_size)


def _read(stored: Stored, limits: Limits) -> Iterator[Record]:
    reader = _READERS.get(stored.suffix)
    if reader is None:
        raise UserError("source_unknown", name=stored.name, known=" ".join(SUFFIXES))
    yield from reader(stored, limits)


def _text(stored: Stored, limits: Limits) -> Iterator[Record]:
    size = document_characters(int(stored.bytes * _CHARS_A_BYTE))
    with stored.open() as file:
        for text in documents(read_lines(file, stored.name, limits), size):
            yield {"text": text}


def _json_lines(stored: Stored, limits: Limits) -> Iterator[Record]:
    with stored.open() as file:
        for number, line in enumerate(_records(file, stored.name, limits), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if not isinstance(record, dict):
                raise UserError("row_not_json", name=stored.name, line=number)
            yield record


def _table(stored: Stored, limits: Limits) -> Iterator[Record]:
    csv.field_size_limit(limits.record_bytes)
    with stored.open() as file:
        lines = _records(file, stored.name, limits)
        first = next(lines, "")
        delimiter = max("\t" if stored.suffix == ".tsv" else ",;\t", key=first.count)
        rows = csv.reader(_again(first, lines), delimiter=delimiter)
        try:
            header = [name.strip() for name in next(rows, [])]
            for row in rows:
                if row:
                    yield dict(zip(header, row, strict=False))
        except csv.Error as error:
            raise UserError("table_broken", name=stored.name, line=rows.line_num) from error


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _records(file: IO[bytes], name: str, limits: Limits) -> Iterator[str]:
    """Lines that must be whole.

    Raises:
        UserError: `record_long`.
    """
    whole = Limits(limits.record_bytes, limits.record_bytes, limits.text_bytes)
    for number, line in enumerate(read_lines(file, name, whole), 1):
        if len(line.encode("utf-8", "replace")) >= limits.record_bytes:
            raise UserError("record_long", name=name, line=number, limit=limits.record_bytes)
        yield line


def _document(stored: Stored, limits: Limits) -> Iterator[Record]:
    from llm_core.documents import guard
    from llm_core.events import collect
    from llm_core.settings import Settings

    settings = Settings.read()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"document{stored.suffix}"
        with stored.open() as file, path.open("wb") as copy:
            copy.write(file.read(settings.document_bytes_max + 1))
        text: str = collect(guard.read(path, stored.name, settings)).text
    for part in documents(text.splitlines(keepends=True), document_characters(len(text))):
        yield {"text": part}


def _xz(stored: Stored, limits: Limits) -> Iterator[Record]:
    yield from _unpacked(stored, lzma.LZMAFile, limits)


def _gzip(stored: Stored, limits: Limits) -> Iterator[Record]:
    yield from _unpacked(stored, lambda packed: gzip.GzipFile(fileobj=packed), limits)


def _unpacked(stored: Stored, unpack: Callable[[IO[bytes]], Any], limits: Limits) -> Iterator[Record]:
    with stored.open() as packed:
        inner = Stored(PurePosixPath(stored.name).stem, lambda: unpack(packed), 4 * stored.bytes)
        try:
            yield from _read(inner, limits)
        except (lzma.LZMAError, EOFError, OSError) as error:
            raise UserError("archive_broken", name=stored.name) from error


def _zip(stored: Stored, limits: Limits) -> Iterator[Record]:
    with tempfile.TemporaryFile() as copy:
        with stored.open() as file:
            shutil.copyfileobj(file, copy)
        try:
            with zipfile.ZipFile(copy) as archive:
                yield from _members(archive, stored.name, limits)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
            raise UserError("archive_broken", name=stored.name) from error


def _members(archive: zipfile.ZipFile, name: str, limits: Limits) -> Iterator[Record]:
    """The files of an archive that can be read; nothing is written where a member says."""
    members = [each for each in archive.infolist() if not each.is_dir()][:_MEMBERS_MAX]
    known = [each for each in members if PurePosixPath(each.filename).suffix.lower() in _IN_ARCHIVE]
    if not known:
        raise UserError("folder_empty", path=name, known=" ".join(_IN_ARCHIVE))
    if sum(each.file_size for each in known) > limits.text_bytes:
        raise UserError("corpus_big", name=name, limit=limits.text_bytes)
    for each in sorted(known, key=lambda each: each.filename):
        inside = Stored(PurePosixPath(each.filename).name, lambda each=each: archive.open(each), each.file_size)  # type: ignore[misc]
        yield from _read(inside, limits)


_READERS: dict[str, Callable[[Stored, Limits], Iterator[Record]]] = {
    ".txt": _text,
    ".md": _text,
    ".jsonl": _json_lines,
    ".csv": _table,
    ".tsv": _table,
    ".pdf": _document,
    ".docx": _document,
    ".html": _document,
    ".htm": _document,
    ".zip": _zip,
    ".xz": _xz,
    ".gz": _gzip,
}
SUFFIXES = tuple(_READERS)
"""Of the files that can be read."""
_IN_ARCHIVE = tuple(suffix for suffix in SUFFIXES if suffix != ".zip")
