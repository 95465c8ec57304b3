"""What was found in a text as HTML: what the instrument says in the margin, and words that the whole tab shares."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from llm_core.catalog import labels
from llm_core.catalog.understanding import Quality
from llm_core.documents.document import Document
from llm_core.messages import Language, say, table
from llm_core.tasks.analysis import Analysis, Labels, Opinion
from llm_core.text.language import language as language_of
from llm_core.workbench.analysis_desk import Told

EXAMPLES: Final = Path(__file__).parents[3] / "assets" / "examples" / "analyze"
TAGS: Final[dict[Language, str]] = {"en": "en", "zh": "zh-CN"}
KINDS: Final = ("person", "place", "organisation", "time", "other")
FAINT: Final = 0.85  # an opinion that is surer is coloured; sentences of bare fact get up to 0.82, either way
SURE: Final = 0.5  # a topic or an intent below it is named as the nearest one, and not as what the text is
BARS_MAX: Final = 96
FIGURES_MAX: Final = 3
OTHERS: Final = 2  # labels beside the likeliest one


def text_of(origin: str | Document) -> str:
    """The text itself."""
    return origin if isinstance(origin, str) else origin.text


def example(name: str, kind: str) -> str:
    """A bundled file `<name>.<kind>`; nothing where there is none of that name."""
    known = {path.name: path for path in EXAMPLES.iterdir()}
    found = known.get(f"{name}.{kind}")
    return found.read_text("utf-8").strip() if found else ""


def examples(language: Language) -> list[tuple[str, str]]:
    """Texts to try, those in the page's language first: id and title."""
    names = ("bridge.en", "hotel.en", "school.zh", "shop.zh")
    ordered = sorted(names, key=lambda name: not name.endswith(language))[:3]
    return [(name, example(name, "txt").partition("\n")[0]) for name in ordered]


def empty(language: Language, trust: str) -> str:
    """Before the first text: what this does, whether anything leaves, texts to try."""
    lines = "".join(
        f'<li><button data-do="example" data-id="{name}"{lang(title)}>{escape(title)}</button></li>'
        for name, title in examples(language)
    )
    return (
        f'<section class="empty"><h2>{say(language, "analyze.empty")}</h2><p>{escape(trust)}</p>'
        f'<p class="why">{say(language, "analyze.try")}</p><ul class="starts">{lines}</ul></section>'
    )


def notice(sentence: str, *, doubt: bool = False) -> str:
    """What went wrong, or what to know, in its place."""
    return f'<div class="notice{" doubt" if doubt else ""}" role="status"><p>{escape(sentence)}</p></div>'


def lang(text: str) -> str:
    """The attribute that says in which language a text is."""
    found = language_of(text)
    return f' lang="{TAGS[found]}"' if found else ""


def waiting(said: str, share: float | None) -> str:
    """What is happening, and a hairline that says how far it has come."""
    line = f'<i class="line" style="--w:{share:.4f}"></i>' if share is not None else '<i class="line runs"></i>'
    return f'<div class="wait" role="status"><p class="meter">{said}</p>{line}</div>'


def signed(opinion: Opinion) -> float:
    """-1 to 1: how sure an opinion is, and which."""
    return {"positive": opinion.score, "negative": -opinion.score}.get(opinion.label, 0.0)


def kind_of(name: str) -> str:
    """The kind that a type of name is drawn as."""
    return name if name in KINDS else "other"


def kind_word(name: str, language: Language) -> str:
    """A type of name as it is said."""
    return say(language, f"analyze.kind_{name}") if name in KINDS else name


def label_word(name: str, language: Language, task: str = "sentiment", label_set: str = "") -> str:
    """A label as it is said; one that nobody has named stands as it is."""
    return labels.called(task, name, language, label_set)


def opinion_word(label: str, score: float, language: Language) -> str:
    """An opinion with its score; where it is faint, that there is none, and to which side it leans."""
    key = "opinion" if score >= FAINT else "opinion_faint"
    return escape(say(language, f"analyze.{key}", label=label_word(label, language), score=f"{score:.2f}"))


# ---------------------------------------------------------------- the margin


def side(
    origin: str | Document, found: Analysis, told: Sequence[tuple[Told, Mapping[str, Any]]], language: Language
) -> str:
    """Everything that the instrument says of the text."""
    parts = [
        _sentiment(found, language),
        _labels("topic", found.topic, found, language),
        _labels("intent", found.intent, found, language),
        *(_own(one, report, language) for one, report in told),
        _entities(found, language),
        _keywords(found, language),
        missing(found.missing, language),
        script(origin, language),
    ]
    return "".join(parts)


def _sentiment(found: Analysis, language: Language) -> str:
    if not found.sentences:
        return ""
    whole = found.sentiment
    said = f"<b>{opinion_word(whole.label, whole.score, language)}</b>" if whole else ""
    bars = "".join(_bar(some) for some in _bins(found.sentences))
    figures = say(language, "analyze.sentences", n=len(found.sentences))
    strip = f'<div class="mood" role="img" aria-label="{say(language, "analyze.strip")}: {figures}">{bars}</div>'
    row = _row(say(language, "analyze.whole"), said) if whole else ""
    heading = say(language, "analyze.strip")
    return _section(strip + row + measured("sentiment", found, language), heading)


