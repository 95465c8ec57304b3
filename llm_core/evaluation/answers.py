"""How often answers from documents are right, and how often "the documents do not say" is.

Sixty questions of our own (answers.toml) to documents of our own (assets/examples/ask/): half of them cannot be
answered, though they share words with the documents. Knows no library: it is given something that can be asked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from llm_core.events import Done, Events, Item, Progress, Tick
from llm_core.tasks.answer import Answer

DOCUMENTS = Path(__file__).parents[2] / "assets" / "examples" / "ask"
_FILE = Path(__file__).parent / "answers.toml"

Ask = Callable[[str], Events]  # its `Done` holds an Answer


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what a right answer holds: one of these; none where the documents do not say."""

    ask: str
    answer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """One question and what came of it."""

    question: Question
    answer: Answer

    @property
    def verdict(self) -> str:
        """right, wrong (answered, but with something else), refused (wrongly) or made_up (should have refused)."""
        if self.answer.abstained:
            return "refused" if self.question.answer else "right"
        if not self.question.answer:
            return "made_up"
        return "right" if _holds(self.answer.text, self.question) else "wrong"

    @property
    def cited(self) -> bool:
        """Whether a cited sentence holds the answer; of right answers in the document's own language only."""
        sources = {number for claim in self.answer.claims for number in claim.sources}
        cited = [self.answer.evidence[number - 1].sentence for number in sources]
        return any(_holds(sentence, self.question) for sentence in cited)


def _holds(text: str, question: Question) -> bool:
    return any(part.lower() in text.lower() for part in question.answer)


@dataclass(frozen=True, slots=True)
class Score:
    """Shares, 0 to 1."""

    answerable: int  # how many questions
    right: float  # of the answerable ones
    refused: float  # of the answerable ones: "does not say", though it does
    unanswerable: int
    made_up: float  # of the unanswerable ones: answered all the same
    cited: float  # of the right answers: a cited sentence holds the answer


def questions() -> list[Question]:
    """The sixty questions."""
    rows = tomllib.loads(_FILE.read_text("utf-8"))["question"]
    return [Question(row["ask"], tuple(row.get("answer", ()))) for row in rows]


def evaluate(ask: Ask, asked: Sequence[Question]) -> Events:
    """Ask every question.

    Yields:
        Progress("evaluating") in questions, Item(Tried) for each, Done(Score).
    """
    tried: list[Tried] = []
    for number, question in enumerate(asked):
        yield Progress("evaluating", number, len(asked), "questions")
        events = ask(question.ask)
        try:
            for event in events:
                if isinstance(event, Done):
                    tried.append(Tried(question, event.result))
                    yield Item(tried[-1])
                else:
                    yield Tick()
        finally:
            events.close()
    yield Done(score(tried))


def score(tried: Sequence[Tried]) -> Score:
    """The shares of all that was tried."""
    can = [one for one in tried if one.question.answer]
    cannot = [one for one in tried if not one.question.answer]
    right = [one for one in can if one.verdict == "right"]
    return Score(
        answerable=len(can),
        right=_share(len(right), can),
        refused=_share(sum(one.verdict == "refused" for one in can), can),
        unanswerable=len(cannot),
        made_up=_share(sum(one.verdict == "made_up" for one in cannot), cannot),
        cited=_share(sum(one.cited for one in right), right),
    )


def _share(part: int, whole: Sequence[Tried]) -> float:
    return part / len(whole) if whole else 0.0
