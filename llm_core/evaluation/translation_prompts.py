"""Sentences to translate, in translation_prompts.toml, and what a translation of each must say."""

from __future__ import annotations

import tomllib
from collections.abc import Generator as Generating
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from llm_core.evaluation.outcome import Case, Fault, Outcome, missing
from llm_core.events import Done, Event, Item, Progress
from llm_core.messages import Language
from llm_core.tasks.translate import Engines, translate
from llm_core.tasks.translation import Doubt, Translation, TranslationOptions

_FILE: Final = Path(__file__).parent / "translation_prompts.toml"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and how its translation is checked."""

    to: Language
    kind: str  # everyday, technical, number, negation, name, list, term
    text: str
    holds: tuple[tuple[str, ...], ...]  # one of each
    good: str  # a translation by hand
    terms: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its kind and how it begins."""
        return f"{self.kind}: {self.text}"

    @property
    def languages(self) -> str:
        """From and to."""
        return "en-zh" if self.to == "zh" else "zh-en"


class Sentences:
    """The set."""

    def cases(self) -> Sequence[Sentence]:
        """Both directions."""
        rows = tomllib.loads(_FILE.read_text("utf-8"))["sentence"]
        return [Sentence(**{**row, "holds": tuple(map(tuple, row["holds"]))}) for row in rows]

    def outcome(self, case: Case, engines: Engines) -> Generating[Event, None, Outcome]:
        """Translate one. What the product itself doubts is a fault, too."""
        sentence = cast(Sentence, case)
        options = TranslationOptions(to=sentence.to, glossary=sentence.terms)
        for event in translate(sentence.text, options, engines):
            match event:
                case Done(Translation() as done):
                    doubts = [doubt for pair in done.pairs for doubt in pair.doubts]
                    return Outcome(done.text, faults(sentence, done.text, doubts))
                case Item() | Progress("translating"):
                    pass
                case _:
                    yield event
        raise AssertionError("a translation without an end")


def faults(sentence: Sentence, written: str, doubts: Sequence[Doubt] = ()) -> tuple[Fault, ...]:
    """What `written` lacks, and what code doubts about it."""
    doubted = [Fault(doubt.kind, " ".join(doubt.words)) for doubt in doubts]
    return (*missing(written, sentence.holds), *doubted)


CASES: Final = Sentences()
