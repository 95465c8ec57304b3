"""Examples of own labels as they are typed or pasted, on the page or in a file: text in, texts with labels out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from llm_core.errors import UserError

LABEL_MARK: Final = "#"
COLUMN_GAP: Final = "\t"  # what a spreadsheet puts between two copied cells
LINE_CHARS_MAX: Final = 60


def parsed(typed: str) -> list[tuple[str, str]]:
    """Texts with their labels.

    Args:
        typed: lines `# label`, below each its examples, one a line; or lines `text<tab>label`.

    Raises:
        UserError: `examples_unlabelled`.

    >>> parsed("# bill\\nI paid twice\\n# parcel\\nWhere is it?\\nIt broke\\tbill")
    [('I paid twice', 'bill'), ('Where is it?', 'parcel'), ('It broke', 'bill')]
    """
    label, found = "", list[tuple[str, str]]()
    for line in map(str.strip, typed.splitlines()):
        text, gap, own = line.rpartition(COLUMN_GAP)
        if line.startswith(LABEL_MARK):
            label = line.lstrip(LABEL_MARK).strip()
        elif gap and text.strip() and own.strip():
            found.append((text.strip(), own.strip()))
        elif line and not label:
            raise UserError("examples_unlabelled", line=line[:LINE_CHARS_MAX])
        elif line:
            found.append((line, label))
    return found


def typed(examples: Sequence[Sequence[str]]) -> str:
    """The other way round."""
    by_label: dict[str, list[str]] = {}
    for text, label in examples:
        by_label.setdefault(label, []).append(" ".join(text.split()))
    return "\n".join(line for label, texts in by_label.items() for line in (f"{LABEL_MARK} {label}", *texts))
