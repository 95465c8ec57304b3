"""Translate: Chinese and English, sentence by sentence, each checked by code. Knows no storage and no face.

Several sentences are with the model at once. What code doubts is asked again once in the way that suits the doubt,
and the better of the two is kept, with its doubts.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Generator as Generating
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from llm_core.documents.document import Document
from llm_core.engines.base import Encoder, Generator, Translator
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Notice, Progress
from llm_core.messages import Language
from llm_core.tasks.draft_writer import DraftWriter
from llm_core.tasks.glossary import Glossary
from llm_core.tasks.segments import Segment, direction, segments, translated
from llm_core.tasks.sentence_writer import Draft, SentenceWriter, Way, Writer, checked
from llm_core.tasks.translation import Pair, Translation, TranslationOptions
from llm_core.tasks.waiting import quietly, ticking

AT_ONCE: Final = (2, 4, 6)  # sentences with the model together: few at first, so that something stands there soon
WORTH_A_WORD_S: Final = 15  # a shorter wait is not announced
AGAIN_TEMPERATURE: Final = 0.7


@dataclass(frozen=True, slots=True)
class Engines:
    """What a translation is made with: a language model, its size, and an encoder that compares meanings."""

    generator: Generator
    parameters: int
    encoder: Encoder


@dataclass(frozen=True, slots=True)
class Drafting:
    """What a draft is made with: a small model that translates and does nothing else, its size, and an encoder."""

    translator: Translator
    parameters: int
    encoder: Encoder


def translate(
    source: str | Document, options: TranslationOptions, engines: Engines | Drafting, *, visitor: str = ""
) -> Events:
    """Translate a text.

    Args:
        source: a text, or a document.
        options: direction and glossary; `model` has been looked at already.
        engines: what it is made with.
        visitor: for the waiting line.

    Yields:
        Notice("translation_draft") where a small model drafts it; Notice("translation_takes") where it takes a
        while; Progress("translating", sentences) with speed and time left; Item(Pair) for each sentence in order; at
        last Done(Translation).

    Raises:
        UserError: `text_empty`, and those of the engines.
    """
    text = source if isinstance(source, str) else source.text
    if not text.strip():
        raise UserError("text_empty")
    draft = isinstance(engines, Drafting)
    if draft:
        yield Notice("translation_draft")
    to: Language = options.to or direction(source)
    found = yield from ticking(lambda: segments(source, to), "preparing")
    pace = Pace(found, engines.parameters, to)
    if pace.expected_s >= WORTH_A_WORD_S:
        yield Notice("translation_takes", {"n": pace.total, "t": round(pace.expected_s)})
    yield pace.progress(0)
    writer = _writer(engines, options, to, visitor)
    pairs: list[Pair] = []
    for batch in batches(found):
        for pair in (yield from _batch(batch, writer, engines.encoder, pace)):
            pairs.append(pair)
            yield pace.progress(len(pairs))
            yield Item(pair)
    yield Done(Translation(translated(source, pairs, to), tuple(pairs), to, len(found), draft))


def again(
    pair: Pair,
    options: TranslationOptions,
    engines: Engines | Drafting,
    to: Language,
    *,
    visitor: str = "",
    seed: int = 0,
) -> Events:
    """Another translation of one sentence: drawn, not the likeliest one.

    Yields:
        Progress and ticks, at last Done(Pair).
    """
    writer = _writer(engines, options, to, visitor)
    segment = Segment(pair.number, pair.source, pair.text, kept=False)
    way = Way(temperature=AGAIN_TEMPERATURE, seed=seed)
    drafts = yield from writer.write([(segment, way)])
    drafts = yield from _checked(drafts, writer, engines.encoder)
    drafts = yield from _improved(drafts, writer, engines.encoder)
    yield Done(_pair(drafts[0]))


def _writer(engines: Engines | Drafting, options: TranslationOptions, to: Language, visitor: str) -> Writer:
    glossary = Glossary(options.glossary, to)
    if isinstance(engines, Drafting):
        return DraftWriter(engines.translator, glossary, to)
    return SentenceWriter(engines.generator, engines.parameters, glossary, to, visitor)


def batches(found: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Sentences that are worked on together; those with nothing to translate come along for free."""
    batch: list[Segment] = []
    sizes = itertools.chain(AT_ONCE, itertools.repeat(AT_ONCE[-1]))
    size = next(sizes)
    for segment in found:
        batch.append(segment)
        if sum(not one.kept for one in batch) == size:
            yield batch
            batch, size = [], next(sizes)
    if batch:
        yield batch


