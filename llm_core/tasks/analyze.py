"""Analyze a text: keywords, opinions sentence by sentence, topic, intent, names and how they relate.

Knows no file and no face. Everything found is a stretch of the one text. A part whose model is not here is left out
with a Notice; keywords and language need none.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as Generating
from itertools import combinations
from typing import Any, Final

from llm_core.catalog.understanding import Quality
from llm_core.engines.classifier import Labelled
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Notice, Progress
from llm_core.models.relations import NONE, marked
from llm_core.tasks.analysis import Analysis, AnalysisOptions, Found, Labels, Name, Opinion, Relation
from llm_core.tasks.tools import Tools
from llm_core.tasks.waiting import ticking
from llm_core.text.keywords import keywords
from llm_core.text.language import language
from llm_core.text.sentences import split
from llm_core.text.spans import Span

AT_ONCE: Final = 32  # sentences between two chances to stop
WHOLE_CHARS: Final = 600  # a text as long as those that the models learned from is judged in one piece
STRETCHES: Final = 6  # of a longer text are judged by their topic
INTENT_CHARS_MAX: Final = 300  # what somebody asks for is said in a sentence or two
NAMES_MAX: Final = 12  # of a sentence are paired; more stand in lists, whose members do not relate
RELATION_FROM: Final = 0.5
BACKWARDS: Final = "(e2,e1)"
FORWARDS: Final = "(e1,e2)"


def analyze(text: str, options: AnalysisOptions, tools: Tools) -> Events:
    """Look for what the options ask for.

    Args:
        text: Chinese, English or both.
        options: which parts, and which sets of labels.
        tools: the models.

    Yields:
        Progress ("analyzing" in sentences), Notice ("part_missing", "intent_long"), Item(`analysis.Found`) for each
        piece, Done(`analysis.Analysis`).

    Raises:
        UserError: `understanding_missing` where nothing else was asked for, `label_set_unknown`, the engines' own.
    """
    work = _Work(text, options, tools)
    yield Item(Found("language", work.language))
    missing = work.missing()
    if missing and set(missing) == set(options.what):
        raise UserError("understanding_missing", task=missing[0])
    for part in missing:
        yield Notice("part_missing", {"part": part})
    for part in options.what:
        if part not in missing:
            yield from _PARTS[part](work)
    yield Done(work.result(missing))


class _Work:
    """One text, and what was found in it so far."""

    def __init__(self, text: str, options: AnalysisOptions, tools: Tools) -> None:
        self.text, self.options, self.tools = text, options, tools
        self.language = language(text)
        self.sentences = split(text)
        self.found: dict[str, Any] = {}
        self.quality: dict[str, Quality] = {}

    def missing(self) -> tuple[str, ...]:
        """Parts that no model is here for; relations hold between names."""
        needs = {"keywords": (), "relations": ("relations", "entities")}
        return tuple(
            part for part in self.options.what if not all(self.tools.has(task) for task in needs.get(part, (part,)))
        )

    def label_set(self, part: str) -> str:
        """The labels to ask for; also notes how good the model is at them."""
        asked = self.options.labels.get(part)  # type: ignore[call-overload]
        chosen: str = self.tools.label_set(part, asked, self.language)
        self.quality[part] = self.tools.quality(part, chosen)
        return chosen

    def found_names(self) -> Events:
        """The names of the text, looked for once."""
        if "entities" in self.found:
            return
        tagger, chosen = self.tools.tagger(), self.label_set("entities")
        names: list[Name] = []
        for number, spans in enumerate(_portions(self.sentences)):
            yield Progress("analyzing", number * AT_ONCE, len(self.sentences), "sentences")
            texts = [span.of(self.text) for span in spans]
            rows = yield from ticking(lambda texts=texts: tagger.find(texts, chosen), "opening")  # type: ignore[misc]
            some = [
                Name(span.start + e.start, span.start + e.end, span.of(self.text)[e.start : e.end], e.type, e.score)
                for span, row in zip(spans, rows, strict=True)
                for e in row
            ]
            names += some
            yield Item(Found("entities", tuple(some)))
        self.found["entities"] = tuple(names)

    def result(self, missing: tuple[str, ...]) -> Analysis:
        """All of it; names that were only looked for to relate them are not given."""
        kept = {part: value for part, value in self.found.items() if part in self.options.what or part == "sentences"}
        return Analysis(self.language, **kept, quality=self.quality, missing=missing)


def _keywords(work: _Work) -> Events:
    work.found["keywords"] = tuple(keywords(work.text, work.options.keywords))
    yield Item(Found("keywords", work.found["keywords"]))


def _sentiment(work: _Work) -> Events:
    """Every sentence; a short text is judged in one piece, a long one by its sentences, the longer the weightier."""
    classifier, chosen = work.tools.classifier("sentiment"), work.label_set("sentiment")
    opinions: list[Opinion] = []
    rows: list[Labelled] = []
    for spans in _portions(work.sentences):
        yield Progress("analyzing", len(opinions), len(work.sentences), "sentences")
        texts = [span.of(work.text) for span in spans]
        some = yield from _classified(classifier.classify, texts, chosen)
        rows += some
        fresh = [Opinion(*span, one.label, one.score) for span, one in zip(spans, some, strict=True)]
        opinions += fresh
        yield Item(Found("sentences", tuple(fresh)))
    work.found["sentences"] = tuple(opinions)
    if not opinions:
        return
    if len(work.text) <= WHOLE_CHARS:
        rows, weights = (yield from _classified(classifier.classify, [work.text], chosen)), [1.0]
    else:
        weights = [math.sqrt(span.end - span.start) for span in work.sentences]
    work.found["sentiment"] = _mean(rows, weights, chosen)
    yield Item(Found("sentiment", work.found["sentiment"]))


def _topic(work: _Work) -> Events:
    if not work.sentences:
        return
    classifier, chosen = work.tools.classifier("topic"), work.label_set("topic")
    rows = yield from _classified(classifier.classify, _stretches(work.text), chosen)
    work.found["topic"] = _mean(rows, [1.0] * len(rows), chosen)
    yield Item(Found("topic", work.found["topic"]))


def _intent(work: _Work) -> Events:
    if not work.sentences:
        return
    if len(work.text) > INTENT_CHARS_MAX:
        yield Notice("intent_long", {"limit": INTENT_CHARS_MAX})
        return
    classifier, chosen = work.tools.classifier("intent"), work.label_set("intent")
    rows = yield from _classified(classifier.classify, [work.text.strip()], chosen)
    work.found["intent"] = _mean(rows, [1.0], chosen)
    yield Item(Found("intent", work.found["intent"]))


def _entities(work: _Work) -> Events:
    yield from work.found_names()


def _relations(work: _Work) -> Events:
    """Of each two names of a sentence, in both orders: the likeliest relation, where it is one and likely enough."""
    yield from work.found_names()
    classifier, chosen = work.tools.classifier("relations"), work.label_set("relations")
    names, related = work.found["entities"], list[Relation]()
    starts = [name.start for name in names]
    for done, spans in enumerate(_portions(work.sentences)):
        yield Progress("relating", done * AT_ONCE, len(work.sentences), "sentences")
        inside = [names[bisect_left(starts, span.start) : bisect_left(starts, span.end)] for span in spans]
        pairs = [(span, *pair) for span, some in zip(spans, inside, strict=True) for pair in _pairs(some)]
        texts = [_shown(work.text, *pair) for pair in pairs]
        rows = yield from _classified(classifier.classify, texts, chosen)
        fresh = list(_best(pairs, rows))
        related += fresh
        if fresh:
            yield Item(Found("relations", tuple(fresh)))
    work.found["relations"] = tuple(related)


_PARTS: Final[dict[str, Callable[[_Work], Events]]] = {
    "keywords": _keywords,
    "sentiment": _sentiment,
    "topic": _topic,
    "intent": _intent,
    "entities": _entities,
    "relations": _relations,
}


def _classified(
    classify: Callable[[Sequence[Any], str], list[Labelled]], texts: Sequence[Any], label_set: str
) -> Generating[Event, None, list[Labelled]]:
    """The labels of texts, portion by portion, without losing the chance to stop."""
    found: list[Labelled] = []
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        found += yield from ticking(lambda some=some: classify(some, label_set), "opening")  # type: ignore[misc]
    return found


def _portions(sentences: Sequence[Span]) -> Iterator[Sequence[Span]]:
    for start in range(0, len(sentences), AT_ONCE):
        yield sentences[start : start + AT_ONCE]


def _stretches(text: str) -> list[str]:
    """The text, or stretches of it spread evenly."""
    if len(text) <= WHOLE_CHARS:
        return [text]
    step = (len(text) - WHOLE_CHARS) / (STRETCHES - 1)
    starts = dict.fromkeys(round(number * step) for number in range(STRETCHES))
    return [text[start : start + WHOLE_CHARS] for start in starts]


def _mean(rows: Sequence[Labelled], weights: Sequence[float], label_set: str) -> Labels:
    """The labels of a whole by those of its parts."""
    total = sum(weights)
    means = {
        label: sum(weight * row.scores[label] for row, weight in zip(rows, weights, strict=True)) / total
        for label in rows[0].scores
    }
    scores = dict(sorted(means.items(), key=lambda pair: -pair[1]))
    label = next(iter(scores))
    return Labels(label, scores[label], scores, label_set)


def _pairs(names: Sequence[Name]) -> Iterator[tuple[Name, Name]]:
    """Each two different names of a sentence, in both orders."""
    for one, other in combinations(names[:NAMES_MAX], 2):
        if one.text != other.text:
            yield one, other
            yield other, one


def _shown(text: str, sentence: Span, head: Name, tail: Name) -> tuple[str, str]:
    places = ({"text": name.text, "start": name.start - sentence.start} for name in (head, tail))
    return marked(sentence.of(text), *places)


def _best(pairs: Sequence[tuple[Span, Name, Name]], rows: Sequence[Labelled]) -> Iterator[Relation]:
    """The better of both orders of each pair."""
    told = [_relation(*pair, row) for pair, row in zip(pairs, rows, strict=True)]
    for one, other in zip(told[::2], told[1::2], strict=True):
        better = max((each for each in (one, other) if each), key=lambda each: each.score, default=None)
        if better is not None:
            yield better


def _relation(sentence: Span, head: Name, tail: Name, row: Labelled) -> Relation | None:
    if row.label in NONE or row.score < RELATION_FROM:
        return None
    if row.label.endswith(BACKWARDS):
        head, tail = tail, head
    label = row.label.removesuffix(BACKWARDS).removesuffix(FORWARDS)
    return Relation(head, tail, label, row.score, *sentence)
