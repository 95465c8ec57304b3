"""Summarize: key sentences at once, and on request a text in the model's own words. Knows no storage and no face."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Generator as Generating
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from llm_core.documents.document import Document
from llm_core.engines.base import Generator
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Notice
from llm_core.messages import Language
from llm_core.tasks import rewrite
from llm_core.tasks.key_sentences import key_sentences, usual_count
from llm_core.tasks.sections import Section, sections, title_of
from llm_core.tasks.summary import Form, KeySentence, Part, SectionPlace, Summary, SummaryOptions
from llm_core.tasks.waiting import ticking
from llm_core.text.keywords import keywords
from llm_core.text.language import language

KEYWORDS: Final = 8
WORTH_A_WORD_S: Final = 15  # a shorter wait is not announced


@dataclass(frozen=True, slots=True)
class Writer:
    """A language model and its size, for what is rewritten."""

    generator: Generator
    parameters: int


Ready: TypeAlias = Callable[[], Generating[Event, None, Writer]]


def summarize(source: str | Document, options: SummaryOptions) -> Events:
    """The key sentences of a text.

    Args:
        source: a text, or a document with its headings.
        options: `method` "key".

    Yields:
        Progress ("choosing"), at last Done(Summary).

    Raises:
        UserError: `text_empty`.
    """
    summary, _ = yield from _key(source, options)
    yield Done(summary)


def rewritten(source: str | Document, options: SummaryOptions, ready: Ready, *, visitor: str = "") -> Events:
    """The key sentences, and a summary that the model writes.

    Args:
        source: a text, or a document with its headings.
        options: with the form and the language.
        ready: waits for the model, once the key sentences have been given out.
        visitor: for the waiting line.

    Yields:
        Item(Summary) with the key sentences at once; what `ready` yields; Notice ("summary_takes"); what
        `rewrite.rewrite` yields; at last Done(Summary).

    Raises:
        UserError: `text_empty`, and those of the engine.
    """
    summary, found = yield from _key(source, options)
    yield Item(summary)
    writer = yield from ready()
    text = source if isinstance(source, str) else source.text
    stretches = yield from ticking(lambda: rewrite.stretches(text, found, options.form), "choosing")
    seconds = rewrite.expected_s(stretches, writer.parameters)
    if seconds >= WORTH_A_WORD_S:
        yield Notice("summary_takes", {"t": round(seconds)})
    to: Language = options.to or summary.language or "en"
    parts = yield from rewrite.rewrite(
        stretches, options.form, to, writer.generator, parameters=writer.parameters, visitor=visitor
    )
    yield Done(replace(summary, summary=joined(parts, options.form, to), parts=parts, form=options.form))


def joined(parts: tuple[Part, ...], form: Form, to: Language) -> str:
    """The parts as one text: points as a list, sentences as a paragraph."""
    texts = [part.text for part in sorted(parts, key=lambda part: part.number)]
    if form == "points":
        return "\n".join(f"- {text}" for text in texts)
    return ("" if to == "zh" else " ").join(texts)


def _key(source: str | Document, options: SummaryOptions) -> Generating[Event, None, tuple[Summary, list[Section]]]:
    text = source if isinstance(source, str) else source.text
    if not text.strip():
        raise UserError("text_empty")
    found = yield from ticking(lambda: sections(source), "choosing")
    summary = yield from ticking(lambda: _summary(source, text, found, options), "choosing")
    return summary, found


def _summary(source: str | Document, text: str, found: list[Section], options: SummaryOptions) -> Summary:
    keys = key_sentences(text, found, _count(found, options))
    chosen = tuple(KeySentence(key.span.of(text), *key.span, key.section) for key in keys)
    covered = {key.section for key in keys}
    spoken = language(text)
    return Summary(
        summary=("" if spoken == "zh" else " ").join(sentence.text for sentence in chosen),
        sentences=chosen,
        keywords=tuple(keywords(text, KEYWORDS)),
        places=tuple(SectionPlace(*one.span, one.heading, i in covered) for i, one in enumerate(found)),
        method=options.method,
        title=title_of(source),
        language=spoken,
        chars=len(text),
    )


def _count(found: list[Section], options: SummaryOptions) -> int:
    total = sum(len(section.sentences) for section in found)
    if options.sentences is not None:
        return options.sentences
    if options.ratio is not None:
        return max(1, round(total * options.ratio))
    return usual_count(total, len(found))
