"""What a corpus is like before anything is trained on it, in figures and in plain words.

`findings` derives the words from the figures, so that they are true of any report on disk; the sentences stand in
messages/corpus.toml.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from llm_core.text.language import language
from llm_core.training.clean import Cleaner, Row
from llm_core.training.config import TrainConfig
from llm_core.training.split import Split, splits

Finding = tuple[str, dict[str, Any]]
"""A key of the messages, and its facts."""

_LENGTHS_KEPT = 2000
_LANGUAGE_CHARS = 1000
"""Enough of a text to tell its language."""
_FEW_CHARACTERS, _SHORT_TEXT = 300_000, 60
_ALMOST_ALL, _MOST, _MANY = 0.95, 0.6, 0.1
_LABEL_ROWS_FEW = 20


class Tally:
    """Counts rows as they are written; the memory it takes does not grow with them."""

    def __init__(self, config: TrainConfig) -> None:
        self.rows: dict[Split, int] = dict.fromkeys(splits(config), 0)
        self.characters: dict[Split, int] = dict.fromkeys(splits(config), 0)
        self.languages: Counter[str] = Counter()
        self._lengths: list[int] = []
        self._random = random.Random(0)

    def add(self, row: Row, split: Split) -> None:
        """Count a row that went to `split`."""
        characters = sum(map(len, row))
        self.rows[split] += 1
        self.characters[split] += characters
        for text in row:
            self.languages[language(text[:_LANGUAGE_CHARS]) or "none"] += len(text)
        if len(self._lengths) < _LENGTHS_KEPT:
            self._lengths.append(characters)
        elif (place := self._random.randrange(sum(self.rows.values()))) < _LENGTHS_KEPT:
            self._lengths[place] = characters

    def move(self, row: Row, giver: Split, taker: Split) -> None:
        """A row went to another split after all."""
        for split, sign in ((giver, -1), (taker, 1)):
            self.rows[split] += sign
            self.characters[split] += sign * sum(map(len, row))

    def lengths(self) -> dict[str, int]:
        """Characters of a short, a middling and a long text: the 10th, 50th and 90th of a hundred."""
        ordered = sorted(self._lengths)
        return {str(part): ordered[len(ordered) * part // 100] for part in (10, 50, 90)}


def data_report(cleaner: Cleaner, tally: Tally, accounts: list[dict[str, Any]]) -> dict[str, Any]:
    """All figures of a corpus that was written, as report.json holds them."""
    return {
        "sources": accounts,
        "read": cleaner.rows,
        "dropped": dict(cleaner.dropped),
        "changed": dict(cleaner.changed),
        "removed": dict(cleaner.removed),
        "languages": dict(tally.languages),
        "lengths": tally.lengths(),
        **{split: {"rows": rows, "characters": tally.characters[split]} for split, rows in tally.rows.items()},
    }


def findings(report: Mapping[str, Any]) -> list[Finding]:
    """What someone should know before a model is trained on this, the weightiest first."""
    return [*_amount(report), *_language(report), *source_findings(report), *_cleaning(report)]


def label_findings(labels: Mapping[str, int]) -> list[Finding]:
    """How uneven labels are, by how many examples have each.

    With one label there is nothing to tell apart; that is for the objective to refuse.
    """
    found: list[Finding] = []
    rows = sum(labels.values())
    most, least = max(labels, key=labels.__getitem__), min(labels, key=labels.__getitem__)
    if labels[most] >= _MOST * rows:
        found.append(("corpus.label_most", {"label": most, "share": labels[most] / rows}))
    if labels[least] < _LABEL_ROWS_FEW:
        found.append(("corpus.label_few", {"label": least, "rows": labels[least]}))
    return found or [("corpus.labels_even", {"labels": len(labels)})]


def _amount(report: Mapping[str, Any]) -> Iterator[Finding]:
    characters = report["train"]["characters"]
    if characters < _FEW_CHARACTERS:
        yield "corpus.few", {"characters": characters}
    if report["lengths"]["50"] < _SHORT_TEXT:
        yield "corpus.short_texts", {"characters": report["lengths"]["50"]}


def _language(report: Mapping[str, Any]) -> Iterator[Finding]:
    languages = report["languages"]
    total = sum(languages.values())
    for code in ("zh", "en"):
        if languages.get(code, 0) >= _ALMOST_ALL * total:
            yield ("corpus.only_zh" if code == "zh" else "corpus.only_en"), {}
            return
    shares = {code: languages.get(code, 0) / total for code in ("zh", "en")}
    yield "corpus.both_languages", shares
    if languages.get("none", 0) >= _MANY * total:
        yield "corpus.no_language", {"share": languages["none"] / total}


def source_findings(report: Mapping[str, Any]) -> Iterator[Finding]:
    """Whose text it is, and on whose terms."""
    accounts = report["sources"]
    total = sum(each["characters"] for each in accounts)
    largest = max(accounts, key=lambda each: each["characters"])
    if len(accounts) > 1 and largest["characters"] >= _MOST * total:
        yield "corpus.one_source", {"name": largest["file"], "share": largest["characters"] / total}
    by_model = sum(each["characters"] for each in accounts if each["written_by_model"])
    if by_model:
        models = ", ".join(sorted({each["written_by_model"] for each in accounts if each["written_by_model"]}))
        yield "corpus.by_model", {"share": by_model / total, "models": models}
    if any(each["licence"] == "not stated" for each in accounts):
        names = ", ".join(each["file"] for each in accounts if each["licence"] == "not stated")
        yield "corpus.no_licence", {"names": names}


def _cleaning(report: Mapping[str, Any]) -> Iterator[Finding]:
    dropped, read = report["dropped"], max(1, report["read"])
    repeated = dropped.get("duplicate", 0) + dropped.get("near duplicate", 0)
    if repeated >= _MANY * read:
        yield "corpus.repeated", {"share": repeated / read}
    if (others := sum(dropped.values()) - repeated) >= _MANY * read:
        yield "corpus.dropped", {"share": others / read}
    if masked := report["changed"].get("personal", 0):
        yield "corpus.masked", {"rows": masked}
