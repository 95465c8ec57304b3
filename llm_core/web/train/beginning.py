"""What a run begins with and what it is to learn: which of it fits a family, and the dials that offer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from llm_core.messages import Language, say
from llm_core.training.config import FRESH
from llm_core.training.plan import EXAMPLES
from llm_core.web.gradio import gr
from llm_core.web.train.form import RANKS, STANDING, Form

LEARNED = {
    "decoder": ("", "chat", "preference"),
    "encoder": ("", "label", "tags", "span", "contrastive", "relation"),
} | dict.fromkeys(("rnn", "lstm", "gru"), ("", "label"))
"""What a family can learn beside what it learns by itself."""
OBJECTIVES = tuple(dict.fromkeys(name for names in LEARNED.values() for name in names))
OF_ITS_OWN = ("size", "kind", "vocabulary")
"""What a model to begin with brings along."""
FOLDS = ("3", "5", "10")
FOLDED = ("label", "relation")
"""Whose figures stand for themselves in every fold."""


def fitted(form: Form, here: Sequence[str]) -> Form:
    """The form without what its family cannot do.

    Args:
        form: as it was filled in, for this family or for the one before.
        here: the models that a run of this family may begin with.
    """
    objective = form.objective if form.objective in LEARNED.get(form.family, ("",)) else ""
    offered = _offered(form.family, objective, here)
    start = form.start if form.start in offered else next(iter(offered), "")
    return replace(
        form,
        objective=objective,
        start=start,
        adapter=form.adapter and form.family == "decoder" and bool(start),
        rank=form.rank if form.rank in RANKS else STANDING.rank,
        thumbs=form.thumbs and objective == "preference",
        folds=form.folds if form.folds in FOLDS and objective in FOLDED else "",
    )


def dials(components: Mapping[str, Any], form: Form, here: Sequence[str], language: Language) -> dict[Any, Any]:
    """What the dials offer, for a form that fits; one that leaves no choice is not shown."""
    learned = LEARNED.get(form.family, ("",))
    offered = _offered(form.family, form.objective, here)
    names = [(say(language, f"train.objective_{name or 'own'}"), name) for name in learned]
    return {
        components["objective"]: gr.update(choices=names, value=form.objective, visible=len(learned) > 1),
        components["start"]: gr.update(
            choices=[(_named(name, form.objective, language), name) for name in offered],
            value=form.start,
            visible=len(offered) > 1,
        ),
        components["adapter"]: gr.update(value=form.adapter, visible=form.family == "decoder" and bool(form.start)),
        components["rank"]: gr.update(value=form.rank, visible=form.adapter),
        components["apart"]: gr.update(visible=form.adapter),
        components["thumbs"]: gr.update(value=form.thumbs, visible=form.objective == "preference"),
        **{components[name]: gr.update(visible=not _begins(form)) for name in OF_ITS_OWN},
        components["cleaning"]: gr.update(visible=form.objective not in EXAMPLES),
        components["folds"]: gr.update(value=form.folds, visible=form.objective in FOLDED),
    }


def _begins(form: Form) -> bool:
    """Whether it begins with the weights of a model."""
    return form.start != FRESH if form.family == "encoder" and form.objective in EXAMPLES else bool(form.start)


def _offered(family: str, objective: str, here: Sequence[str]) -> list[str]:
    """Values of the dial, the standing one first."""
    if objective == "preference":  # who learns from own answers has to answer already
        return list(here)
    if objective in EXAMPLES:
        return ["", FRESH, *here] if family == "encoder" else [""]
    return ["", *here]


def _named(name: str, objective: str, language: Language) -> str:
    if name in ("", FRESH):
        return say(language, "train.begin_encoder" if objective in EXAMPLES and not name else "train.begin_fresh")
    return name
