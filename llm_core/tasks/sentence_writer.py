"""Asks a model for translations of sentences, several at once, and finds another way to ask where one is doubtful."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator as Generating
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from llm_core.engines.base import (
    Capability,
    Encoder,
    Finished,
    Generator,
    Idle,
    Opening,
    Prompt,
    Reading,
    Sampling,
    Waiting,
    Writing,
)
from llm_core.events import Event, Tick
from llm_core.messages import Language
from llm_core.tasks import leftovers, translation_checks
from llm_core.tasks.chat import progress
from llm_core.tasks.glossary import Glossary
from llm_core.tasks.rewrite import tokens_of
from llm_core.tasks.segments import Segment
from llm_core.tasks.translation import Doubt, DoubtKind
from llm_core.tasks.translation_prompts import cleaned, prompt

TOKENS_LEAST, TOKENS_MAX = 32, 1024
GROWTH: Final = 2.2  # of tokens, from a sentence to its longest sound translation
REPEATED_PENALTY: Final = 1.15
# How much worse a sentence is for each doubt: what a reader sees at once weighs most.
WEIGHTS: Final[dict[DoubtKind, float]] = {
    "empty": 9, "repeat": 4, "cut": 4, "script": 3, "meaning": 3, "length": 2, "number": 2, "added_number": 2,
    "negation": 2, "name": 1, "term": 1.5, "parts": 0, "unsure": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """How a sentence is asked for."""

    temperature: float = 0.0
    seed: int | None = None
    penalty: float = 1.0
    strict: bool = False  # under a grammar without the other script
    said: bool = False  # glossary terms stand in the sentence in the place of the words that they translate
    keep: tuple[str, ...] = ()  # what must be in it
    alone: bool = False  # without the sentence before it, which the model may have translated too


@dataclass(frozen=True, slots=True)
class Draft:
    """A translation and what is to be said against it."""

    segment: Segment
    way: Way
    target: str
    doubts: tuple[Doubt, ...] = ()
    cosine: float = 1.0  # to its source

    @property
    def faults(self) -> float:
        """The less, the better."""
        extra = sum(0.1 * len(doubt.words) for doubt in self.doubts)
        return sum(WEIGHTS[doubt.kind] for doubt in self.doubts) + extra + (1 - self.cosine)


class Writer(Protocol):
    """Writes translations, and knows what to do about those that are doubtful."""

    glossary: Glossary
    to: Language

    def write(self, work: Sequence[tuple[Segment, Way]]) -> Generating[Event, None, list[Draft]]:
        """Translations in the order of `work`."""
        ...

    def another_way(self, draft: Draft) -> Way | None:
        """How to ask again, or None where there is nothing that asking again would cure."""
        ...


def checked(drafts: Sequence[Draft], writer: Writer, encoder: Encoder) -> list[Draft]:
    """With everything that code can say against them."""
    if not drafts:
        return []
    vectors = encoder.encode([d.segment.text for d in drafts] + [d.target for d in drafts], "query")
    cosines = (vectors[: len(drafts)] * vectors[len(drafts) :]).sum(1)
    found = []
    for draft, cosine in zip(drafts, cosines, strict=True):
        source = draft.segment.text
        terms, missed = writer.glossary.of(source), writer.glossary.missed(source, draft.target)
        seen = translation_checks.doubts(source, draft.target, writer.to, terms, missed)
        known = {doubt.kind for doubt in draft.doubts}
        doubts = (*draft.doubts, *(doubt for doubt in seen if doubt.kind not in known))
        apart = translation_checks.far(float(cosine), source) if draft.target.strip() else None
        doubts = (*doubts, apart) if apart else doubts
        found.append(replace(draft, doubts=doubts, cosine=float(cosine)))
    return found


class SentenceWriter:
    """One translation's questions to the model.

    Args:
        generator: the model.
        parameters: its size.
        glossary: of the person, in this direction.
        to: the language of the translation.
        visitor: for the waiting line.
    """

    def __init__(self, generator: Generator, parameters: int, glossary: Glossary, to: Language, visitor: str) -> None:
        self._generator = generator
        self._parameters = parameters
        self.glossary = glossary
        self.to = to
        self._visitor = visitor

    def write(self, work: Sequence[tuple[Segment, Way]]) -> Generating[Event, None, list[Draft]]:
        """Translations in the order of `work`; sentences asked for in the same way are with the model together."""
        groups: dict[Sampling, list[int]] = defaultdict(list)
        for place, (segment, way) in enumerate(work):
            groups[self._sampling(segment, way)].append(place)
        longest = max(TOKENS_LEAST, *(sampling.max_tokens for sampling in groups))
        merged: dict[Sampling, list[int]] = defaultdict(list)
        for sampling, places in groups.items():
            merged[replace(sampling, max_tokens=longest)] += places
        drafts: dict[int, Draft] = {}
        for sampling, places in merged.items():
            yield from self._together(work, places, sampling, drafts)
        return [drafts[place] for place in range(len(work))]

    def another_way(self, draft: Draft) -> Way | None:
        """How to ask again, or None where there is nothing that asking again would cure."""
        kinds = {doubt.kind for doubt in draft.doubts}
        keep = tuple(word for doubt in draft.doubts if doubt.kind in ("number", "name") for word in doubt.words)[:6]
        strict = "script" in kinds and Capability.GRAMMAR in self._generator.capabilities
        looped = bool(kinds & {"repeat", "cut", "empty", "length"})
        said = "term" in kinds
        if not (strict or looped or said or keep):
            return None
        penalty = REPEATED_PENALTY if looped else 1.0
        return Way(draft.way.temperature, draft.way.seed, penalty, strict, said, keep, alone=True)

    def _sampling(self, segment: Segment, way: Way) -> Sampling:
        terms = self.glossary.of(segment.text)
        tokens = round(min(TOKENS_MAX, max(TOKENS_LEAST, GROWTH * tokens_of(segment.text) + 16)))
        return Sampling(
            temperature=way.temperature,
            repetition_penalty=way.penalty,
            max_tokens=tokens,
            seed=way.seed,
            stop=("\n",),
            grammar=leftovers.grammar(segment.text, self.to, terms.values()) if way.strict else None,
        )

    def _prompt(self, segment: Segment, way: Way) -> Prompt:
        terms: Mapping[str, str] = self.glossary.of(segment.text)
        text = self.glossary.said(segment.text) if way.said else segment.text
        before = "" if way.alone else segment.before
        return prompt(text, self.to, terms, parameters=self._parameters, keep=way.keep, before=before)

    def _together(
        self, work: Sequence[tuple[Segment, Way]], places: Sequence[int], sampling: Sampling, drafts: dict[int, Draft]
    ) -> Generating[Event, None, None]:
        written = [""] * len(places)
        running = self._generator.generate(
            [self._prompt(*work[place]) for place in places], sampling, visitor=self._visitor
        )
        try:
            for step in running:
                match step:
                    case Writing():
                        written[step.prompt] += step.text
                        yield Tick()
                    case Finished():
                        segment, way = work[places[step.prompt]]
                        target = cleaned(written[step.prompt], segment.text, self.to)
                        cut = (Doubt("cut"),) if step.reason == "length" else ()
                        drafts[places[step.prompt]] = Draft(segment, way, target, cut)
                        yield Tick()
                    case Opening() | Waiting():
                        yield progress(step)
                    case Reading() | Idle():
                        yield Tick()
        finally:
            if isinstance(running, Generating):
                running.close()
