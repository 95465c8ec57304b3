"""The likeliest tokens at one place as bars, before and after the dials of drawing."""

from __future__ import annotations

import math

import numpy as np

from llm_core.insight.reading import Reading
from llm_core.insight.sampling import Dials, reshaped
from llm_core.messages import Language, say
from llm_core.web.inside.sentence import quoted, visible

SHOWN = 12


def bars(reading: Reading, place: int, dials: Dials, language: Language) -> str:
    """The distribution at `place` (-1: after the text); what the model itself says as a hairline on each bar."""
    chances = reading.chances[place]
    before, after = np.exp(chances.astype(np.float64)), reshaped(chances, dials)
    top = max(float(before[0]), float(after[0]), 1e-9)
    own = reading.pieces[place].id if place >= 0 else -1
    rows = "".join(
        _row(reading.words.get(int(token), f"#{token}"), float(before[n]), float(after[n]), top, int(token) == own)
        for n, token in enumerate(reading.candidates[place][:SHOWN])
    )
    piece = quoted(_written(reading, place)) if place >= 0 else ""
    key = "after" if place < 0 else "instead_of" if reading.goes_on else "hidden"
    heading = say(language, f"inside.{key}", piece=piece)
    notes = [_rank(reading, place, piece, language)] if place >= 0 and own != reading.blank else []
    if dials != Dials():
        notes.append(say(language, "inside.kept", kept=int((after > 0).sum()), all=reading.vocabulary))
    held = float(before.sum())
    if held < 0.9995:
        notes.append(say(language, "inside.held", known=len(before), share=share(held)))
    body = "".join(f'<p class="why">{note}</p>' for note in notes)
    return f'<section><p class="heading">{heading}</p><ol class="bars both">{rows}</ol>{body}</section>'


def share(p: float) -> str:
    """A probability as a person reads it."""
    if p >= 0.0995:
        return f"{p:.0%}" if p >= 0.9995 else f"{p:.1%}"
    return f"{p:.1%}" if p >= 0.001 else "&lt;0.1%" if p > 0 else "0"


def signed(value: float, digits: int) -> str:
    """A figure with its sign; one that rounds to nothing has none."""
    told = f"{value:+.{digits}f}"
    return told[1:] if float(told) == 0 else told.replace("-", "−")


def _written(reading: Reading, place: int) -> str:
    """What stands there; of a part of a character its bytes."""
    piece = reading.pieces[place]
    return piece.of(reading.text) or reading.words.get(piece.id, "")


def _row(name: str, before: float, after: float, top: float, own: bool) -> str:
    kind = " ".join(["hit"] * own + ["barred"] * (after == 0))
    return (
        f'<li class="{kind}"><span class="token">{visible(name)}</span>'
        f'<i style="--w:{after / top:.4f};--before:{before / top:.4f}"></i><b>{share(after)}</b></li>'
    )


def _rank(reading: Reading, place: int, piece: str, language: Language) -> str:
    chance = share(math.exp(float(reading.logprobs[place])))
    rank = int(reading.ranks[place])
    if rank:
        return say(language, "inside.rank", piece=piece, rank=rank, all=reading.vocabulary, share=chance)
    return say(language, "inside.rank_unknown", piece=piece, known=len(reading.chances[place]), share=chance)
