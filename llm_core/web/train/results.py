"""A finished run as HTML: what it cannot do, its scores, what it recites, and the ways to take it elsewhere."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.messages import Language, explain, say
from llm_core.web.frame import escape
from llm_core.web.train import example_report, label_report
from llm_core.web.train.pieces import facts, notice

if TYPE_CHECKING:
    from llm_core.web.train.words import Word
    from llm_core.workbench.exports import Offer

WRITES = frozenset({"continue", "chat"})
"""Tasks of models that can be measured as writers."""
UNDERSTANDS = frozenset({"classify", "tag", "answer", "embed"})
"""Tasks of models that can be tried on a text, see trying.py."""
COMMANDS = {
    "label": "classify {name} TEXT",
    "tags": "analyze FILE --what entities --model {name}",
    "relation": "analyze ROWS.jsonl --task relations --lines --model {name}",
    "span": "read QUESTION FILE --model {name}",
    "contrastive": "embed TEXT --model {name}",
    "continue": "chat --model {name}",
    "chat": "chat --model {name}",
}
"""By what was learned, or by a task of the card."""
FIGURES = {
    "validation_loss": "{:.2f}",
    "perplexity": "{:,.1f}",
    "bits_per_character": "{:.2f}",
    "next_token_accuracy": "{:.1%}",
    "repetition": "{:.1%}",
    "reading_speed": "{:,.0f}",
    "writing_speed": "{:,.0f}",
}
"""Scores that have a name on the page, and how they are written."""


def shown(offer: Offer, scores: Mapping[str, Any], word: Word, language: Language, *, pushes: bool) -> str:
    """The panel below a finished run.

    Args:
        offer: its card and the ways that are open.
        scores: what was found out about it.
        word: what its labels are called.
        language: of the page.
        pushes: whether this server may send models to the Hub.
    """
    card = offer.card
    labels = label_report.shown(scores, word, language)
    others = example_report.shown(scores, language)
    return (
        f'<section class="result" data-tries="{int(bool(set(card.tasks) & UNDERSTANDS))}">'
        f'<h3 class="heading">{say(language, "trained.heading")}</h3>'
        f"{_limits(offer, language)}{labels or others or _scores(offer, scores, language)}"
        f"{_feedback(scores.get('feedback'), language)}{_privacy(scores.get('privacy'), language)}"
        f"{_judges(language) if WRITES & set(card.tasks) else ''}{_ways(offer, language, pushes)}"
        f"{_command(offer, language)}</section>"
    )


def _limits(offer: Offer, language: Language) -> str:
    limits = offer.card.limits.get(language, "")
    return f'<p class="why">{escape(limits)}</p><p class="why">{say(language, "trained.licence_yours")}</p>'


def _scores(offer: Offer, scores: Mapping[str, Any], language: Language) -> str:
    known = {**offer.card.scores, **scores.get("evaluation", {})}
    rows = [
        (say(language, f"trained.{name}"), form.format(known[name]))
        for name, form in FIGURES.items()
        if isinstance(known.get(name), int | float)
    ]
    if shares := known.get("distinct"):
        rows.append((say(language, "trained.distinct"), ", ".join(f"{share:.0%}" for share in shares)))
    if not rows:
        return ""
    return f'<p class="heading">{say(language, "trained.scores")}</p>{facts(rows)}'


def _feedback(found: Mapping[str, Any] | None, language: Language) -> str:
    """Whether it helped a model to learn from its own better answers."""
    if not found:
        return ""
    known = {"before": found["before"], "after": found["after"], "n": found["prompts"]}
    told = say(language, "trained.feedback_kept" if found["kept"] else "trained.feedback_undone", **known)
    return f'<p class="heading">{say(language, "trained.feedback")}</p><p class="why">{escape(told)}</p>'


def _privacy(found: Mapping[str, Any] | None, language: Language) -> str:
    if not found:
        return ""
    told = "".join(f"<li>{escape(say(language, key, **known))}</li>" for key, known in found["advice"])
    apart = say(language, "trained.privacy_apart", tried=found["held_out_tried"], n=found["held_out_recited"])
    return (
        f'<p class="heading">{say(language, "trained.privacy_heading")}</p><ul class="findings">{told}</ul>'
        f'<p class="why">{apart}</p>{_quoted(found["examples"], language)}'
    )


def _quoted(texts: Sequence[str], language: Language) -> str:
    if not texts:
        return ""
    lines = "".join(f'<li class="text">{escape(text)}</li>' for text in texts)
    return f'<p class="heading">{say(language, "trained.privacy_examples")}</p><ul class="findings">{lines}</ul>'


def _judges(language: Language) -> str:
    buttons = "".join(
        f'<button class="button secondary" data-do="{do}">{say(language, f"trained.{do}")}</button>'
        for do in ("evaluate", "privacy")
    )
    return f'<p class="heading">{say(language, "trained.judge")}</p><div class="acts">{buttons}</div>'


def _ways(offer: Offer, language: Language, pushes: bool) -> str:
    name = offer.card.id
    zipped = f'<button class="button secondary" data-do="zip">{say(language, "trained.zip")}</button>'
    gguf = f'<button class="button secondary" data-do="gguf">{say(language, "trained.gguf")}</button>'
    told = say(language, "trained.gguf_how", name=name)
    if offer.gguf:
        gguf, told = "", explain(offer.gguf, language)
    if not WRITES & set(offer.card.tasks):
        vllm = ""
    elif isinstance(offer.vllm, UserError):
        vllm = f'<p class="why">{escape(explain(offer.vllm, language))}</p>'
    else:
        vllm = (
            f'<details class="cmd"><summary>{say(language, "trained.vllm")}</summary>'
            f'<pre tabindex="0"><code>{escape(offer.vllm)}</code></pre></details>'
        )
    closed = "" if pushes else f'<p class="why">{say(language, "trained.push_closed")}</p>'
    return (
        f'<p class="heading">{say(language, "trained.take")}</p><div class="acts">{zipped}{gguf}</div>'
        f'<p class="why">{escape(told)}</p>{vllm}{closed}'
    )


def _command(offer: Offer, language: Language) -> str:
    """How it is used without the page."""
    objective, name = str(offer.card.trained.get("objective", "")), offer.card.id
    written = COMMANDS.get(objective) or next((COMMANDS[task] for task in offer.card.tasks if task in COMMANDS), "")
    if not written:
        return ""
    shown = f"python -m llm_core {written.format(name=shlex.quote(name))}"
    return (
        f'<details class="cmd"><summary>{say(language, "trained.command")}</summary>'
        f'<pre tabindex="0"><code>{escape(shown)}</code></pre></details>'
    )


def pushed(address: str, language: Language) -> str:
    """That the model was sent, and where it stands."""
    return notice(say(language, "trained.pushed", address=address), doubt=True)
