"""What a translation is and what can be asked of it: the options that every face takes, the result that all give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias, get_args

from pydantic import Field

from llm_core.messages import Language
from llm_core.tasks.options import Options
from llm_core.text.spans import Span

# Why a sentence is worth a second look; its sentence is the message `translate.doubt_<kind>`.
DoubtKind: TypeAlias = Literal[
    "empty",
    "script",
    "repeat",
    "number",
    "added_number",
    "name",
    "negation",
    "length",
    "meaning",
    "term",
    "cut",
    "parts",
    "unsure",
]
DOUBTS: tuple[DoubtKind, ...] = get_args(DoubtKind)


class TranslationOptions(Options):
    """How a text is to be translated."""

    to: Language | None = None  # None: the other one than that of the text
    glossary: Mapping[str, str] = Field(default_factory=dict)  # term -> how it is to be translated
    model: str | None = Field(None, max_length=4096)  # None: the one that is recommended here


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to look at a sentence again."""

    kind: DoubtKind
    words: tuple[str, ...] = ()  # what is lost or left over, as it is written
    span: Span | None = None  # of the target, where the doubt has a place in it

    def to_json(self) -> dict[str, Any]:
        """What json.dumps can write."""
        return {"kind": self.kind, "words": list(self.words), "span": self.span}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        return cls(value["kind"], tuple(value["words"]), Span(*value["span"]) if value["span"] else None)


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and its translation."""

    number: int  # counted from 0
    source: Span  # of the text
    text: str  # the source, on one line
    target: str
    doubts: tuple[Doubt, ...] = ()
    kept: bool = False  # nothing to translate: a number, code, a line that is in the target language already

    def to_json(self) -> dict[str, Any]:
        """What json.dumps can write."""
        return {
            "number": self.number,
            "start": self.source.start,
            "end": self.source.end,
            "source": self.text,
            "target": self.target,
            "kept": self.kept,
            "doubts": [doubt.to_json() for doubt in self.doubts],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        doubts = tuple(Doubt.from_json(one) for one in value["doubts"])
        span = Span(value["start"], value["end"])
        return cls(value["number"], span, value["source"], value["target"], doubts, value["kept"])


@dataclass(frozen=True, slots=True)
class Translation:
    """A whole translation, or what there is of it."""

    text: str  # with the paragraphs and line breaks of the source
    pairs: tuple[Pair, ...]
    to: Language
    total: int  # sentences of the source
    draft: bool = False  # by a small model made here, which is right less often than not

    @property
    def doubtful(self) -> int:
        """Sentences that are worth a second look."""
        return sum(bool(pair.doubts) for pair in self.pairs)

    def to_json(self) -> dict[str, Any]:
        """The object that the command line and the API give."""
        return {
            "text": self.text,
            "to": self.to,
            "sentences": [pair.to_json() for pair in self.pairs],
            "doubtful": self.doubtful,
            "draft": self.draft,
        }


def by_place(pairs: Sequence[Pair]) -> dict[int, Pair]:
    """The pairs by the place where their source begins."""
    return {pair.source.start: pair for pair in pairs}
