"""Where an encoder puts a text, told by what lies near: cosines of its vector with those of other sentences.

The vector of a text is the mean of its last states, v = (h_1 + ... + h_N) / N. The model that Ask searches with is
asked as there: `query: ` stands before each text, and the mean vector of its language is taken away from it, without
which sentences of one language lie nearer to each other than to what they mean.

Legend: T tokens of the text, N all of them with their marks, G given sentences, D width of the states.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llm_core.engines.encoder import MEANS_FILE
from llm_core.insight.leaving_out import computed, each_left_out
from llm_core.text.language import language

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened

KIND = "query"

Reals = NDArray[np.float32]


@dataclass(frozen=True)
class Likeness:
    """How near the given sentences lie, and what of that each token of the text is worth."""

    given: tuple[str, ...]  # G
    cosines: Reals  # G: with the whole text
    without: Reals  # T, G: with one token left out
    moved: Reals  # T: 1 - cosine of the text's vectors with and without the token
    as_in_ask: bool


def of_text(opened: Opened, ids: Sequence[int], given: Sequence[str]) -> Likeness:
    """Compare a text with others.

    Args:
        opened: an encoder.
        ids: N, the text with its marks.
        given: sentences, at least one.
    """
    begin, end = opened.marks
    means = _means(opened)
    asked = [piece.id for piece in opened.pieces(f"{KIND}:")] if means else []
    text = str(opened.tokenizer.decode(list(ids), skip_special_tokens=True))

    def vectors(rows: Sequence[Sequence[int]], text: str) -> Reals:
        rows = [[*begin, *asked, *row[len(begin) :]] for row in rows]
        found: Reals = computed(opened, rows, lambda batch: mean_of_states(opened, batch)).numpy()
        return _unit(found - means.get(language(text) or "en", 0.0))

    whole = vectors([ids], text)[0]
    rows = each_left_out(opened, ids)
    without = vectors(rows, text) if rows else np.empty((0, len(whole)), np.float32)
    others = np.concatenate(
        [vectors([[*begin, *(piece.id for piece in opened.pieces(each)), *end]], each) for each in given]
    )
    return Likeness(tuple(given), others @ whole, without @ others.T, 1 - without @ whole, bool(means))


def mean_of_states(opened: Opened, ids: Any) -> Any:
    """The vectors of texts [B, D], of length one, from their ids [B, N]."""
    vectors = opened.model(input_ids=ids).last_hidden_state.mean(1)
    return vectors / vectors.norm(dim=-1, keepdim=True)


def _means(opened: Opened) -> dict[str, Reals]:
    """Language -> its mean vector, where they stand beside the model."""
    file = opened.folder / MEANS_FILE if opened.folder else None
    if file is None or not file.exists():
        return {}
    kept = json.loads(file.read_text("utf-8"))
    return {name: np.asarray(kinds[KIND], np.float32) for name, kinds in kept.items()}


def _unit(vectors: Reals) -> Reals:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
