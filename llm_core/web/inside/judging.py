"""What a classifier decides and what an encoder finds alike, and what of that each token is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_core.insight.decision import Decision
from llm_core.insight.likeness import Likeness
from llm_core.messages import say
from llm_core.text.language import language as language_of
from llm_core.web.analyze.pieces import label_word
from llm_core.web.frame import escape
from llm_core.web.inside import sentence
from llm_core.web.inside.bars import share, signed
from llm_core.web.inside.sentence import TAGS
from llm_core.web.inside.shown import Shown

CLASSES_MAX = 20
LIGHTEST_BITS = 1.0  # evidence that is drawn in full where no token has more


def decision(shown: Shown) -> str:
    """The text by the evidence of its tokens for the class that is decided for, and the chances of all classes."""
    found: Decision = shown.look.seen["decision"]
    bits = found.evidence[:, found.best]
    top = max(LIGHTEST_BITS, float(np.abs(bits).max(initial=0)))
    above = sentence.pieces(shown, tints=(bits / top).tolist(), below=[signed(float(x), 1) for x in bits])
    now = found.whole if shown.place < 0 else found.without[shown.place]
    order = np.argsort(-found.whole)[:CLASSES_MAX]
    rows = "".join(
        _row(
            escape(label_word(found.classes[n], shown.language)),
            float(now[n]),
            float(found.whole[n]),
            share(float(now[n])),
            hit=n == found.best,
        )
        for n in order
    )
    facts = {
        "label": escape(label_word(found.classes[found.best], shown.language)),
        "share": share(float(found.whole[found.best])),
    }
    why = say(shown.language, "inside.decision_why", **facts)
    return f'{above}{_heading(shown, "decision")}<ol class="bars both near">{rows}</ol><p class="why same">{why}</p>'


def likeness(shown: Shown) -> str:
    """The text by how far each token moves its vector, and the given sentences, the nearest first."""
    found: Likeness = shown.look.seen["likeness"]
    top = max(float(found.moved.max(initial=0)), 1e-6)
    below = [f"{1000 * x:.0f}" for x in found.moved]
    above = sentence.pieces(shown, tints=(found.moved / top).tolist(), below=below)
    now: NDArray[Any] = found.cosines if shown.place < 0 else found.without[shown.place]
    low, high = _scale([*now, *found.cosines])
    rows = "".join(
        _row(
            _said(found.given[n]), (now[n] - low) / (high - low), (found.cosines[n] - low) / (high - low),
            f"{now[n]:.3f}",
        )
        for n in np.argsort(-now)
    )  # fmt: skip
    way = say(shown.language, "inside.likeness_as_in_ask" if found.as_in_ask else "inside.likeness_plain")
    why = say(shown.language, "inside.likeness_why", way=way)
    return (
        f'{above}{_heading(shown, "likeness")}<ol class="bars both near given">{rows}</ol>'
        f'<p class="why same">{why}</p>'
    )


def _heading(shown: Shown, view: str) -> str:
    key = f"inside.{view}_whole" if shown.place < 0 else f"inside.{view}_without"
    return f'<p class="heading">{say(shown.language, key, piece=sentence.quoted(shown.piece))}</p>'


def _row(name: str, now: float, before: float, told: str, *, hit: bool = False) -> str:
    """A bar for what is, and a hairline on it for what is with the whole text."""
    return (
        f'<li{" class=hit" if hit else ""}><span class="token">{name}</span>'
        f'<i style="--w:{now:.4f};--before:{before:.4f}"></i><b>{told}</b></li>'
    )


def _said(text: str) -> str:
    tag = TAGS.get(language_of(text) or "")
    return f"<span{f' lang={tag}' if tag else ''}>{escape(text)}</span>"


def _scale(cosines: Sequence[Any]) -> tuple[float, float]:
    """Where bars begin and end: cosines of sentences are often all alike, and their order is what counts."""
    low, high = float(min(cosines)), float(max(cosines))
    return low - 0.15 * max(high - low, 1e-6), max(high, low + 1e-6)
