"""A summary in the model's own words, piece by piece, each checked by code against the sentences it is made from.

Small models compress two or three sentences well and a page badly: they copy its beginning or say generalities. So a
text is cut into a few stretches, the model reads the key sentences of each, and tells them in one sentence. A book
takes no longer than a few pages.
"""

from __future__ import annotations

import re
from collections.abc import Generator as Generating
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from llm_core.engines.base import (
    Capability,
    Finished,
    Generator,
    Idle,
    Message,
    Opening,
    Prompt,
    Reading,
    Sampling,
    Waiting,
    Writing,
)
from llm_core.events import Delta, Event, Item, Notice, Progress, Tick
from llm_core.messages import Language
from llm_core.tasks import leftovers, rewrite_check, translation_prompts
from llm_core.tasks.chat import progress
from llm_core.tasks.key_sentences import key_sentences
from llm_core.tasks.rewrite_prompts import LIMITS, Ask, prompt
from llm_core.tasks.sections import Section, Sentence
from llm_core.tasks.summary import Form, Part, Rejected
from llm_core.text.language import language
from llm_core.text.normalize import one_line
from llm_core.text.sentences import split
from llm_core.text.spans import Span
from llm_core.text.words import words

READ_TOKENS: Final[dict[Form, int]] = {"sentence": 180, "headline": 180, "paragraph": 140, "points": 120}
PART_TOKENS: Final[dict[Form, int]] = {"paragraph": 100, "points": 80}  # of the text for a part, where it is short
PARTS_MAX: Final[dict[Form, int]] = {"sentence": 1, "headline": 1, "paragraph": 5, "points": 6}
KEYS_MAX: Final = 3  # sentences that are read for one part of several
TRIES: Final = 2
KEY_GROWTH: Final = 2.2  # of tokens, from a key sentence to its longest sound translation
READ_SHARE: Final = 0.6  # of the time of one part goes into reading, on a CPU

