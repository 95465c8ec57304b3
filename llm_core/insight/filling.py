"""What an encoder would fill in at each place, were what stands there hidden: P(x_t | x_1 ... x_{t-1}, x_{t+1} ...).

Each token is hidden by itself and all others are seen, so that these surprises add up to no probability of the text
(a pseudo-log-likelihood: Salazar et al. 2020), and are not to be set beside those of a model that goes on with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llm_core.insight.leaving_out import computed, each_hidden, places
from llm_core.insight.pieces import Piece
from llm_core.insight.reading import Reading, of_logits

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened


def read(opened: Opened, text: str, pieces: Sequence[Piece], ids: Sequence[int]) -> Reading:
    """The distribution at each place of a text; where a mask of the visitor's own stands, nothing can be a surprise.

    Args:
        opened: an encoder with the head that fills in.
        text: not longer than its context.
        pieces: `opened.pieces(text)`.
        ids: the same with the marks around.
    """
    import torch

    rows, at = each_hidden(opened, ids), iter(places(opened, ids))

    def here(batch: Any) -> Any:
        states = opened.model(input_ids=batch).logits  # B, N, V
        return torch.stack([row[next(at)] for row in states])

    logits = computed(opened, rows, here) if rows else torch.empty(0, opened.vocabulary)
    return of_logits(logits, text, pieces, opened.words, blank=int(opened.tokenizer.mask_token_id))
