"""Text out of tokens as they come: a token may be half a character, or a word whose blank depends on its place.

Knows no model; it asks a tokenizer to decode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

BEFORE = 4  # tokens of what precedes, so that the first new one is spelled as it is in the middle of a text
BROKEN = "\ufffd"


class Spelling:
    """The text of one reply.

    Args:
        tokenizer: of Transformers.
        before: the tokens that the reply follows.
    """

    def __init__(self, tokenizer: Any, before: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._ids = list(before[-BEFORE:])
        self._told = self._decode(self._ids)

    def add(self, token: int) -> str:
        """The text that became certain with this token; none while a character is incomplete."""
        self._ids.append(token)
        whole = self._decode(self._ids)
        if whole.endswith(BROKEN):
            return ""
        return self._tell(whole)

    def rest(self) -> str:
        """What is left in the end, broken or not."""
        return self._tell(self._decode(self._ids))

    def instead(self, token: int) -> str:
        """What would have become certain with `token` in place of the one that comes next."""
        return self._decode([*self._ids, token])[len(self._told) :]

    def _tell(self, whole: str) -> str:
        text = whole[len(self._told) :]
        self._ids = self._ids[-BEFORE:]
        self._told = self._decode(self._ids)
        return text

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))
