"""The Translate tab as HTML: sentence beside sentence, the doubts in the margin, what stands there before either."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm_core.events import Progress
from llm_core.messages import Language, say
from llm_core.tasks.glossary import Glossary
from llm_core.tasks.translation import Doubt, Pair
from llm_core.terminal import cut, figures, width
from llm_core.text.language import language as language_of
from llm_core.text.spans import Span

if TYPE_CHECKING:
    from llm_core.workbench.translations import Work

EXAMPLES: Final = Path(__file__).parents[3] / "assets" / "examples" / "translate"
TAGS: Final[dict[Language, str]] = {"en": "en", "zh": "zh-CN"}
SHOWN_MAX: Final = 200  # sentences on the page at once
DOUBTS_SHOWN: Final = 12
TITLE_COLUMNS_MAX: Final = 76


def examples(language: Language) -> list[Path]:
    """Texts to try: those that a reader of this language would have translated come first."""
    other = "en" if language == "zh" else "zh"
    return sorted(EXAMPLES.glob("*.txt"), key=lambda path: (f".{other}." not in path.name, path.name))


def example(name: str) -> str:
    """The text of an example; nothing where there is none of that name."""
    known = {path.name: path for path in EXAMPLES.glob("*.txt")}
    return known[name].read_text("utf-8").strip() if name in known else ""


def empty(language: Language, trust: str) -> str:
    """Before the first text: what this does, what it is good for, whether the text stays here, texts to try."""
    lines = "".join(
        f'<li><button data-do="example" data-id="{escape(path.name)}"{_lang(first := _first_words(path))}>'
        f"{escape(first)}</button></li>"
        for path in examples(language)[:3]
    )
    return (
        f'<section class="empty"><h2>{say(language, "translate.empty_title")}</h2>'
        f"<p>{say(language, 'translate.empty_why')} {escape(trust)}</p>"
        f'<p class="why">{say(language, "translate.try_these")}</p><ul class="starts">{lines}</ul></section>'
    )


def _first_words(path: Path) -> str:
    text = " ".join(path.read_text("utf-8").split())
    return text if width(text) <= TITLE_COLUMNS_MAX else cut(text, TITLE_COLUMNS_MAX).rstrip() + "…"


def notice(sentence: str, language: Language, *, doubt: bool = False) -> str:
    """What went wrong, or what to know, in its place."""
    dismiss = f'<button class="quiet" data-act="dismiss">{say(language, "translate.dismiss")}</button>'
    return f'<div class="notice{" doubt" if doubt else ""}" role="alert"><p>{escape(sentence)}</p>{dismiss}</div>'


def waiting(stage: Progress | None, language: Language) -> str:
    """What is happening before the first sentence."""
    if stage is None:
        return '<i class="line runs"></i>'
    said = escape(f"{say(language, f'stages.{stage.stage}')} {figures(stage)}".rstrip())
    return f'<p class="meter" role="status"><span>{said}</span></p>{_line(stage)}'


def meter(work: Work, stage: Progress | None, language: Language) -> str:
    """How far it has come, how fast it goes, how long it will take; or how it ended."""
    facts = {"done": f"{len(work.pairs):,}", "total": f"{work.total:,}"}
    if work.state != "growing":
        key = {"whole": "translate.whole", "stopped": "translate.stopped"}.get(work.state, "translate.failed")
        said = say(language, key, n=f"{len(work.pairs):,}", **facts)
        return f'<p class="meter" role="status"><span>{said}</span></p><i class="line"></i>'
    if stage is None or stage.stage != "translating":
        return waiting(stage, language)
    parts = [say(language, "translate.of", **facts)]
    if stage.per_second:
        parts.append(say(language, "translate.per_second", n=f"{stage.per_second:.2g}"))
    if stage.seconds_left:
        parts.append(say(language, "translate.seconds_left", t=stage.seconds_left))
    spans = "".join(f"<span>{part}</span>" for part in parts)
    return f'<p class="meter" role="status">{spans}</p>{_line(stage)}'


def _line(stage: Progress) -> str:
    """A hairline: how far it has come, or, where the end is unknown, that something moves."""
    if not stage.total:
        return '<i class="line runs"></i>'
    return f'<i class="line" style="--w:{stage.done / stage.total:.4f}"></i>'


def work(shown: Work, stage: Progress | None, language: Language, *, first: int = 0, again: int | None = None) -> str:
    """The whole left column of a translation.

    Args:
        shown: it.
        stage: what is happening, while anything is.
        language: of the page.
        first: the first sentence to show.
        again: the sentence that is being translated once more.
    """
    last = min(first + SHOWN_MAX, len(shown.pairs))
    glossary = Glossary(shown.options.glossary, shown.to)
    rows = "".join(_pair(pair, shown, glossary, language, again) for pair in shown.pairs[first:last])
    following = _next(shown, language) if shown.state == "growing" and last == len(shown.pairs) else ""
    name = shown.name or say(language, "translate.pasted")
    head = f'<div class="dochead"><h2{_lang(name)}>{escape(name)}</h2></div>' if shown.name else ""
    head += f'<p class="notice doubt" role="note">{say(language, "translate.draft")}</p>' if shown.draft else ""
    tools = _pages(shown, first, last, language)
    if shown.state != "growing":
        tools += _word("save", language) + _word("other", language, "new")
        tools = f'<p class="tools">{tools}</p>{script(shown, language)}'
    elif tools:
        tools = f'<p class="tools">{tools}</p>'
    return f'{head}{meter(shown, stage, language)}<ol class="pairs">{rows}{following}</ol>{tools}'


def _pages(shown: Work, first: int, last: int, language: Language) -> str:
    if len(shown.pairs) <= SHOWN_MAX:
        return ""
    told = f"<span>{say(language, 'translate.sentences_shown', first=first + 1, last=last)}</span>"
    before = _word("page", language, "earlier", str(max(0, first - SHOWN_MAX))) if first else ""
    after = _word("page", language, "later", str(last)) if last < len(shown.pairs) else ""
    return before + told + after


def _word(do: str, language: Language, key: str = "", name: str = "") -> str:
    label = say(language, f"translate.{key or do}")
    return f'<button class="quiet" data-do="{do}" data-id="{name}">{label}</button>'


def _pair(pair: Pair, shown: Work, glossary: Glossary, language: Language, again: int | None) -> str:
    """A sentence beside its translation. Nobody tries again while the whole is still growing."""
    other: Language = "en" if shown.to == "zh" else "zh"
    terms = glossary.of(pair.text)
    marks = {term: f"{pair.number}-{place}" for place, term in enumerate(terms)}
    source = _marked(pair.text, marks.items())
    target = _marked(pair.target, ((terms[term], link) for term, link in marks.items()), pair.doubts)
    kinds = "pair" + (" is-doubt" if pair.doubts else "") + (" kept" if pair.kept else "")
    return (
        f'<li class="{kinds}" tabindex="0" data-link="pair-{pair.number}"><b>{pair.number + 1}</b>'
        f'<p lang="{TAGS[other]}">{source}</p>'
        f'<div><p lang="{TAGS[shown.to]}">{target}</p>{_note(pair, shown, language, again)}</div></li>'
    )


def _note(pair: Pair, shown: Work, language: Language, again: int | None) -> str:
    if again == pair.number:
        return f'<p class="note busy" role="status">{say(language, "translate.again_under_way")}</p>'
    retry = "" if shown.state == "growing" or pair.kept else _word("again", language, name=str(pair.number))
    if not pair.doubts:
        return f'<p class="note on-hover">{retry}</p>' if retry else ""
    said = " ".join(escape(doubt(one, language)) for one in pair.doubts)
    return f'<p class="note" lang="{TAGS[language]}">{said}{retry}</p>'


def doubt(one: Doubt, language: Language) -> str:
    """Why a sentence is worth a second look."""
    return say(language, f"translate.doubt_{one.kind}", words=("、" if language == "zh" else ", ").join(one.words))


def _marked(text: str, terms: Iterable[tuple[str, str]], doubts: Sequence[Doubt] = ()) -> str:
    """The text with its glossary terms linked to their partners, and wavy lines under doubtful places."""
    cuts: list[tuple[Span, str]] = [(one.span, '<u class="doubt">') for one in doubts if one.span]
    for term, link in terms:
        if match := re.search(re.escape(term), text, re.IGNORECASE):
            cuts.append((Span(*match.span()), f'<mark data-link="term-{link}">'))
    parts, place = [], 0
    for span, tag in sorted(cuts):
        if span.start >= place:
            close = "</u>" if tag.startswith("<u") else "</mark>"
            parts += [escape(text[place : span.start]), tag, escape(span.of(text)), close]
            place = span.end
    return "".join([*parts, escape(text[place:])])


def _next(shown: Work, language: Language) -> str:
    """Where the next sentence will stand."""
    if len(shown.pairs) >= shown.total:
        return ""
    number = len(shown.pairs) + 1
    bars = '<span class="bars-wait"><i></i><i></i></span>'
    source = f"<p{_lang(shown.next_text)}>{escape(shown.next_text)}</p>"
    return f'<li class="pair pending"><b>{number}</b>{source}<div aria-hidden="true"><p>{bars}</p></div></li>'


def doubts(shown: Work, language: Language) -> str:
    """The margin: the sentences to look at again, each a way there."""
    found = [pair for pair in shown.pairs if pair.doubts]
    head = f'<p class="heading">{say(language, "translate.look_again")} <b>{len(found)}</b></p>'
    if not found:
        return f'{head}<p class="why">{say(language, "translate.nothing_doubtful")}</p>'
    lines = "".join(
        f'<li><a href="#pairs" data-link="pair-{pair.number}">{_short(pair, language)}</a></li>'
        for pair in found[:DOUBTS_SHOWN]
    )
    rest = len(found) - DOUBTS_SHOWN
    more = f'<p class="why">{say(language, "translate.and_more", n=rest)}</p>' if rest > 0 else ""
    return f'{head}<ul class="doubts">{lines}</ul>{more}'


def _short(pair: Pair, language: Language) -> str:
    why = say(language, f"translate.short_{pair.doubts[0].kind}")
    return say(language, "translate.sentence", number=pair.number + 1, why=why)


def script(shown: Work, language: Language) -> str:
    """How a program does the same."""
    file = json.dumps(shown.name, ensure_ascii=False) if shown.name else "text.txt"
    stem, _, ending = (shown.name or "text.txt").rpartition(".")
    ending = ending if ending in ("txt", "md", "docx") else "docx"
    out = json.dumps(f"{stem}.{shown.to}.{ending}", ensure_ascii=False) if shown.name else f"text.{shown.to}.txt"
    terms = " --glossary terms.csv" if shown.options.glossary else ""
    model = f" --model {shlex.quote(shown.options.model)}" if shown.options.model else ""
    given = f", model={json.dumps(shown.options.model)}" if shown.options.model else ""
    command = f"python -m llm_core translate --to {shown.to} {file} --out {out}{terms}{model}"
    call = f'Client("http://127.0.0.1:7860").predict(text, to="{shown.to}"{given}, api_name="/translate")'
    return (
        f'<details class="cmd"><summary>{say(language, "translate.script")}</summary>'
        f'<pre tabindex="0"><code>{escape(command)}</code></pre><pre tabindex="0"><code>{escape(call)}</code></pre>'
        "</details>"
    )


def _lang(text: str) -> str:
    """The attribute that says in which language a text is."""
    found = language_of(text)
    return f' lang="{TAGS[found]}"' if found else ""
