"""The Summarize tab as HTML: the source with its marks, what was made of it, what stands there before either."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from llm_core.documents.document import Document
from llm_core.messages import Language, say
from llm_core.tasks.summary import KeySentence, Part, Summary, SummaryOptions
from llm_core.text.language import language as language_of
from llm_core.text.paragraphs import paragraphs
from llm_core.text.spans import Span

EXAMPLES: Final = Path(__file__).parents[3] / "assets" / "examples" / "summarize"
TAGS: Final[dict[Language, str]] = {"en": "en", "zh": "zh-CN"}
SHOWN_CHARS_MAX: Final = 40_000  # of a longer text only the paragraphs with key sentences are shown
PARAGRAPH_CHARS_MAX: Final = 1500
TITLE_CHARS_MAX: Final = 80


def examples(language: Language) -> list[tuple[str, str]]:
    """The examples of a language first: id and title."""
    names = sorted(EXAMPLES.glob("*.txt"), key=lambda path: (f".{language}." not in path.name, path.name))
    return [(path.name, path.read_text("utf-8").partition("\n")[0].strip()) for path in names]


def example(name: str) -> str:
    """The text of an example; nothing where there is none of that name."""
    known = {path.name: path for path in EXAMPLES.glob("*.txt")}
    return known[name].read_text("utf-8").strip() if name in known else ""


def empty(language: Language, trust: str) -> str:
    """Before the first text: what this does, whether the text stays here, texts to try."""
    own = [one for one in examples(language) if f".{language}." in one[0]][:2]
    other = [one for one in examples(language) if f".{language}." not in one[0]][:1]
    lines = "".join(
        f'<li><button data-do="example" data-id="{escape(name)}"{lang(title)}>{escape(title)}</button></li>'
        for name, title in [*own, *other]
    )
    return (
        f'<section class="empty"><h2>{say(language, "summarize.empty")}</h2>'
        f"<p>{say(language, 'summarize.trust')} {escape(trust)}</p>"
        f'<p class="why">{say(language, "summarize.try")}</p><ul class="starts">{lines}</ul></section>'
    )


def notice(sentence: str, *, doubt: bool = False) -> str:
    """What went wrong, or what to know, in its place."""
    return f'<div class="notice{" doubt" if doubt else ""}" role="status"><p>{escape(sentence)}</p></div>'


def source(origin: str | Document, summary: Summary, language: Language) -> str:
    """The text that was summarized, with a numbered mark under each key sentence."""
    text = origin if isinstance(origin, str) else origin.text
    name = say(language, "summarize.pasted") if isinstance(origin, str) else origin.name
    title = summary.title or " ".join(summary.sentences[0].text.split())
    shown = title if len(title) <= TITLE_CHARS_MAX else title[:TITLE_CHARS_MAX] + "…"
    figures = [escape(name), say(language, "summarize.chars", n=len(text))]
    if summary.language:
        figures.append(say(language, f"summarize.in_{summary.language}"))
    meter = "".join(f"<span>{figure}</span>" for figure in figures)
    body = "".join(_body(text, summary, language))
    again = f'<p class="tools"><button class="quiet" data-do="other">{say(language, "summarize.other")}</button></p>'
    tag = f' lang="{TAGS[summary.language]}"' if summary.language else ""
    return (
        f'<div class="dochead"><h2{lang(shown)}>{escape(shown)}</h2><p class="meter">{meter}</p></div>'
        f'<div class="text source"{tag}>{body}</div>{again}'
    )


def _body(text: str, summary: Summary, language: Language) -> Iterator[str]:
    """The paragraphs; of a long text those with key sentences, and how much stands between them."""
    long = len(text) > SHOWN_CHARS_MAX
    keys = list(enumerate(summary.sentences, 1))
    skipped = at = 0
    for number, paragraph in enumerate(paragraphs(text)):
        if number == 0 and paragraph.of(text).strip("# ") == summary.title:
            continue  # it stands above
        inside = []
        while at < len(keys) and keys[at][1].start < paragraph.end:
            inside.append(keys[at])
            at += 1
        if long and not inside:
            skipped += paragraph.end - paragraph.start
            continue
        if skipped:
            yield f'<p class="gap">{say(language, "summarize.gap", n=skipped)}</p>'
            skipped = 0
        yield f"<p>{_marked(text, paragraph, inside)}</p>"
    if skipped:
        yield f'<p class="gap">{say(language, "summarize.gap", n=skipped)}</p>'


def _marked(text: str, paragraph: Span, keys: Sequence[tuple[int, KeySentence]]) -> str:
    parts, place = [], paragraph.start
    for number, key in keys:
        parts.append(_shortened(text[place : key.start], keep_end=True))
        sentence = escape(text[key.start : key.end])
        parts.append(f'<mark data-link="key-{number}" tabindex="0"><sup>{number}</sup>{sentence}</mark>')
        place = key.end
    parts.append(_shortened(text[place : paragraph.end], keep_end=False))
    return "".join(parts)


def _shortened(text: str, *, keep_end: bool) -> str:
    """A stretch between marks; of an endless one, the side that touches the mark."""
    if len(text) <= PARAGRAPH_CHARS_MAX:
        return escape(text)
    return escape("…" + text[-PARAGRAPH_CHARS_MAX:] if keep_end else text[:PARAGRAPH_CHARS_MAX] + "…")


def keys(summary: Summary) -> str:
    """The key sentences as a numbered list."""
    lines = "".join(
        f'<li data-link="key-{number}" tabindex="0"{lang(key.text)}>{escape(" ".join(key.text.split()))}</li>'
        for number, key in enumerate(summary.sentences, 1)
    )
    return f'<ol class="keys">{lines}</ol>'


def written(parts: Sequence[Part | str], form: str, language: Language) -> str:
    """What the model wrote: parts that are whole, and the one that grows."""
    shown = []
    for part in parts:
        text = part if isinstance(part, str) else part.text
        stood_in = not isinstance(part, str) and part.state == "stood_in"
        hint = f' title="{say(language, "summarize.stood_in")}"' if stood_in else ""
        kind = ' class="stood-in"' if stood_in else ""
        shown.append(f"<span{kind}{hint}{lang(text)}>{escape(text)}</span>")
    if form == "points":
        return f'<ul class="written points">{"".join(f"<li>{one}</li>" for one in shown)}</ul>'
    kind = "written headline" if form == "headline" else "written"
    joiner = "" if any(language_of(p if isinstance(p, str) else p.text) == "zh" for p in parts) else " "
    return f'<p class="{kind}">{joiner.join(shown)}</p>'


def cover(summary: Summary, language: Language) -> str:
    """Where in the text the key sentences stand, section by section."""
    whole = max(1, summary.places[-1].end - summary.places[0].start)
    first = summary.places[0].start
    bars = "".join(
        f'<i class="{"" if place.covered else "bare"}" style="flex:{max(1, place.end - place.start)}"'
        f' title="{escape(place.heading)}"></i>'
        for place in summary.places
    )
    ticks = "".join(
        f'<b style="left:{100 * (key.start - first) / whole:.2f}%" data-link="key-{number}"><span>{number}</span></b>'
        for number, key in enumerate(summary.sentences, 1)
    )
    share = sum(key.end - key.start for key in summary.sentences) / max(1, summary.chars)
    told = say(language, "summarize.cover", covered=summary.covered, sections=summary.sections, share=share)
    crowded = " crowded" if len(summary.sentences) > 14 else ""
    return (
        f'<p class="heading">{say(language, "summarize.where")}</p>'
        f'<div class="cover{crowded}" role="img" aria-label="{escape(told)}">{bars}{ticks}</div>'
        f'<p class="meter">{told}</p>'
    )


def words(summary: Summary, language: Language) -> str:
    """The keywords, the first one in bold."""
    if not summary.keywords:
        return ""
    first, *others = (escape(word) for word in summary.keywords)
    gap = say(language, "summarize.list_gap")
    listed = gap.join([f"<b>{first}</b>", *others])
    return f'<p class="heading">{say(language, "summarize.keywords")}</p><p class="words">{listed}</p>'


def script(options: SummaryOptions, name: str | None, language: Language) -> str:
    """How a program does the same.

    Args:
        options: what was asked for.
        name: of the file, None for a pasted text.
        language: of the page.
    """
    given = options.model_dump(exclude_defaults=True)
    flags = "".join(f" --{option} {shlex.quote(str(value))}" for option, value in given.items())
    file = "-" if name is None else json.dumps(name, ensure_ascii=False)
    command = f"python -m llm_core summarize {file}{flags} --json"
    values = "".join(f", {option}={json.dumps(value)}" for option, value in given.items())
    call = f'Client("http://127.0.0.1:7860").predict(text{values}, api_name="/summarize")'
    return (
        f'<details class="cmd"><summary>{say(language, "summarize.script")}</summary>'
        f'<pre tabindex="0"><code>{escape(command)}</code></pre><pre tabindex="0"><code>{escape(call)}</code></pre>'
        "</details>"
    )


def waiting(said: str, share: float | None) -> str:
    """What is happening, and a hairline that says how far it has come."""
    line = f'<i class="line" style="--w:{share:.4f}"></i>' if share is not None else '<i class="line runs"></i>'
    return f'<div class="wait" role="status"><p class="meter">{said}</p>{line}</div>'


def lang(text: str) -> str:
    """The attribute that says in which language a text is."""
    found = language_of(text)
    return f' lang="{TAGS[found]}"' if found else ""
