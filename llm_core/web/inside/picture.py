"""One view of one model, or of two side by side, as HTML: the figures of the text, the picture, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from llm_core.messages import Language, say
from llm_core.web.frame import escape
from llm_core.web.inside import branches, heat, judging, sentence, strips
from llm_core.web.inside.shown import Shown

if TYPE_CHECKING:
    from llm_core.insight.look import Look
    from llm_core.workbench.insights import Work

Draw = Callable[[Shown], str]


def surprise(shown: Shown) -> str:
    """The text, darker where the model was surprised."""
    return _tinted(shown, "surprise_why")


def filling(shown: Shown) -> str:
    """The text, darker where the model would not have filled in what stands there."""
    return _tinted(shown, "filling_why")


def _tinted(shown: Shown, why: str) -> str:
    reading = shown.look.reading
    assert reading is not None
    told = say(shown.language, f"inside.{why}", mask=escape(reading.words.get(reading.blank, "")))
    return f'{sentence.surprises(shown, reading)}<p class="why same">{told}</p>'


DRAW: Mapping[str, Draw] = {
    "surprise": surprise,
    "filling": filling,
    "decision": judging.decision,
    "likeness": judging.likeness,
    "attention": heat.attention,
    "states": strips.states,
    "latent": strips.latent,
    "neighbours": branches.neighbours,
    "matrix": heat.matrix,
    "tree": branches.tree,
}


def picture(work: Work, view: str, shown: Mapping[int, Shown], language: Language) -> str:
    """The pictures of all models of a work, side by side where there are two."""
    sides = "".join(_side(work, view, one, language) for _, one in sorted(shown.items()))
    return f'<div class="sides n{len(work.subjects)}">{sides}</div>'


def _side(work: Work, view: str, shown: Shown, language: Language) -> str:
    look = shown.look
    title = escape(work.subjects[shown.side].title[language])
    figures = _figures(look, language)
    return f'<section class="side"><h3>{title}</h3>{figures}{_body(view, shown, language)}</section>'


def _body(view: str, shown: Shown, language: Language) -> str:
    look = shown.look
    if view in look.views and (view in ("surprise", "filling", "tree") or view in look.seen):
        return DRAW[view](shown)
    if look.family == "gguf":
        why = say(language, "inside.why_gguf")
    else:
        names = ("、" if language == "zh" else ", ").join(say(language, f"inside.{name}") for name in look.views)
        why = say(language, "inside.why_family", views=names)
    return f'<p class="why absent">{say(language, "inside.no_view", why=why)}</p>'


def _figures(look: Look, language: Language) -> str:
    reading, source = look.reading, ""
    facts: dict[str, Any] = {"tokens": len(look.sentence.pieces)}
    if reading is None:
        key = "figures_tokens"
    elif reading.goes_on:
        key = "figures"
        facts |= {"bits": f"{float(reading.bits.sum()):.1f}", "per_char": f"{reading.bits_per_char:.2f}"}
    else:
        asked = sum(piece.id != reading.blank for piece in reading.pieces)
        key = "figures_filling"
        facts |= {"asked": asked, "right": int((reading.ranks == 1).sum())}
    if look.source:
        source = f'<p class="from">{escape(look.source)}</p><p class="meter">{say(language, "inside.translated")}</p>'
    return f'{source}<p class="meter"><span>{say(language, f"inside.{key}", **facts)}</span></p>'
