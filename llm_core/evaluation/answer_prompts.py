"""Questions to short documents, in answer_prompts.toml, and what an answer to each must say and cite.

The sixty questions of `answers` measure the whole of Ask, with its search in a library; here a question has one
document of a few sentences, so that it is the writing that is measured.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Generator as Generating
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from llm_core.documents.document import Block, Document
from llm_core.engines.base import Encoder
from llm_core.evaluation.outcome import Case, Fault, Outcome, missing
from llm_core.events import Delta, Done, Event, Item, Progress
from llm_core.store.tantivy_passages import TantivyPassages
from llm_core.tasks import passages
from llm_core.tasks.answer import Answer, Writer, answer
from llm_core.tasks.translate import Engines
from llm_core.text.language import language

_FILE: Final = Path(__file__).parent / "answer_prompts.toml"


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a document."""

    document: str  # its text
    ask: str
    holds: tuple[tuple[str, ...], ...] = ()  # one of each; none where the document does not say
    cites: str = ""  # words of the sentence that must be cited

    @property
    def name(self) -> str:
        """The question."""
        return self.ask

    @property
    def languages(self) -> str:
        """Of the document and of the question."""
        return f"{language(self.document)}-{language(self.ask)}"


class Questions:
    """The set."""

    def cases(self) -> Sequence[Question]:
        """Those of one document together."""
        documents = tomllib.loads(_FILE.read_text("utf-8"))["document"]
        return [
            Question(one["text"].strip(), row["ask"], tuple(map(tuple, row.get("holds", ()))), row.get("cites", ""))
            for one in documents
            for row in one["question"]
        ]

    def outcome(self, case: Case, engines: Engines) -> Generating[Event, None, Outcome]:
        """Ask one."""
        question = cast(Question, case)
        with tempfile.TemporaryDirectory() as scratch:
            store = _indexed(question.document, Path(scratch), engines.encoder)
            writer = Writer(engines.generator, engines.parameters)
            events = answer(question.ask, store, lambda _: question.document, engines.encoder, writer)
            for event in events:
                match event:
                    case Done(Answer() as done):
                        return Outcome(f"[{done.method}] {done.text}", tuple(faults(question, done)))
                    case Item() | Delta() | Progress("searching" | "checking_answer"):
                        pass
                    case _:
                        yield event
        raise AssertionError("an answer without an end")


def _indexed(text: str, folder: Path, encoder: Encoder) -> TantivyPassages:
    store = TantivyPassages(folder)
    cut = passages.cut(Document("document", "txt", text, (Block(0, len(text)),)))
    store.add("document", cut, encoder.encode([passage.text for passage in cut], "passage"))
    return store


def faults(question: Question, found: Answer) -> Iterator[Fault]:
    """What is wrong with an answer."""
    if found.abstained:
        if question.holds:
            yield Fault("refused")
        return
    if not question.holds:
        yield Fault("made_up")
        return
    yield from missing(found.text, question.holds)
    if language(found.text) not in (language(question.ask), None):
        yield Fault("language")
    numbers = {number for claim in found.claims for number in claim.sources}
    if not any(question.cites in found.evidence[number - 1].sentence for number in numbers):
        yield Fault("citation", question.cites)


CASES: Final = Questions()