_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]")
_LABEL: Final = re.compile(
    r"^(?:标题|题目|主题|摘要|总结|概括|回答|title|headline|topic|summary|answer)\s*[:：]\s*", re.I
)
_LEAD: Final = re.compile(
    r"^(?:这|该|上面|本)(?:段|篇|则)?(?:文字|文章|话|报道|通知|内容|文)(?:主要)?(?:讲述|介绍|说明|描述|讨论|讲|说)了?的?(?:是)?[：:，]?"
    r"|^(?:this|the) (?:text|passage|article) (?:says|states|explains|notes|reports) that "
    r"|^the (?:topic|title|subject) of (?:this|the) (?:text|passage|article) is ",
    re.I,
)
_BULLET: Final = re.compile(r"^(?:[-*•·]|\d{1,2}[.)、])\s*")
_QUOTES: Final = "\"'“”‘’「」『』《》"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the text that one part of the summary tells, and those of its sentences that the model reads."""

    span: Span
    keys: tuple[str, ...]

    @property
    def read(self) -> str:
        """What the model reads."""
        return ("" if _HAN.search(self.keys[0]) else " ").join(" ".join(key.split()) for key in self.keys)


def tokens_of(text: str) -> float:
    """About how many tokens a model reads: two thirds a Chinese character, a quarter a Latin letter."""
    han = len(_HAN.findall(text))
    return 0.66 * han + 0.27 * (len(text) - han)


def stretches(text: str, sections: Sequence[Section], form: Form) -> list[Stretch]:
    """The text in a few stretches of about equal length, each with its key sentences; one for a single sentence."""
    sentences = [(i, s) for i, section in enumerate(sections) for s in section.sentences if not s.aside]
    sentences = sentences or [(i, s) for i, section in enumerate(sections) for s in section.sentences]
    sizes = [tokens_of(sentence.span.of(text)) for _, sentence in sentences]
    total = sum(sizes)
    count = min(PARTS_MAX[form], max(1, round(total / PART_TOKENS.get(form, 1))), len(sentences))
    groups: list[list[tuple[int, Sentence]]] = [[]]
    done = 0.0
    for one, size in zip(sentences, sizes, strict=True):
        if groups[-1] and done >= total * len(groups) / count:
            groups.append([])
        groups[-1].append(one)
        done += size
    return [_stretch(text, sections, group, form) for group in groups]


def _stretch(text: str, sections: Sequence[Section], group: Sequence[tuple[int, Sentence]], form: Form) -> Stretch:
    span = Span(group[0][1].span.start, group[-1][1].span.end)
    within: dict[int, list[Sentence]] = {}
    for section, sentence in group:
        within.setdefault(section, []).append(sentence)
    parts = [Section(span, sections[i].heading, tuple(inside)) for i, inside in within.items()]
    tokens = sum(tokens_of(sentence.span.of(text)) for _, sentence in group)
    if tokens <= READ_TOKENS[form]:
        return Stretch(span, tuple(sentence.span.of(text) for _, sentence in group))
    most = len(group) if PARTS_MAX[form] == 1 else KEYS_MAX
    mean = tokens / len(group)
    count = max(1, min(most, int(READ_TOKENS[form] / max(1.0, mean))))
    return Stretch(span, tuple(key.span.of(text) for key in key_sentences(text, parts, count)))


def expected_s(found: Sequence[Stretch], parameters: int) -> float:
    """About how long the model takes on two cores of a CPU, where nothing has to be asked again.

    A model of 1.5 billion parameters reads 70 tokens a second and writes 25 there.
    """
    size = max(parameters, 100_000_000) / 1.5e9
    read = sum(tokens_of(stretch.read) + 30 for stretch in found)
    return size * (read / 70 + len(found) * 35 / 25)


def rewrite(
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
        found: the stretches of the source.
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
    ask: Ask = form if form in ("sentence", "headline") else "point"
    parts: list[Part] = []
    for number, stretch in enumerate(found):
        part = yield from writer.part(stretch, ask, number, len(found))
        parts.append(part)
        yield Item(part)
    stood_in = sum(part.state == "stood_in" for part in parts)
    if stood_in:
        yield Notice("summary_stood_in", {"n": stood_in, "total": len(parts)})
    return tuple(parts)


class _Writer:
    """Asks the model for one part at a time, and asks again where what it wrote is of no use."""

    def __init__(self, generator: Generator, to: Language, parameters: int, visitor: str) -> None:
        self._generator = generator
        self._to = to
        self._parameters = parameters
        self._visitor = visitor

    def part(self, stretch: Stretch, ask: Ask, number: int, total: int) -> Generating[Event, None, Part]:
        """One part, whatever the model does: at the worst a key sentence, translated where need be."""
        across = language(stretch.read) not in (self._to, None)
        fault: rewrite_check.Fault | None = None
        for attempt in range(TRIES):
            again = attempt > 0
            grammar = self._grammar(stretch.read) if across and again else None
            # In the wrong language, it is told the same under a grammar; otherwise it is told something else.
            kept = across and (not again or (fault == "language" and grammar is not None))
            request = prompt(ask, self._to, stretch.read, parameters=self._parameters, again=again, across=kept)
            written = yield from self._ask([Message("user", request)], LIMITS[ask].tokens, number, total, grammar)
            cleaned = clean(written, ask, self._to)
            faults = rewrite_check.faults(cleaned, stretch.read, self._to, headline=ask == "headline", again=again)
            if not faults:
                return Part(cleaned, stretch.span, "written", number)
            fault = faults[0]
            yield Item(Rejected(number, fault))
        key = _key_of(stretch)
        if across:
            key = yield from self._translated(key, number, total)
        return Part(key, stretch.span, "stood_in", number)

    def _translated(self, key: str, number: int, total: int) -> Generating[Event, None, str]:
        line = one_line(key)
        request = translation_prompts.prompt(line, self._to, {}, parameters=self._parameters)
        tokens = round(KEY_GROWTH * tokens_of(line)) + 16
        written = yield from self._ask(request, tokens, number, total, self._grammar(line))
        return translation_prompts.cleaned(written, line, self._to) or key

    def _grammar(self, source: str) -> str | None:
        """Nothing but the language asked for, where the engine can be told so."""
        can = Capability.GRAMMAR in self._generator.capabilities
        return leftovers.grammar(source, self._to) if can else None

    def _ask(
        self, request: Prompt, tokens: int, number: int, total: int, grammar: str | None = None
    ) -> Generating[Event, None, str]:
        sampling = Sampling(temperature=0.0, max_tokens=tokens, grammar=grammar)
        running = self._generator.generate([request], sampling, visitor=self._visitor)
        written: list[str] = []
        try:
            for step in running:
                match step:
                    case Writing():
                        written.append(step.text)
                        yield Delta(step.text, number)
                    case Reading():
                        share = READ_SHARE * step.done / max(1, step.total)
                        yield Progress("rewriting", round(number + share, 2), total, "parts")
                    case Finished():
                        yield Progress("rewriting", number + 1, total, "parts")
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
    bare = written.replace("**", "")
    lines = [_LABEL.sub("", _BULLET.sub("", line.strip("*# \t\u3000"))) for line in bare.splitlines()]
    lines = [line for line in lines if line]
    if not lines:
        return ""
    limit = LIMITS[ask].units[to]
    if ask == "headline":
        line = _capital(_LEAD.sub("", lines[0].strip(_QUOTES))).strip(_QUOTES).rstrip("。.")
        return line if size(line, to) <= limit else ""
    kept = ""
    for span in split(lines[0]):
        longer = lines[0][: span.end]
        if kept and (ask == "sentence" or size(longer, to) > limit):
            break
        kept = longer
    kept = _capital(_LEAD.sub("", kept.strip()))
    kept = kept.strip(_QUOTES if kept[:1] in _QUOTES and kept[-1:] in _QUOTES else "")
    return kept if size(kept, to) <= 1.5 * limit else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def size(text: str, to: Language) -> int:
    """Characters of Chinese without marks, or words of English."""
    return len(re.findall(r"\w", text)) if to == "zh" else len(words(text))


def _key_of(stretch: Stretch) -> str:
    """The key sentence among those that were read; not a very short one, since it stands for all of them."""
    usual = sorted(map(len, stretch.keys))[len(stretch.keys) // 2]
    keys = [key for key in stretch.keys if len(key) >= 0.8 * usual]
    joined = "\n".join(keys)
    starts = [sum(len(key) + 1 for key in keys[:place]) for place in range(len(keys))]
    inside = tuple(Sentence(Span(at, at + len(key))) for at, key in zip(starts, keys, strict=True))
    return key_sentences(joined, [Section(Span(0, len(joined)), "", inside)], 1)[0].span.of(joined)
