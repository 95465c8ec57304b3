"""Make text fit to learn from: normalise, measure, drop duplicates; and count why."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from llm_core.training.config import Cleaning

Row = tuple[str, ...]
"""One document (text,) or one sentence pair (zh, en)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffd]")
_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n\s*\n\s*")
_ENGLISH_PER_CHINESE = 3.2
"""Characters of English for one of Chinese in the technical training pairs."""


def normalise(text: str) -> str:
    """NFC, no control or zero-width characters, single blanks, at most one empty line."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    text = _BLANKS.sub(" ", _CONTROL.sub("", text))
    return _EMPTY_LINES.sub("\n\n", text).strip()


class Cleaner:
    """Passes on the rows worth keeping; `dropped` counts the others by reason."""

    def __init__(self, rules: Cleaning) -> None:
        self.rules = rules
        self.dropped: Counter[str] = Counter()
        self._seen: set[bytes] = set()

    def clean(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that are fit to learn from, normalised."""
        for row in rows:
            row = tuple(normalise(text) for text in row)
            reason = self._fault(row)
            if reason:
                self.dropped[reason] += 1
            else:
                yield row

    def _fault(self, row: Row) -> str | None:
        lengths = [len(text) for text in row]
        if min(lengths) < self.rules.min_characters:
            return "too short"
        if max(lengths) > self.rules.max_characters:
            return "too long"
        if self.rules.max_length_ratio and len(row) == 2:
            ratio = lengths[1] / (_ENGLISH_PER_CHINESE * lengths[0])
            if not 1 / self.rules.max_length_ratio <= ratio <= self.rules.max_length_ratio:
                return "lengths do not match"
        return "duplicate" if self.rules.deduplicate and self._is_repeated(row) else None

    def _is_repeated(self, row: Row) -> bool:
        folded = "\x00".join("".join(text.lower().split()) for text in row)
        digest = hashlib.blake2b(folded.encode(), digest_size=12).digest()
        if digest in self._seen:
            return True
        self._seen.add(digest)
        return False
