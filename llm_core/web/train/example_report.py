"""How well a model does on examples that carry no single label: names, answers in passages, pairs; as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llm_core.messages import Language, say
from llm_core.web.analyze.pieces import kind_word
from llm_core.web.frame import escape
from llm_core.web.train.pieces import facts

COLUMNS = ("precision", "recall", "f1")
FIGURES = {
    "em": "em", "f1": "f1", "false_refusals": "false_refusals", "recall@1": "recall_1", "recall@5": "recall_5",
}  # fmt: skip
"""Scores that are named on the page, by what stands before the source."""


def shown(scores: Mapping[str, Any], language: Language) -> str:
    """The report; empty where the run learned nothing of the kind."""
    tables = "".join(_types(one, language) for one in scores.values() if isinstance(one, Mapping) and "types" in one)
    rows = [(say(language, f"learn.report_{name}"), f"{value:.1f}%") for name, value in _figures(scores)]
    told = tables + (facts(rows) if rows else "")
    return f'<p class="heading">{say(language, "trained.scores")}</p>{told}' if told else ""


def _figures(scores: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, key in FIGURES.items():
        for full, value in scores.items():
            if (full == name or full.startswith(f"{name}.")) and isinstance(value, int | float):
                yield key, value


def _types(found: Mapping[str, Any], language: Language) -> str:
    """Each kind of name, and all of them."""
    kinds = {kind_word(kind, language): one for kind, one in found["types"].items()}
    kinds[say(language, "learn.all_kinds")] = found
    heads = "".join(f"<th>{say(language, f'trained.{name}')}</th>" for name in COLUMNS)
    rows = "".join(
        f'<tr><th scope="row">{escape(kind)}</th>'
        + "".join(f"<td>{one[name]:.1f}</td>" for name in COLUMNS)
        + "</tr>"
        for kind, one in kinds.items()
    )
    head = f"<tr><th>{say(language, 'learn.kinds')}</th>{heads}</tr>"
    why = f'<p class="why">{say(language, "trained.percent")}</p>'
    return f'<div class="wide"><table class="label-table">{head}{rows}</table></div>{why}'
