"""The transition matrix of an n-gram model: P(next token | one token), row by row, as its tables say it.

Legend: n tokens that stand at the rows, m at the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

COLUMNS = 24


@dataclass(frozen=True)
class Matrix:
    """A part of the matrix, and what the other columns weigh together."""

    chances: NDArray[np.float32]  # n, m
    rows: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def rest(self) -> NDArray[np.float32]:
        """What each row gives to tokens that stand at no column [n]."""
        rest: NDArray[np.float32] = 1 - self.chances.sum(axis=1)
        return rest


def of_text(opened: Opened, ids: Sequence[int]) -> Matrix:
    """Rows for the different tokens of a text in order; columns for those that they give most to, all together."""
    import torch

    rows = list(dict.fromkeys(ids))
    with opened.computing():
        chances = opened.model.transition_rows(torch.tensor(rows))  # n, V
        columns = chances.sum(0).topk(min(COLUMNS, chances.shape[1])).indices
        part = chances[:, columns].float().numpy()
    return Matrix(
        part, tuple(opened.words[token] for token in rows), tuple(opened.words[int(token)] for token in columns)
    )
