"""What an analysis of a text is and what can be asked of it: options, pieces, and the result that all faces give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args

from pydantic import Field

from llm_core.catalog.understanding import Quality
from llm_core.messages import Language
from llm_core.tasks.options import Options

Part: TypeAlias = Literal["keywords", "sentiment", "topic", "intent", "entities", "relations"]
PARTS: Final = get_args(Part)
DIGITS: Final = 4


class AnalysisOptions(Options):
    """What is looked for in a text."""

    what: tuple[Part, ...] = PARTS
    labels: dict[Part, str] = Field(default_factory=dict)  # of a part: a set of labels, by its or a data set's name
    keywords: int = Field(8, ge=1, le=50)


@dataclass(frozen=True, slots=True)
class Labels:
    """What a text was found to be: the likeliest label, and the probability of each of its set, likeliest first."""

    label: str
    score: float
    scores: Mapping[str, float]
    label_set: str

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        scores = {label: round(score, DIGITS) for label, score in self.scores.items()}
        return {"label": self.label, "score": round(self.score, DIGITS), "scores": scores, "labels": self.label_set}


@dataclass(frozen=True, slots=True)
class Opinion:
    """One sentence, characters [start, end) of the text, and whether it speaks well of something."""

    start: int
    end: int
    label: str
    score: float

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"start": self.start, "end": self.end, "label": self.label, "score": round(self.score, DIGITS)}


@dataclass(frozen=True, slots=True)
class Name:
    """One place in the text where somebody or something is named."""

    start: int
    end: int
    text: str
    type: str
    score: float

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        place = {"start": self.start, "end": self.end, "score": round(self.score, DIGITS)}
        return {"text": self.text, "type": self.type, **place}


@dataclass(frozen=True, slots=True)
class Relation:
    """How two names of one sentence relate, and the sentence that says so, characters [start, end)."""

    head: Name
    tail: Name
    label: str
    score: float
    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        sentence = {"start": self.start, "end": self.end}
        return {
            "head": self.head.to_json(),
            "relation": self.label,
            "tail": self.tail.to_json(),
            "score": round(self.score, DIGITS),
            "sentence": sentence,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of the result as soon as it is there: `Item(Found(...))`.

    `value` is a tuple of keywords (str), a `Labels` of sentiment, topic or intent; "sentences" comes with opinions of
    some sentences, and entities and relations with those of some sentences, in the order of the text.
    """

    part: Literal["language", "keywords", "sentiment", "sentences", "topic", "intent", "entities", "relations"]
    value: Any


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was found. A part that was not asked for, or whose model is missing, is None or empty."""

    language: Language | None
    keywords: tuple[str, ...] = ()
    sentiment: Labels | None = None
    sentences: tuple[Opinion, ...] = ()
    topic: Labels | None = None
    intent: Labels | None = None
    entities: tuple[Name, ...] = ()
    relations: tuple[Relation, ...] = ()
    quality: Mapping[str, Quality] = field(default_factory=dict)  # of each part that a model answered for
    missing: tuple[str, ...] = ()  # parts that no model is here for

    def to_json(self) -> dict[str, Any]:
        """The object that the command line and the API give."""
        return dict(self._entries())

    def _entries(self) -> Iterator[tuple[str, Any]]:
        yield "language", self.language
        yield "keywords", list(self.keywords)
        for name in ("sentiment", "topic", "intent"):
            labels: Labels | None = getattr(self, name)
            yield name, labels.to_json() if labels else None
        yield "sentences", [one.to_json() for one in self.sentences]
        yield "entities", [one.to_json() for one in self.entities]
        yield "relations", [one.to_json() for one in self.relations]
        yield "quality", {part: one.to_json() for part, one in self.quality.items()}
        yield "missing", list(self.missing)