def _bins(opinions: Sequence[Opinion]) -> list[Sequence[Opinion]]:
    step = -(-len(opinions) // BARS_MAX)
    return [opinions[start : start + step] for start in range(0, len(opinions), step)]


def _bar(some: Sequence[Opinion]) -> str:
    value = sum(map(signed, some)) / len(some)
    kind = "up" if value >= FAINT else "down" if value <= -FAINT else "flat"
    place = some[0].start
    return f'<i class="{kind}" style="--v:{abs(value):.2f}" data-link="s{place}" data-go="{place}"></i>'


def _labels(part: str, told: Labels | None, found: Analysis, language: Language) -> str:
    if told is None:
        return ""
    scores = {label_word(label, language, part, told.label_set): score for label, score in told.scores.items()}
    doubt = f'<p class="why">{say(language, "analyze.unsure", n=len(scores))}</p>' if told.score < SURE else ""
    named = _scored(say(language, f"analyze.part_{part}"), scores)
    return _section(named + doubt + measured(part, found, language))


def _scored(name: str, scores: Mapping[str, float]) -> str:
    """The likeliest label with its score, and the next ones."""
    (first, score), *others = [*scores.items()][: OTHERS + 1]
    rest = "".join(f"<span>{escape(label)} {chance:.2f}</span>" for label, chance in others)
    return _row(escape(name), f"{escape(first)} <b>{score:.2f}</b>") + f'<p class="meter next">{rest}</p>'


def _own(told: Told, report: Mapping[str, Any], language: Language) -> str:
    return _section(_scored(told.name, told.scores) + f'<p class="measured">{own_quality(report, language)}</p>')


def own_quality(report: Mapping[str, Any], language: Language) -> str:
    """How well a visitor's own labels are told apart, in one quiet line."""
    right, count = report["accuracy"], report["examples"]
    if right is None:
        return say(language, "analyze.own_unmeasured", n=count)
    return say(language, "analyze.own_accuracy", right=f"{right:.0f}", n=count, base=f"{report['majority']:.0f}")


def _entities(found: Analysis, language: Language) -> str:
    if "entities" not in found.quality and not found.entities:
        return ""
    if not found.entities:
        body = f'<p class="why">{say(language, "analyze.names_none")}</p>'
        return _section(body + measured("entities", found, language), say(language, "analyze.part_entities"))
    counts: dict[str, int] = {}
    for name in found.entities:
        counts[kind_of(name.type)] = counts.get(kind_of(name.type), 0) + 1
    rows = "".join(
        _row(f'<span class="ent is-{kind}">{say(language, f"analyze.kind_{kind}")}</span>', f"<b>{counts[kind]}</b>")
        for kind in KINDS
        if kind in counts
    )
    return _section(rows + measured("entities", found, language), say(language, "analyze.part_entities"))


def _keywords(found: Analysis, language: Language) -> str:
    gap = say(language, "analyze.list_gap")
    words = gap.join(f"<span{lang(word)}>{escape(word)}</span>" for word in found.keywords)
    listed = f'<p class="words">{words}</p>' if words else f'<p class="why">{say(language, "analyze.words_none")}</p>'
    spoken = say(language, f"analyze.in_{found.language or 'neither'}")
    return _section(listed, say(language, "analyze.words")) + _section(
        _row(say(language, "analyze.language_is"), escape(spoken))
    )


def missing(parts: Sequence[str], language: Language) -> str:
    """Which models are not here yet, and what works without them."""
    if not parts:
        return ""
    gap = say(language, "analyze.list_gap")
    named = gap.join(say(language, f"analyze.part_{part}").lower() for part in parts)
    told, instead = say(language, "analyze.missing", parts=named), say(language, "analyze.instead")
    return _section(f'<p class="why">{told}</p><p class="why">{instead}</p>')


def measured(part: str, found: Analysis, language: Language) -> str:
    """How good the model behind a result is, in one quiet line."""
    quality = found.quality.get(part)
    return f'<p class="measured">{escape(quality_line(quality, language))}</p>' if quality else ""


def quality_line(quality: Quality, language: Language) -> str:
    """The model and its figures, the ones with the most rows first."""
    if not quality.figures:
        return say(language, "analyze.unmeasured", model=quality.model)
    gap = say(language, "analyze.list_gap")
    best = sorted(quality.figures, key=lambda figure: -figure.rows)[:FIGURES_MAX]
    told = gap.join(
        say(language, "analyze.figure", metric=_metric(one.metric, language), value=f"{one.value:.1f}", data=one.data)
        for one in best
    )
    return say(language, "analyze.measured_by", model=quality.model, figures=told)


def _metric(name: str, language: Language) -> str:
    key = f"analyze.metric_{name}"
    return table()[key][language] if key in table() else name


def _section(inside: str, heading: str = "") -> str:
    head = f'<h3 class="heading">{heading}</h3>' if heading else ""
    return f'<section class="finding">{head}{inside}</section>'


def _row(name: str, value: str) -> str:
    return f'<p class="row"><span>{name}</span><span>{value}</span></p>'


def script(origin: str | Document, language: Language) -> str:
    """How a program does the same."""
    file = "-" if isinstance(origin, str) else shlex.quote(origin.name)
    command = f"python -m llm_core analyze {file} --json"
    call = f'Client("http://127.0.0.1:7860").predict({json.dumps("…", ensure_ascii=False)}, api_name="/analyze")'
    return (
        f'<details class="cmd"><summary>{say(language, "analyze.script")}</summary>'
        f'<pre tabindex="0"><code>{escape(command)}</code></pre><pre tabindex="0"><code>{escape(call)}</code></pre>'
        "</details>"
    )
