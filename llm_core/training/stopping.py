"""Early stopping: a run that no longer gets better ends, with the weights that were best (Prechelt 1998)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from torch import nn

from llm_core.training.checkpoint import load_weights, save_weights

BEST_FILE = "best.safetensors"


class Patience:
    """Counts the looks at a model since the best one.

    Args:
        looks: end after so many without a better one; None never ends.
        folder: where the best weights are kept.
        before: validation losses of the looks of earlier sittings, in order.
    """

    def __init__(self, looks: int | None, folder: Path, before: Iterable[float]) -> None:
        self._looks, self._file = looks, folder / BEST_FILE
        self._best, self._since = math.inf, 0
        for loss in before:
            self._count(loss)

    def look(self, loss: float, model: nn.Module) -> bool:
        """Take note of a validation loss; whether it is time to end."""
        if self._looks is None:
            return False
        if self._count(loss):
            save_weights(self._file, model)
        return self._since >= self._looks

    def bring_back(self, model: nn.Module) -> None:
        """Give the model the weights that were best, where later ones were worse."""
        if self._looks is not None and self._since and self._file.exists():
            load_weights(self._file, model)

    def _count(self, loss: float) -> bool:
        better = loss < self._best
        self._best, self._since = (loss, 0) if better else (self._best, self._since + 1)
        return better