def _batch(
    batch: Sequence[Segment], writer: Writer, encoder: Encoder, pace: Pace
) -> Generating[Event, None, list[Pair]]:
    work = [(segment, Way()) for segment in batch if not segment.kept]
    drafts: list[Draft] = []
    if work:
        writing = writer.write(work)
        drafts = yield from pace.paced(writing)
        drafts = yield from _checked(drafts, writer, encoder)
        drafts = yield from _improved(drafts, writer, encoder)
    pace.note(batch)
    made = {draft.segment.number: _pair(draft) for draft in drafts}
    return [made.get(one.number) or Pair(one.number, one.span, one.text, one.text, kept=True) for one in batch]


def _checked(drafts: Sequence[Draft], writer: Writer, encoder: Encoder) -> Generating[Event, None, list[Draft]]:
    """With their doubts. Takes a moment only when the encoder is opened; the count of sentences stays in sight."""
    return (yield from quietly(lambda: checked(drafts, writer, encoder), "translating"))


def _improved(drafts: Sequence[Draft], writer: Writer, encoder: Encoder) -> Generating[Event, None, list[Draft]]:
    """The doubtful ones asked again, and the better of both."""
    best = {draft.segment.number: draft for draft in drafts}
    again = [(draft.segment, way) for draft in drafts if (way := writer.another_way(draft))]
    if again:
        seconds = yield from writer.write(again)
        seconds = yield from _checked(seconds, writer, encoder)
        for draft in seconds:
            if draft.faults < best[draft.segment.number].faults:
                best[draft.segment.number] = draft
    return [best[draft.segment.number] for draft in drafts]


def _pair(draft: Draft) -> Pair:
    segment = draft.segment
    return Pair(segment.number, segment.span, segment.text, draft.target, draft.doubts)


class Pace:
    """How fast it goes and how long it will take, guessed before it starts and measured from then on.

    Args:
        found: all sentences.
        parameters: of the model.
        to: the language of the translation.
    """

    def __init__(self, found: Sequence[Segment], parameters: int, to: Language) -> None:
        self.total = len(found)
        self._left = sum(len(segment.text) for segment in found if not segment.kept)
        self._all = max(1, self._left)
        # 1.5 billion parameters read 70 and write 25 tokens a second on two cores; a sentence is read once, with a
        # dozen tokens around it, and written once.
        tokens = self._left * (0.27 if to == "zh" else 0.66)
        count = sum(not segment.kept for segment in found)
        size = max(parameters, 50_000_000) / 1.5e9
        self.expected_s = size * ((tokens + 12 * count) / 70 + 1.1 * tokens / 25)
        self._began = time.monotonic()
        self._sentences = 0
        self._measured = 0.0  # seconds, up to the last sentence that is done
        self._done_chars = 0

    def note(self, batch: Sequence[Segment]) -> None:
        """These are done."""
        self._sentences += len(batch)
        self._done_chars += sum(len(segment.text) for segment in batch if not segment.kept)
        self._measured = time.monotonic() - self._began

    def progress(self, done: int) -> Progress:
        """How far it has come."""
        left = self._all - self._done_chars
        seconds = self._measured * left / self._done_chars if self._done_chars else self.expected_s
        speed = self._sentences / self._measured if self._measured > 0 and self._done_chars else None
        return Progress(
            "translating", done, self.total, "sentences", per_second=speed, seconds_left=max(0.0, seconds)
        )

    def paced(self, writing: Generating[Event, None, list[Draft]]) -> Generating[Event, None, list[Draft]]:
        """The events of the writer; the clock begins when the model is open and free."""
        while True:
            try:
                event = next(writing)
            except StopIteration as end:
                drafts: list[Draft] = end.value
                return drafts
            if isinstance(event, Progress) and not self._sentences:  # opening, or waiting in line
                self._began = time.monotonic()
            yield event
