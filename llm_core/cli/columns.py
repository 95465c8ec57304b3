"""Text in columns of a terminal, where a Chinese character is as wide as two Latin ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llm_core.terminal import width

GAP = 2
CLOSING = "，。、；：？！）”’》】,.;:?!)"  # never at the beginning of a line


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """The text with blanks behind it, or before it, up to `columns`."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most `columns`, broken at blanks and between Chinese characters; at least one, maybe empty."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if line and width(line) + width(piece.rstrip()) > columns:
                lines.append(line.rstrip())
                line = ""
            line += piece if line else piece.lstrip()
        lines.append(line.rstrip())
    return lines


def table(rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> list[str]:
    """Rows of cells as lines, each column as wide as its widest cell; columns `right` are set to the right."""
    rows, to_right = list(rows), set(right)
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        (" " * GAP)
        .join(padded(cell, widths[place], right=place in to_right) for place, cell in enumerate(row))
        .rstrip()
        for row in rows
    ]


def _pieces(text: str) -> list[str]:
    """What must not be broken: words with the blanks behind them, single wide characters with marks that close."""
    pieces: list[str] = []
    fresh = True
    for character in text:
        wide = width(character) == 2
        if pieces and (character in CLOSING or not (fresh or wide)):
            pieces[-1] += character
        else:
            pieces.append(character)
        fresh = wide or character == " "
    return pieces
