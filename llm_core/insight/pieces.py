"""The pieces that a tokenizer cuts a text into: where each stands in the text, and what each looks like by itself."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

BLANK = "▁"  # SentencePiece's
_ONE_BYTE = re.compile(r"<0x([0-9A-F]{2})>")  # how SentencePiece writes a byte


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of a text. A token that ends inside a character stands before it, with no characters of its own."""

    id: int
    start: int  # characters of the text
    end: int

    def of(self, text: str) -> str:
        """Its characters in the text."""
        return text[self.start : self.end]


def cut(tokenizer: Any, text: str, *, marks: bool = False) -> list[Piece]:
    """The tokens of `text`, without marks around it.

    Args:
        tokenizer: a fast one of Transformers.
        text: where a mark is spelled out in it, those are its characters.
        marks: it is the mark.
    """
    read = tokenizer(text, add_special_tokens=False, split_special_tokens=not marks, return_offsets_mapping=True)
    return _in_order(read["input_ids"], read["offset_mapping"])


def spans(ids: Sequence[int], written: Sequence[bytes], text: str) -> list[Piece]:
    """The same where a tokenizer tells the bytes of each token: all together are those of `text`.

    >>> [piece.of("a好") for piece in spans([1, 2, 3], [b"a", b"\\xe5\\xa5", b"\\xbd"], "a好")]
    ['a', '', '好']
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    at, found = 0, []
    for token, some in zip(ids, written, strict=True):
        chars = min(len(decoder.decode(some)), len(text) - at)
        found.append(Piece(token, at, at + chars))
        at += chars
    return found


def _in_order(ids: Iterable[int], offsets: Sequence[tuple[int, int]]) -> list[Piece]:
    """Where several tokens share a character, it belongs to the last of them."""
    found: list[Piece] = []
    starts = [start for start, _ in offsets] + [len(offsets) and offsets[-1][1]]
    at = 0
    for n, (token, (_, end)) in enumerate(zip(ids, offsets, strict=True)):
        shared = starts[n + 1] < end
        start = max(at, starts[n])
        at = max(start, starts[n + 1] if shared else end)
        found.append(Piece(token, start, at))
    return found


class Words:
    """What a token of a vocabulary looks like by itself: its text, or the bytes of a character that it has a part of.

    Args:
        tokenizer: a fast one of Transformers.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._bytewise = "ByteLevel" in repr(tokenizer.backend_tokenizer.decoder)
        self._special = set(tokenizer.all_special_ids)

    def __getitem__(self, token: int) -> str:
        name = self._tokenizer.convert_ids_to_tokens(token)
        if name is None:  # a vocabulary may be padded to a round number
            return f"#{token}"
        return str(name) if token in self._special else shown(self.raw(token))

    def raw(self, token: int) -> bytes:
        """What the token writes."""
        name = str(self._tokenizer.convert_ids_to_tokens(token) or "")
        if self._bytewise and all(letter in BYTES for letter in name):
            return bytes(BYTES[letter] for letter in name)
        if found := _ONE_BYTE.fullmatch(name):
            return bytes.fromhex(found[1])
        return name.replace(BLANK, " ").encode()


def shown(some: bytes) -> str:
    """Bytes as text, or in hexadecimal where they are no whole characters.

    >>> shown("好".encode()), shown("好".encode()[:2])
    ('好', '⟨E5 A5⟩')
    """
    try:
        return some.decode()
    except UnicodeDecodeError:
        return f"⟨{some.hex(' ').upper()}⟩"


def _byte_letters() -> dict[str, int]:
    """GPT-2's printable letter for each byte, turned round: bytes that are no printable Latin-1 letters follow it."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in printable)
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


BYTES = _byte_letters()
