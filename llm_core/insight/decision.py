"""What a classifier says of a text, and which tokens that rests on: each is left out in turn (Li et al. 2016).

Evidence of the token t for the class c, in bits: log2 of the odds of c with the whole text, less log2 of the odds
without t. One bit more doubles the odds p / (1 - p). Tokens that say the same thing stand in for one another, so that
the evidence of each alone may be small where that of all together is great.

Legend: T tokens of the text, C classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llm_core.insight.leaving_out import computed, each_left_out

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

Reals = NDArray[np.float32]


@dataclass(frozen=True)
class Decision:
    """The chances of the classes. Where a model has several sets of labels, those of each set sum to one."""

    classes: tuple[str, ...]  # C
    whole: Reals  # C: P of each, with the whole text
    without: Reals  # T, C: with one token left out
    evidence: Reals  # T, C: in bits

    @property
    def best(self) -> int:
        """The class that the model is surest of."""
        return int(self.whole.argmax())


def of_text(opened: Opened, ids: Sequence[int]) -> Decision:
    """What is decided with the whole text, and without each of its tokens.

    Args:
        opened: a classifier.
        ids: the text with its marks.
    """
    import torch

    config = opened.model.config
    sets = list((getattr(config, "label_sets", None) or {"": (0, config.num_labels)}).values())

    def chances(batch: Any) -> Any:
        """ln P and log2 of the odds of each class [B, 2, C]."""
        logits = opened.model(input_ids=batch).logits.double()
        log_p = torch.cat([logits[:, first:end].log_softmax(-1) for first, end in sets], dim=-1)
        odds = torch.cat([_odds(logits[:, first:end]) for first, end in sets], dim=-1)
        return torch.stack([log_p, odds], dim=1)

    whole = computed(opened, [ids], chances).numpy()[0]
    rows = each_left_out(opened, ids)
    without = computed(opened, rows, chances).numpy() if rows else np.empty((0, *whole.shape), np.float32)
    names = tuple(str(config.id2label[n]) for n in range(config.num_labels))
    return Decision(names, np.exp(whole[0]), np.exp(without[:, 0]), whole[1] - without[:, 1])


def _odds(logits: Any) -> Any:
    """log2 (p / (1 - p)) of each class of a set [B, C]: its logit against all others together."""
    import torch

    others = torch.eye(logits.shape[1], dtype=torch.bool)
    rest = logits[:, None, :].masked_fill(others, -torch.inf).logsumexp(-1)
    return (logits - rest) / math.log(2)
