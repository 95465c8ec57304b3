"""How well a classifier tells labels apart, as HTML: figures of every class, what is taken for what, folds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llm_core.messages import Language, say
from llm_core.web.frame import escape
from llm_core.web.train.pieces import facts

if TYPE_CHECKING:
    from llm_core.engines.classifier import Labelled
    from llm_core.web.train.words import Word

COLUMNS = ("precision", "recall", "f1", "examples")
CONFUSED_MAX = 10
LIKELIEST = 5


def shown(scores: Mapping[str, Any], word: Word, language: Language) -> str:
    """The report of every set of labels in scores.json; empty where the run learned none. `word` names labels."""
    sets = list(_sets(scores))
    told = "".join(_set(name if len(sets) > 1 else "", one, word, language) for name, one in sets)
    return told + _folds(scores, language)


def verdict(name: str, found: Labelled, word: Word) -> str:
    """The likeliest labels of one text, each with its probability."""
    rows = [(word(label), f"{score:.1%}") for label, score in list(found.scores.items())[:LIKELIEST]]
    title = f'<p class="heading">{escape(name)}</p>' if name else ""
    return f'{title}<p class="verdict">{escape(word(found.label))}</p>{facts(rows)}'


def _sets(scores: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "classes" in scores:
        yield "", scores
    for name, one in scores.items():
        if isinstance(one, Mapping) and "classes" in one:
            yield name, one


def _set(name: str, found: Mapping[str, Any], word: Word, language: Language) -> str:
    rows = [
        (say(language, "trained.accuracy"), f"{found['accuracy']:.1f}%"),
        (say(language, "trained.macro_f1"), f"{found['macro_f1']:.1f}%"),
        (say(language, "trained.examples"), f"{found['examples']:,}"),
    ]
    small = f" <small>{escape(name)}</small>" if name else ""
    title = f'<p class="heading">{say(language, "trained.scores")}{small}</p>'
    tables = _classes(found["classes"], word, language) + _confusion(found["confusion"], word, language)
    return title + facts(rows) + tables


def _classes(classes: Mapping[str, Mapping[str, float]], word: Word, language: Language) -> str:
    heads = "".join(f"<th>{say(language, f'trained.{name}')}</th>" for name in ("class", *COLUMNS))
    rows = "".join(
        f'<tr><th scope="row">{escape(word(label))}</th>'
        + "".join(f"<td>{one[name]:.1f}</td>" for name in COLUMNS[:-1])
        + f"<td>{one['examples']:,}</td></tr>"
        for label, one in classes.items()
    )
    why = f'<p class="why">{say(language, "trained.percent")}</p>'
    return f'<div class="wide"><table class="label-table"><tr>{heads}</tr>{rows}</table></div>{why}'


def _confusion(found: Mapping[str, Any], word: Word, language: Language) -> str:
    if "most" in found:
        told = [
            say(language, "trained.confused_pair", right=word(one["right"]), said=word(one["said"]), n=one["count"])
            for one in found["most"][:CONFUSED_MAX]
        ]
        lines = "".join(f"<li>{escape(line)}</li>" for line in told)
        return f'<p class="heading">{say(language, "trained.confused")}</p><ul class="findings">{lines}</ul>'
    labels: Sequence[str] = found["labels"]
    heads = "".join(f"<th>{escape(word(label))}</th>" for label in labels)
    rows = "".join(
        f'<tr><th scope="row">{escape(word(label))}</th>{_cells(line, place)}</tr>'
        for place, (label, line) in enumerate(zip(labels, found["matrix"], strict=True))
    )
    title = f'<p class="heading">{say(language, "trained.confusion")}</p>'
    return (
        f'{title}<div class="wide"><table class="label-table confusion"><tr><th></th>{heads}</tr>{rows}</table></div>'
    )


def _cells(line: Sequence[int], right: int) -> str:
    """Shaded by the share of the row; what is right is marked."""
    total = sum(line) or 1
    return "".join(
        f'<td{" class=right" if place == right else ""} style="--share:{count / total:.0%}">{count:,}</td>'
        for place, count in enumerate(line)
    )


def _folds(scores: Mapping[str, Any], language: Language) -> str:
    if not (found := scores.get("cross_validation")):
        return ""
    sets = list(_sets(found))
    rows = [
        (
            f"{set_name} {say(language, f'trained.{name}')}" if len(sets) > 1 else say(language, f"trained.{name}"),
            f"{one[name]['mean']} ± {one[name]['deviation']}",
        )
        for set_name, one in sets
        for name in ("accuracy", "macro_f1")
    ]
    return f'<p class="heading">{say(language, "trained.folds", n=found["folds"])}</p>{facts(rows)}'
