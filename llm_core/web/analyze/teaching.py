"""Own labels as HTML: what was taught, and how well the labels are told apart."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from llm_core.engines.classifier import Labelled
from llm_core.events import Done, Event, Progress
from llm_core.messages import Language, say
from llm_core.tasks.own_labels import OwnLabels
from llm_core.web.analyze import pieces
from llm_core.web.analyze.progress import progress

WEAK: Final = 10.0  # percent more than always saying the most frequent label is little


class Learning:
    """Takes the events of a job that learns labels."""

    def __init__(self, language: Language) -> None:
        self.learned: OwnLabels | None = None
        self._language = language
        self._stage: Progress | None = None

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        match event:
            case Progress():
                self._stage = event
            case Done(OwnLabels() as learned):
                self.learned = learned
            case _:
                return False
        return True

    def picture(self) -> str:
        """What is being done."""
        return progress(self._stage, self._language)


def empty(language: Language) -> str:
    """What own labels are for, and an example."""
    return (
        f'<section class="empty"><h2>{say(language, "analyze.labels_empty")}</h2><ul class="starts"><li>'
        f'<button data-do="example">{say(language, "analyze.labels_try")}</button></li></ul></section>'
    )


def kept(sets: Mapping[str, Mapping[str, Any]], newest: str, language: Language) -> str:
    """The visitor's sets, the newest one with all its figures."""
    if not sets:
        return ""
    ordered = sorted(sets, key=lambda name: name != newest)
    listed = "".join(_set(name, sets[name], language, whole=name == newest) for name in ordered)
    return (
        f'<h3 class="heading">{say(language, "analyze.labels_kept")}</h3>{listed}'
        f'<p class="why">{say(language, "analyze.labels_use")}</p>'
    )


def _set(name: str, report: Mapping[str, Any], language: Language, *, whole: bool) -> str:
    counted = say(language, "analyze.labels_counted", labels=len(report["labels"]), examples=report["examples"])
    right = report["accuracy"]
    score = f"<b>{right:.0f}%</b>" if right is not None else ""
    sure = escape(say(language, "analyze.labels_sure"))
    acts = (
        f'<button class="quiet" data-do="edit" data-id="{escape(name)}">'
        f"{say(language, 'analyze.labels_edit')}</button>"
        f'<button class="quiet" data-do="delete" data-id="{escape(name)}" data-confirm="{sure}">'
        f"{say(language, 'analyze.labels_delete')}</button>"
    )
    figures = _figures(report, language) if whole else ""
    return (
        f'<section class="finding"><p class="row"><span class="strong">{escape(name)}</span><span>{score}</span></p>'
        f'{figures}<p class="acts"><span>{counted}</span>{acts}</p></section>'
    )


def _figures(report: Mapping[str, Any], language: Language) -> str:
    right, base = report["accuracy"], report["majority"]
    if right is None:
        return f'<p class="measured">{say(language, "analyze.own_unmeasured", n=report["examples"])}</p>'
    facts = {"right": f"{right:.0f}", "n": report["examples"], "base": f"{base:.0f}"}
    told = pieces.notice(say(language, "analyze.labels_weak"), doubt=True)
    weak = told if right < base + WEAK else ""
    rows = "".join(
        f'<p class="row"><span>{escape(label)}</span><span><b>{share:.0f}%</b></span></p>'
        for label, share in report["by_label"].items()
    )
    return (
        f'<p class="measured">{say(language, "analyze.own_accuracy", **facts)}</p>{weak}'
        f'<p class="meter">{say(language, "analyze.labels_each")}</p>{rows}'
    )


def told(found: Mapping[str, Labelled]) -> str:
    """What the visitor's sets say of a sentence."""
    lines = (
        f'<p class="row"><span>{escape(name)}</span><span>{escape(one.label)} <b>{one.score:.2f}</b></span></p>'
        for name, one in found.items()
    )
    return "".join(lines)
