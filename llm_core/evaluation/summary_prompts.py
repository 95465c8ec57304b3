"""Texts to summarize, the examples of Summarize, and what a summary of each must say (summary_prompts.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Generator as Generating
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from llm_core.evaluation.outcome import Case, Fault, Outcome, missing
from llm_core.events import Delta, Done, Event, Item, Notice, Progress
from llm_core.messages import LANGUAGES, Language
from llm_core.tasks.summarize import Writer, rewritten
from llm_core.tasks.summary import Form, Part, Rejected, Summary, SummaryOptions
from llm_core.tasks.translate import Engines

TEXTS: Final = Path(__file__).parents[2] / "assets" / "examples" / "summarize"
FORMS: Final[tuple[Form, ...]] = ("sentence", "points", "headline")  # a paragraph is asked for as points are
_FILE: Final = Path(__file__).parent / "summary_prompts.toml"


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be summarized in one form and language."""

    path: Path  # <name>.<language>.txt
    form: Form
    to: Language
    holds: tuple[tuple[str, ...], ...]  # one of each

    @property
    def name(self) -> str:
        """That of the text, and the form."""
        return f"{self.path.stem} {self.form}"

    @property
    def languages(self) -> str:
        """From and to."""
        return f"{self.path.stem.rpartition('.')[2]}-{self.to}"


class Texts:
    """The set."""

    def cases(self) -> Sequence[Text]:
        """Each text in each form and language."""
        holds = tomllib.loads(_FILE.read_text("utf-8"))
        return [
            Text(path, form, to, tuple(map(tuple, holds[path.name.split(".")[0]][to])))
            for to in LANGUAGES
            for path in sorted(TEXTS.glob("*.txt"))
            for form in FORMS
        ]

    def outcome(self, case: Case, engines: Engines) -> Generating[Event, None, Outcome]:
        """Summarize one. A part for which a key sentence stands in is a fault; the kinds say why."""
        text = cast(Text, case)
        options = SummaryOptions(method="rewrite", form=text.form, to=text.to)
        rejected: list[Rejected] = []
        stood_in: list[int] = []
        for event in rewritten(text.path.read_text("utf-8"), options, lambda: _ready(engines)):
            match event:
                case Item(Rejected() as one):
                    rejected.append(one)
                case Item(Part() as part) if part.state == "stood_in":
                    stood_in.append(part.number)
                case Done(Summary() as done):
                    wrong = [
                        Fault(one.reason, f"part {one.number + 1}") for one in rejected if one.number in stood_in
                    ]
                    lacking = missing(done.summary, text.holds)
                    kinds = tuple(one.reason for one in rejected)
                    return Outcome(done.summary, (*wrong, *lacking), kinds)
                case Notice() | Item() | Delta() | Progress("rewriting" | "choosing"):
                    pass
                case _:
                    yield event
        raise AssertionError("a summary without an end")


def _ready(engines: Engines) -> Generating[Event, None, Writer]:
    yield from ()
    return Writer(engines.generator, engines.parameters)


CASES: Final = Texts()
