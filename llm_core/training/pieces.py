"""What a tokenizer makes of text: figures to compare by, and pieces with their places for a page to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from transformers import PreTrainedTokenizerFast

from llm_core.models.tokenizers import BYTES
from llm_core.text.spans import Span

_CHARACTERS_LOOKED_AT = 500_000
_MOST_FREQUENT = 50
_BLANK = "▁"
"""How SentencePiece writes a blank; it also puts one before the first word."""


@dataclass(frozen=True)
class Piece:
    """One token of a text."""

    id: int
    token: str
    """As the vocabulary spells it: `Ġthe`, `▁the`, `<0xE4>`."""
    text: str
    """What it says; a part of a character cannot be shown and is its bytes, `<0xE4>`."""
    span: Span
    """The characters it stands for; those of one character in several pieces share it."""
    partial: bool
    """Whether it is bytes, for a character that has no piece, or stands for unknown characters."""


@dataclass(frozen=True)
class TokenizerReport:
    """A tokenizer on some text."""

    vocabulary: int
    used: int
    """Pieces of the vocabulary that occur."""
    characters: int
    tokens: int
    tokens_per_character: float
    coverage: float
    """Share of the characters that have a piece, alone or with others; the rest is in bytes or unknown."""
    most_frequent: tuple[tuple[str, int], ...]
    """What the pieces say that occur most, and how often."""


def cut(tokenizer: PreTrainedTokenizerFast, text: str) -> list[Piece]:
    """The pieces of `text` in order, without those that a model's task puts around it."""
    encoding = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
    pieces = []
    for id, token, (start, end) in zip(encoding.ids, encoding.tokens, encoding.offsets, strict=True):
        said, partial = _said(tokenizer, id, token)
        if said.startswith(" ") and not text[start:end].startswith(" "):
            said = said[1:]
        pieces.append(Piece(id, token, said, Span(start, end if said else start), partial))
    return pieces


def tokenizer_report(tokenizer: PreTrainedTokenizerFast, texts: Iterable[str]) -> TokenizerReport:
    """Figures over the beginning of `texts`, about half a million characters."""
    counts: Counter[int] = Counter()
    known: dict[int, tuple[str, bool]] = {}
    characters = uncovered = 0
    for text in texts:
        encoding = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
        counts.update(encoding.ids)
        for id, token in zip(encoding.ids, encoding.tokens, strict=True):
            if id not in known:
                known[id] = _said(tokenizer, id, token)
        spans = zip(encoding.ids, encoding.offsets, strict=True)
        uncovered += len({place for id, span in spans if known[id][1] for place in range(*span)})
        characters += len(text)
        if characters >= _CHARACTERS_LOOKED_AT:
            break
    tokens = sum(counts.values())
    return TokenizerReport(
        vocabulary=len(tokenizer),
        used=len(counts),
        characters=characters,
        tokens=tokens,
        tokens_per_character=tokens / max(1, characters),
        coverage=1 - uncovered / max(1, characters),
        most_frequent=tuple((known[id][0], count) for id, count in counts.most_common(_MOST_FREQUENT)),
    )


def _said(tokenizer: PreTrainedTokenizerFast, id: int, token: str) -> tuple[str, bool]:
    """What a piece says by itself, and whether it is only a part of a character or unknown."""
    if token in BYTES or id == tokenizer.unk_token_id:
        return token, True
    if token.startswith(_BLANK):
        return token.replace(_BLANK, " "), False
    alone = str(tokenizer.decode([id]))
    if "\ufffd" in alone:
        return "".join(BYTES[_BYTE_OF[letter]] for letter in token if letter in _BYTE_OF) or token, True
    return alone, False


def _byte_letters() -> dict[str, int]:
    """From the letter by which byte-level BPE writes a byte to the byte (Radford et al. 2019)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


_BYTE_OF = _byte_letters()
