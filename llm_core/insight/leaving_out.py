"""A text with one of its tokens hidden or left out, again and again: what each of them is worth.

Legend: T tokens of the text, N all of them with their marks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

BATCH_TOKENS = 1024  # computed at a time: a distribution over the vocabulary for each of them


def places(opened: Opened, ids: Sequence[int]) -> range:
    """Where in N ids the T tokens of the text stand."""
    begin, end = opened.marks
    return range(len(begin), len(ids) - len(end))


def each_hidden(opened: Opened, ids: Sequence[int]) -> list[list[int]]:
    """T rows of N: the same text, one token a mask."""
    mask = int(opened.tokenizer.mask_token_id)
    return [[*ids[:place], mask, *ids[place + 1 :]] for place in places(opened, ids)]


def each_left_out(opened: Opened, ids: Sequence[int]) -> list[list[int]]:
    """T rows of N - 1: the same text without one token."""
    return [[*ids[:place], *ids[place + 1 :]] for place in places(opened, ids)]


def computed(opened: Opened, rows: Sequence[Sequence[int]], compute: Callable[[Any], Any]) -> Any:
    """What `compute` makes of each row: a tensor of as many.

    Args:
        opened: the model.
        rows: at least one; all of one length.
        compute: from ids [B, N] to a tensor whose first dimension is B.
    """
    import torch

    size = max(1, BATCH_TOKENS // max(len(rows[0]), 1))
    with opened.computing():
        found = [compute(torch.tensor(rows[start : start + size])) for start in range(0, len(rows), size)]
        return torch.cat(found).float()
