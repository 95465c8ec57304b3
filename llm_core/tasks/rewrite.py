"""A summary in the model's own words, piece by piece, each checked by code against the stretch that it is made from.

Small models summarize a few sentences well and a page badly: they copy its beginning. So a text is cut into a few
stretches (of a long one, of its key sentences only) and each is told in one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Generator as Generating
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from llm_core.engines.base import Finished, Generator, Idle, Message, Opening, Reading, Sampling, Waiting, Writing
from llm_core.events import Delta, Event, Item, Notice, Progress, Tick
from llm_core.messages import Language
from llm_core.tasks import rewrite_check
from llm_core.tasks.chat import progress
from llm_core.tasks.key_sentences import key_sentences
from llm_core.tasks.rewrite_prompts import LIMITS, Ask, prompt
from llm_core.tasks.sections import Section, Sentence
from llm_core.tasks.summary import Form, Part, Rejected
from llm_core.text.sentences import split
from llm_core.text.spans import Span
from llm_core.text.words import words

STRETCH_TOKENS: Final = 420  # what is read for one sentence
STRETCHES_MAX: Final = 6
STRETCHES_FEWEST: Final[dict[Form, int]] = {"sentence": 1, "headline": 1, "paragraph": 2, "points": 3}
SHORT_TOKENS: Final = 110  # the least that is worth a sentence of its own
ONE_READING_TOKENS: Final = 900  # a text up to here is read whole for one sentence or a headline
TRIES: Final = 2
READ_SHARE: Final = 0.75  # of the time of one part goes into reading, on a CPU

_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]")
_LABEL: Final = re.compile(
    r"^(?:标题|题目|主题|摘要|总结|概括|回答|title|headline|topic|summary|answer)\s*[:：]\s*", re.I
)
_BULLET: Final = re.compile(r"^(?:[-*•·]|\d{1,2}[.)、])\s*")
_QUOTES: Final = "\"'“”‘’「」『』《》"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one sentence of the summary is made from: the text that is read, and where it stands."""

    text: str
    span: Span
    sentences: tuple[Sentence, ...]


def tokens_of(text: str) -> float:
    """About how many tokens a model reads: two thirds a Chinese character, a quarter a Latin letter."""
    han = len(_HAN.findall(text))
    return 0.66 * han + 0.27 * (len(text) - han)


def stretches(text: str, sections: Sequence[Section], form: Form) -> list[Stretch]:
    """The text in a few stretches of about equal length; of a long text, of the sentences that carry most."""
    sentences = [sentence for section in sections for sentence in section.sentences if not sentence.aside]
    sentences = sentences or [sentence for section in sections for sentence in section.sentences]
    total = sum(tokens_of(sentence.span.of(text)) for sentence in sentences)
    if total > STRETCH_TOKENS * STRETCHES_MAX:
        share = STRETCH_TOKENS * STRETCHES_MAX / total
        keys = key_sentences(text, sections, max(1, int(len(sentences) * share)))
        sentences = [Sentence(key.span) for key in keys]
        total = sum(tokens_of(sentence.span.of(text)) for sentence in sentences)
    if form in ("sentence", "headline") and total <= ONE_READING_TOKENS:
        count = 1
    else:
        count = min(STRETCHES_MAX, max(STRETCHES_FEWEST[form], round(total / STRETCH_TOKENS * 1.3)))
        count = max(1, min(count, int(total / SHORT_TOKENS), len(sentences)))
    return _even(text, sentences, count, total)


def _even(text: str, sentences: Sequence[Sentence], count: int, total: float) -> list[Stretch]:
    groups: list[list[Sentence]] = [[]]
    done = 0.0
    for sentence in sentences:
        if groups[-1] and done >= total * len(groups) / count:
            groups.append([])
        groups[-1].append(sentence)
        done += tokens_of(sentence.span.of(text))
    return [_stretch(text, group) for group in groups if group]


def _stretch(text: str, group: Sequence[Sentence]) -> Stretch:
    contents = [sentence.span.of(text) for sentence in group]
    joiner = "" if _HAN.search(contents[0]) else " "
    return Stretch(joiner.join(contents), Span(group[0].span.start, group[-1].span.end), tuple(group))


def expected_s(found: Sequence[Stretch], form: Form, parameters: int) -> float:
    """About how long the model takes on two cores of a CPU, where nothing has to be asked again.

    A model of 1.5 billion parameters reads 70 tokens a second and writes 25 there.
    """
    size = max(parameters, 100_000_000) / 1.5e9
    steps = len(found) + (len(found) > 1 and form in ("sentence", "headline"))
    read = sum(tokens_of(stretch.text) + 30 for stretch in found)
    return size * (read / 70 + steps * 35 / 25)


