"""A glance at the sources of a run before it begins: about how much text there is, of which languages.

It reads a beginning of each file and no more; what a run really learns from stands in its report.json.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from llm_core.errors import UserError
from llm_core.training.columns import with_columns
from llm_core.training.config import Source
from llm_core.training.flat import talks

_HEAD_BYTES = 1 << 16
_TEXT_CHARACTERS = 8000
"""Of text to look at, from all sources alike."""
_TALKS = 20
"""Of each source, whose questions are looked at."""
_XZ, _ARCHIVE = 4.0, 0.3
"""Characters a stored byte: of text in xz; of zip, Word and PDF, which hold more than text."""
_PLAIN = frozenset({".txt", ".md", ".jsonl", ".json", ".csv", ".tsv", ".html", ".text", ""})
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_FIELD = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Glance:
    """About how many characters, the Chinese part of them, some text of each source, and the columns of the first."""

    characters: int
    chinese: float
    text: str = ""
    columns: tuple[str, ...] = ()


def glance(sources: Iterable[Source]) -> Glance:
    """What the sources seem to hold, all together; those that cannot be read count nothing here."""
    seen = [
        _of_sample(source) if source.sample else _of_path(source.path) for source in sources if not source.dataset
    ]
    total = sum(one.characters for one in seen)
    chinese = sum(one.characters * one.chinese for one in seen) / total if total else 0.0
    readable = [one for one in seen if one.text]
    text = "\n".join(one.text[: _TEXT_CHARACTERS // len(readable)] for one in readable)
    return Glance(total, chinese, text, readable[0].columns if readable else ())


def first_questions(sources: Iterable[Source], count: int = 2) -> tuple[str, ...]:
    """What people ask first in the conversations of the sources; those that cannot be read have none here."""
    found: dict[str, None] = {}
    for source in sources:
        with suppress(UserError, OSError):
            for record in islice(talks(with_columns(source, "chat")), _TALKS):
                with suppress(KeyError, TypeError, StopIteration):  # the run itself says what is broken
                    found[next(str(each["content"]) for each in record["messages"] if each["role"] == "user")] = None
    return tuple(found)[:count]


def _of_sample(source: Source) -> Glance:
    from llm_core.training.samples import SAMPLES

    if (sample := SAMPLES.get(source.sample or "")) is None:
        return Glance(0, 0.0)
    rows = (sample.texts(row) for row in sample.rows())
    text = "\n".join("\n".join(row) for _, row in zip(range(20), rows, strict=False))
    return Glance(sample.characters, _chinese(text), text, sample.fields)


def _of_path(path: Path) -> Glance:
    if path.is_dir():
        inside = [_of_path(each) for each in sorted(path.rglob("*")) if each.is_file()]
        total = sum(one.characters for one in inside)
        first = max(inside, key=lambda one: len(one.text), default=Glance(0, 0.0))
        return Glance(total, first.chinese, first.text, first.columns)
    with suppress(OSError, EOFError, lzma.LZMAError):
        size, packed = path.stat().st_size, path.suffix == ".xz"
        if not packed and path.suffix.lower() not in _PLAIN:
            return Glance(int(size * _ARCHIVE), 0.0)
        with lzma.open(path) if packed else path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        text = _decoded(head)
        share = len(text) / max(1, len(head)) * (_XZ if packed else 1.0)
        rows = text.lstrip().startswith("{")
        columns = _columns(text) if rows else ()
        if rows:
            text = "\n".join(sorted(_FIELD.findall(text), key=len, reverse=True)[:20])
        return Glance(int(size * share), _chinese(text), text, columns)
    return Glance(0, 0.0)


def _decoded(head: bytes) -> str:
    for encoding in ("utf-8", "utf-16", "gb18030"):
        for cut in range(4):  # the last character may be half there
            with suppress(UnicodeDecodeError):
                return head[: len(head) - cut].decode(encoding)
    return head.decode("utf-8", errors="ignore")


def _columns(text: str) -> tuple[str, ...]:
    with suppress(ValueError):
        row = json.loads(text.lstrip().partition("\n")[0])
        return tuple(name for name, value in row.items() if isinstance(value, str | list))
    return ()


def _chinese(text: str) -> float:
    letters = sum(map(str.isalnum, text))
    return len(_CHINESE.findall(text)) / letters if letters else 0.0
