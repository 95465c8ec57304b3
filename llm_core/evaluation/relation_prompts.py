"""Short texts, in relation_prompts.toml, and which relations a language model must find in each, and may."""

from __future__ import annotations

import tomllib
from collections.abc import Generator as Generating
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from llm_core.evaluation.outcome import Case, Fault, Outcome
from llm_core.events import Done, Event, Item
from llm_core.tasks.analysis import Relation
from llm_core.tasks.open_relations import open_relations
from llm_core.tasks.translate import Engines
from llm_core.text.language import language

_FILE: Final = Path(__file__).parent / "relation_prompts.toml"


@dataclass(frozen=True, slots=True)
class Told:
    """A text, and what it says of whom."""

    text: str
    holds: tuple[Mapping[str, Any], ...]  # `pair`: two names, or more of which any two will do; `says`: one of these
    may: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        """How it begins."""
        return self.text[:40]

    @property
    def languages(self) -> str:
        """Of the text."""
        return language(self.text) or "en"


class Texts:
    """The set."""

    def cases(self) -> Sequence[Told]:
        """Those of one language together."""
        return [
            Told(one["text"], tuple(one["holds"]), tuple(map(tuple, one["may"])))
            for one in tomllib.loads(_FILE.read_text("utf-8"))["case"]
        ]

    def outcome(self, case: Case, engines: Engines) -> Generating[Event, None, Outcome]:
        """Ask for the relations of one."""
        told = cast(Told, case)
        for event in open_relations(told.text, (), engines.generator):
            match event:
                case Done(tuple() as found):
                    written = "; ".join(f"{one.head.text} — {one.label} → {one.tail.text}" for one in found)
                    return Outcome(written, tuple(faults(told, found)))
                case Item():
                    pass
                case _:
                    yield event
        raise AssertionError("relations without an end")


def faults(told: Told, found: Sequence[Relation]) -> Iterator[Fault]:
    """What is missing, said in other words than can be right, or made up."""
    for wanted in told.holds:
        near = [one for one in found if _between(one, wanted["pair"])]
        if not near:
            yield Fault("missing", " – ".join(wanted["pair"][:2]))
        elif not any(word in one.label.lower() for one in near for word in wanted["says"]):
            yield Fault("label", "; ".join(one.label for one in near))
    known = [wanted["pair"] for wanted in told.holds] + list(told.may)
    for one in found:
        if not any(_between(one, pair) for pair in known):
            yield Fault("made_up", f"{one.head.text} — {one.label} → {one.tail.text}")


def _between(one: Relation, pair: Sequence[str]) -> bool:
    """Whether both ends of a relation are, or hold, different ones of these names."""
    heads, tails = ({name for name in pair if _same(name, end.text)} for end in (one.head, one.tail))
    return bool(heads and tails) and len(heads | tails) > 1


def _same(name: str, text: str) -> bool:
    return name in text or (len(text) > 1 and text in name)


CASES: Final = Texts()