def rewrite(
    text: str,
    found: Sequence[Stretch],
    form: Form,
    to: Language,
    generator: Generator,
    *,
    parameters: int,
    visitor: str = "",
) -> Generating[Event, None, tuple[Part, ...]]:
    """Write the summary.

    Args:
        text: the source.
        found: its stretches.
        form: of the summary.
        to: its language.
        generator: the model.
        parameters: its size.
        visitor: for the waiting line.

    Yields:
        Progress("rewriting"), a Delta for the text of each part, Item(Rejected) where it is taken back, Item(Part)
        where it is whole, Notice("summary_stood_in").

    Returns:
        The parts of the summary in order.
    """
    writer = _Writer(generator, to, parameters, visitor)
    gathered = form in ("sentence", "headline") and len(found) > 1
    steps = len(found) + gathered
    ask: Ask = "headline" if form == "headline" and not gathered else "sentence" if form == "sentence" else "point"
    parts: list[Part] = []
    for number, stretch in enumerate(found):
        part = yield from writer.part(stretch, ask, number, steps, quiet=gathered)
        parts.append(part)
        if not gathered:
            yield Item(part)
    if gathered:
        whole = Stretch(_joined(parts, to), Span(found[0].span.start, found[-1].span.end), ())
        last: Ask = "headline" if form == "headline" else "sentence"
        fallback = parts[0] if parts else None
        part = yield from writer.part(whole, last, 0, steps, done=len(found), against=text, fallback=fallback)
        parts = [part]
        yield Item(part)
    stood_in = sum(part.state == "stood_in" for part in parts)
    if stood_in:
        yield Notice("summary_stood_in", {"n": stood_in, "total": len(parts)})
    return tuple(parts)


def _joined(parts: Sequence[Part], to: Language) -> str:
    return ("" if to == "zh" else " ").join(part.text for part in parts)


class _Writer:
    """Asks the model for one part at a time, and asks again where what it wrote is of no use."""

    def __init__(self, generator: Generator, to: Language, parameters: int, visitor: str) -> None:
        self._generator = generator
        self._to = to
        self._parameters = parameters
        self._visitor = visitor

    def part(
        self,
        stretch: Stretch,
        ask: Ask,
        number: int,
        steps: int,
        *,
        done: int | None = None,
        quiet: bool = False,
        against: str | None = None,
        fallback: Part | None = None,
    ) -> Generating[Event, None, Part]:
        """One part, whatever the model does: at the worst a key sentence."""
        at = number if done is None else done
        for attempt in range(TRIES):
            written = yield from self._ask(stretch.text, ask, number, at, steps, again=attempt > 0, quiet=quiet)
            cleaned = clean(written, ask, self._to)
            faults = rewrite_check.faults(cleaned, against or stretch.text, self._to)
            if not faults:
                return Part(cleaned, stretch.span, "written", number)
            if not quiet:
                yield Item(Rejected(number, faults[0]))
        return fallback or _stand_in(stretch, number)

    def _ask(
        self, text: str, ask: Ask, number: int, at: int, steps: int, *, again: bool, quiet: bool
    ) -> Generating[Event, None, str]:
        request = prompt(ask, self._to, text, parameters=self._parameters, again=again)
        sampling = Sampling(temperature=0.0, max_tokens=LIMITS[ask].tokens)
        running = self._generator.generate([[Message("user", request)]], sampling, visitor=self._visitor)
        written: list[str] = []
        try:
            for step in running:
                match step:
                    case Writing():
                        written.append(step.text)
                        yield Tick() if quiet else Delta(step.text, number)
                    case Reading():
                        share = READ_SHARE * step.done / max(1, step.total)
                        yield Progress("rewriting", round(at + share, 2), steps, "parts")
                    case Finished():
                        yield Progress("rewriting", at + 1, steps, "parts")
                    case Opening() | Waiting():
                        yield progress(step)
                    case Idle():
                        yield Tick()
        finally:
            if isinstance(running, Generating):
                running.close()
        return "".join(written)


def clean(written: str, ask: Ask, to: Language) -> str:
    """What the model wrote without what it writes around it, cut at a sentence's end to the length asked for."""
    lines = [_LABEL.sub("", _BULLET.sub("", line.strip().strip("*# "))) for line in written.splitlines()]
    lines = [line for line in lines if line]
    if not lines:
        return ""
    limit = LIMITS[ask].units[to]
    if ask == "headline":
        line = lines[0].strip(_QUOTES).rstrip("。.")
        return line if size(line, to) <= limit else ""
    kept = ""
    for span in split(lines[0]):
        longer = lines[0][: span.end]
        if kept and size(longer, to) > limit:
            break
        kept = longer
    kept = kept.strip().strip(_QUOTES if kept[:1] in _QUOTES and kept[-1:] in _QUOTES else "")
    return kept if size(kept, to) <= 1.5 * limit else ""


def size(text: str, to: Language) -> int:
    """Characters of Chinese without marks, or words of English."""
    return len(re.findall(r"\w", text)) if to == "zh" else len(words(text))


def _stand_in(stretch: Stretch, number: int) -> Part:
    """The key sentence of the stretch."""
    start = 0
    sentences = []
    for span in split(stretch.text):
        sentences.append(Sentence(span))
        start = span.end
    section = Section(Span(0, start), "", tuple(sentences))
    key = key_sentences(stretch.text, [section], 1)[0]
    return Part(key.span.of(stretch.text), stretch.span, "stood_in", number)
