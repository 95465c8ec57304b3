"""Make text fit to learn from, step by step, each a switch of `Cleaning`; count what each step did, and show it.

Text passes one row at a time; what has to be remembered to know repeats is bounded (`repeats`).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from llm_core.text.simplify import simplified
from llm_core.text.words import spaced, without_stop_words
from llm_core.training.config import Cleaning
from llm_core.training.personal import mask
from llm_core.training.repeats import NearSeen, Seen

Row = tuple[str, ...]
"""One document (text,) or one sentence pair (zh, en)."""
Step = Callable[[str], str]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffd]")
_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n\s*\n\s*")
_URL = re.compile(r"(?:https?://|ftp://|www\.)[^\s<>\"'“”‘’（）()，。；、]+(?<![.,;:!?])", re.IGNORECASE)
_SCRIPT = re.compile(r"<(script|style)\b[^>]{0,1000}>.{0,100000}?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<!--.{0,10000}?-->|</?[A-Za-z][^<>]{0,1000}>|<![A-Za-z][^<>]{0,1000}>", re.DOTALL)
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\([^()\s]{0,2000}(?: \"[^\"\n]{0,200}\")?\)")
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]{0,200}\|)?([^\[\]|\n]{0,200})\]\]|\{\{[^{}]{0,2000}\}\}")
_MARKS = re.compile(r"^ {0,3}#{1,6} +|^ {0,3}(?:[-*_=] ?){3,}$|\*\*|__|```[^\n`]{0,40}|'{2,5}", re.MULTILINE)
_REFERENCE = re.compile(r"\[\d{1,3}\]")
_BY_LINE = {"repeated_lines": "duplicate", "near_duplicates": "near duplicate"}
"""Steps that take lines from a text, and why it is dropped when none is left; of a pair, both sides are one line."""
LINE_CHARS_MIN, NEAR_LINE_CHARS_MIN = 12, 40
"""Shorter lines may be the same by right: “Yes,” he said."""
_ENGLISH_PER_CHINESE = 3.2
"""Characters of English for one of Chinese in the technical training pairs."""


def normalise(text: str) -> str:
    """NFC, no control or zero-width characters, single blanks, at most one empty line."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    text = _BLANKS.sub(" ", _CONTROL.sub("", text))
    return _EMPTY_LINES.sub("\n\n", text).strip()


def without_noise(text: str) -> str:
    """The words of a page: no tags, entities, addresses, Markdown and wiki marks; what a link is called stays."""
    text = html.unescape(_TAG.sub(" ", _SCRIPT.sub(" ", text)))
    text = _WIKI_LINK.sub(r"\1", _IMAGE_OR_LINK.sub(r"\1", text))
    return _REFERENCE.sub("", _MARKS.sub("", _URL.sub("", text)))


class Cleaner:
    """Passes on the rows worth keeping.

    `dropped` counts the others by reason; `changed` counts by step the rows that it changed, `removed` the characters
    that became fewer by it.
    """

    def __init__(self, rules: Cleaning) -> None:
        self.rules = rules
        self.dropped: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()
        self.rows = 0
        self._rows_seen, self._lines_seen, self._near = Seen(), Seen(), NearSeen() if rules.near_duplicates else None
        self._steps = _steps(rules, self)

    def clean(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that are fit to learn from, cleaned."""
        for row in rows:
            cleaned, _, reason = self.judge(row)
            if reason is None:
                yield cleaned

    def judge(self, row: Row) -> tuple[Row, list[str], str | None]:
        """The row cleaned, the steps that changed it, and why it is dropped, if it is."""
        self.rows += 1
        steps = []
        for name, step in self._steps:
            if name in _BY_LINE and len(row) > 1:
                continue
            after = tuple(step(text) for text in row)
            if after != row:
                steps.append(name)
                self.changed[name] += 1
                self.removed[name] += sum(map(len, row)) - sum(map(len, after))
                row = after
        reason = self._fault(row, steps)
        if reason:
            self.dropped[reason] += 1
        return row, steps, reason

    def without_repeated_lines(self, text: str) -> str:
        """The text without lines that came before."""
        return _kept_lines(text, lambda line: len(line) >= LINE_CHARS_MIN and self._lines_seen.before(line))

    def without_near_duplicates(self, text: str) -> str:
        """The text without long lines that are nearly the same as earlier ones."""
        near = self._near
        assert near is not None
        return _kept_lines(text, lambda line: len(line) >= NEAR_LINE_CHARS_MIN and near.before(line))

    def _fault(self, row: Row, steps: list[str]) -> str | None:
        if steps and not all(row):
            return _BY_LINE.get(steps[-1], "too short")
        lengths = [len(text) for text in row]
        if min(lengths) < self.rules.min_characters:
            return "too short"
        if max(lengths) > self.rules.max_characters:
            return "too long"
        if self.rules.max_length_ratio and len(row) == 2:
            ratio = lengths[1] / (_ENGLISH_PER_CHINESE * max(1, lengths[0]))
            if not 1 / self.rules.max_length_ratio <= ratio <= self.rules.max_length_ratio:
                return "lengths do not match"
        if self.rules.deduplicate and self._rows_seen.before("\x00".join(row)):
            return "duplicate"
        return "near duplicate" if self._near and len(row) > 1 and self._near.before("\x00".join(row)) else None


@dataclass(frozen=True)
class Change:
    """A row before and after cleaning: which steps changed it, and why it is dropped, if it is."""

    before: Row
    after: Row
    steps: tuple[str, ...]
    dropped: str | None


def preview(rows: Iterable[Row], rules: Cleaning, limit: int = 20, read: int = 2000) -> list[Change]:
    """What cleaning does to the first `read` rows: at most `limit` that it changes or drops, each way first in turn.

    So every step that does anything is seen, also where one of them changes every row.
    """
    cleaner, left, shown = Cleaner(rules), Counter[str](), list[Change]()
    for row in islice(rows, read):
        after, steps, reason = cleaner.judge(row)
        ways = [*steps, *([reason] if reason else [])]
        if ways and any(left[way] < max(1, limit // 8) for way in ways):
            left.update(ways)
            shown.append(Change(row, after, tuple(steps), reason))
        if len(shown) == limit:
            break
    return shown


def _steps(rules: Cleaning, cleaner: Cleaner) -> list[tuple[str, Step]]:
    """The switches that are on, in the order of `Cleaning`."""
    steps: dict[str, Step] = {
        "noise": without_noise,
        "normalise": normalise,
        "simplify": simplified,
        "personal": mask,
        "repeated_lines": cleaner.without_repeated_lines,
        "near_duplicates": cleaner.without_near_duplicates,
        "stop_words": lambda text: without_stop_words(text, rules.own_stop_words),
        "segment": spaced,
    }
    return [(name, step) for name, step in steps.items() if getattr(rules, name)]


def _kept_lines(text: str, repeated: Callable[[str], bool]) -> str:
    return "\n".join(line for line in text.split("\n") if not repeated(line)).strip()
