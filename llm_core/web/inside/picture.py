"""One view of one model, or of two side by side, as HTML: the figures of the text, the picture, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from llm_core.messages import Language, say
from llm_core.web.frame import escape
from llm_core.web.inside import branches, heat, sentence, strips
from llm_core.web.inside.shown import Shown

if TYPE_CHECKING:
    from llm_core.insight.look import Look
    from llm_core.workbench.insights import Work

Draw = Callable[[Shown], str]


def surprise(shown: Shown) -> str:
    """The text, darker where the model was surprised."""
    body = sentence.surprises(shown.look.reading, shown.side, shown.place, shown.language)
    return f'{body}<p class="why same">{say(shown.language, "inside.surprise_why")}</p>'


DRAW: Mapping[str, Draw] = {
    "surprise": surprise,
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
    if view in look.views and (view in ("surprise", "tree") or view in look.seen):
        return DRAW[view](shown)
    if look.family == "gguf":
        why = say(language, "inside.why_gguf")
    else:
        names = ("、" if language == "zh" else ", ").join(say(language, f"inside.{name}") for name in look.views)
        why = say(language, "inside.why_family", views=names)
    return f'<p class="why absent">{say(language, "inside.no_view", why=why)}</p>'


def _figures(look: Look, language: Language) -> str:
    reading = look.reading
    figures = say(
        language,
        "inside.figures",
        tokens=len(reading.pieces),
        bits=f"{float(reading.bits.sum()):.1f}",
        per_char=f"{reading.bits_per_char:.2f}",
    )
    source = ""
    if look.source:
        source = f'<p class="from">{escape(look.source)}</p><p class="meter">{say(language, "inside.translated")}</p>'
    return f'{source}<p class="meter"><span>{figures}</span></p>'
