"""What a summary is and what can be asked of it: the options that every face takes, and the result that all give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import Field

from llm_core.messages import Language
from llm_core.tasks.options import Options
from llm_core.text.spans import Span

Method: TypeAlias = Literal["key", "rewrite"]
Form: TypeAlias = Literal["sentence", "paragraph", "points", "headline"]
PartState: TypeAlias = Literal["written", "stood_in"]
SENTENCES_MAX = 1000


class SummaryOptions(Options):
    """How a text is to be summarized."""

    sentences: int | None = Field(None, ge=1, le=SENTENCES_MAX)  # None: by the length of the text
    ratio: float | None = Field(None, gt=0, le=1)  # of the sentences of the text; `sentences` goes before it
    method: Method = "key"
    form: Form = "paragraph"  # of what is rewritten
    to: Language | None = None  # None: the language of the text; key sentences always keep it
    model: str | None = Field(None, max_length=4096)  # None: the one that is recommended here


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence of the text, word for word."""

    text: str
    start: int
    end: int
    section: int  # counted from 0


@dataclass(frozen=True, slots=True)
class SectionPlace:
    """A section and whether a key sentence stands in it."""

    start: int
    end: int
    heading: str
    covered: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a rewritten summary and the stretch of the text that it was written from."""

    text: str
    source: Span
    state: PartState = "written"  # "stood_in": what the model wrote was no use, so a key sentence stands there
    number: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """What had been written of a part is taken back; it is written anew."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary and where it comes from."""

    summary: str
    sentences: tuple[KeySentence, ...]
    keywords: tuple[str, ...]
    places: tuple[SectionPlace, ...]
    method: Method
    title: str  # the heading that the text begins with, if any
    language: Language | None  # of the text
    chars: int  # of the text
    parts: tuple[Part, ...] = ()  # of a rewritten summary
    form: Form | None = None

    @property
    def covered(self) -> int:
        """Sections in which a key sentence stands."""
        return sum(place.covered for place in self.places)

    @property
    def sections(self) -> int:
        """Sections that the text has."""
        return len(self.places)

    def to_json(self) -> dict[str, Any]:
        """The object that the command line and the API give."""
        record: dict[str, Any] = {
            "summary": self.summary,
            "sentences": [{"text": s.text, "start": s.start, "end": s.end} for s in self.sentences],
            "keywords": list(self.keywords),
            "covered": self.covered,
            "sections": self.sections,
        }
        if self.method == "rewrite":
            record["parts"] = [
                {"text": p.text, "start": p.source.start, "end": p.source.end, "state": p.state} for p in self.parts
            ]
        return record
