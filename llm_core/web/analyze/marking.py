"""A text with its marks as HTML: sentences coloured by what they say, names underlined by their kind."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from llm_core.documents.document import Document
from llm_core.messages import Language, say
from llm_core.tasks.analysis import Analysis, Name, Opinion
from llm_core.text.paragraphs import paragraphs
from llm_core.text.sentences import split
from llm_core.text.spans import Span
from llm_core.web.analyze import pieces

SHOWN_CHARS_MAX: Final = 40_000
TITLE_CHARS_MAX: Final = 80
SENTENCE_ENDS: Final = tuple(".。!！?？;；…")


@dataclass(frozen=True, slots=True)
class Marks:
    """A text and what stands where in it."""

    text: str
    sentences: Sequence[Span]
    opinions: Mapping[int, Opinion]  # by the start of the sentence
    names: Sequence[Name]

    @classmethod
    def of(cls, text: str, found: Analysis) -> Marks:
        """From what was found so far."""
        names = sorted(found.entities, key=lambda name: (name.start, -name.end))
        return cls(text, split(text), {one.start: one for one in found.sentences}, names)


def shown(origin: str | Document, found: Analysis, language: Language) -> str:
    """The text with its sentences coloured and its names underlined."""
    text = pieces.text_of(origin)
    marks = Marks.of(text, found)
    places = paragraphs(text[:SHOWN_CHARS_MAX])
    titled = len(places) > 1 and _is_title(places[0].of(text))
    named = origin.name if isinstance(origin, Document) else say(language, "analyze.pasted")
    figures = [named, say(language, "analyze.chars", n=len(text)),
               say(language, "analyze.sentences", n=len(marks.sentences))]  # fmt: skip
    meter = "".join(f"<span>{escape(figure)}</span>" for figure in figures)
    bare = Marks(text, marks.sentences, {}, marks.names)  # a title has no opinion
    head = f"<h2{pieces.lang(places[0].of(text))}>{_marked(bare, places[0], language)}</h2>" if titled else ""
    body = "".join(f"<p>{_marked(marks, place, language)}</p>" for place in places[1 if titled else 0 :])
    tag = f' lang="{pieces.TAGS[found.language]}"' if found.language else ""
    cut = ""
    if len(text) > SHOWN_CHARS_MAX:
        cut = f'<p class="why">{say(language, "analyze.cut", n=SHOWN_CHARS_MAX, chars=len(text))}</p>'
    again = f'<p class="tools"><button class="quiet" data-do="other">{say(language, "analyze.other")}</button></p>'
    return (
        f'<div class="dochead">{head}<p class="meter">{meter}</p></div>{_toggles(found, language)}'
        f'<div class="text source marked"{tag}>{body}</div>{cut}{again}'
    )


def named(text: str, names: Sequence[Name], language: Language) -> str:
    """A short text with its names underlined, each with its kind."""
    marks = Marks(text, split(text), {}, sorted(names, key=lambda name: (name.start, -name.end)))
    body = "".join(f"<p>{_marked(marks, place, language)}</p>" for place in paragraphs(text))
    return f'<div class="text source marked"{pieces.lang(text)}>{body}</div>'


def _is_title(line: str) -> bool:
    return len(line) <= TITLE_CHARS_MAX and not line.rstrip().endswith(SENTENCE_ENDS)


def _toggles(found: Analysis, language: Language) -> str:
    """What is shown over the text; the style sheet follows the ticks."""
    parts = [name for name, there in (("entities", found.entities), ("sentiment", found.sentences)) if there]
    boxes = "".join(
        f'<label><input type="checkbox" class="show-{name}" checked> {say(language, f"analyze.part_{name}")}</label>'
        for name in parts
    )
    return (
        f'<fieldset class="ticks"><legend>{say(language, "analyze.show")}</legend>{boxes}</fieldset>' if boxes else ""
    )


def _marked(marks: Marks, place: Span, language: Language) -> str:
    parts, at = [], place.start
    first = bisect_left(marks.sentences, place.start, key=lambda span: span.start)
    for sentence in marks.sentences[first:]:
        if sentence.start >= place.end:
            break
        end = min(sentence.end, place.end)
        parts.append(escape(marks.text[at : sentence.start]))
        parts.append(_sentence(marks, Span(sentence.start, end), language))
        at = end
    parts.append(escape(marks.text[at : place.end]))
    return "".join(parts)


def _sentence(marks: Marks, span: Span, language: Language) -> str:
    opinion = marks.opinions.get(span.start)
    inside = _names(marks, span, language)
    first = 0 if span.start == marks.sentences[0].start else -1
    place = f'class="sent" data-at="{span.start}" data-link="s{span.start}" tabindex="{first}"'
    if opinion is None:
        return f"<span {place}>{inside}</span>"
    told = pieces.opinion_word(opinion.label, opinion.score, language)
    value = pieces.signed(opinion)
    side = "up" if value >= pieces.FAINT else "down" if value <= -pieces.FAINT else "flat"
    place = place.replace('class="sent"', f'class="sent {side}" style="--k:{abs(value):.2f}"')
    return f'<span {place} data-tip="{told}" aria-description="{told}">{inside}</span>'


def _names(marks: Marks, span: Span, language: Language) -> str:
    parts, at = [], span.start
    first = bisect_left(marks.names, span.start, key=lambda name: name.start)
    for name in marks.names[first:]:
        if name.start >= span.end:
            break
        if name.start < at or name.end > span.end:
            continue  # within another one
        kind, word = pieces.kind_of(name.type), escape(pieces.kind_word(name.type, language))
        parts.append(escape(marks.text[at : name.start]))
        parts.append(
            f'<span class="ent is-{kind}" data-word="{word}" data-tip="{word} {name.score:.2f}">'
            f"{escape(name.text)}</span>"
        )
        at = name.end
    parts.append(escape(marks.text[at : span.end]))
    return "".join(parts)
