"""How often answers from documents are right on development sets, with the reader and without it.

Reads `qa-NAME.dev.jsonl.xz` as `retrieval` does. Forty contexts of a set are its library. Asked are questions that
one of them answers ("answerable"), questions whose own context is taken away ("elsewhere"), and those that the people
who made the set wrote so that no context answers them ("own"). The first should be answered, the others should not.
"""

from __future__ import annotations

import json
import lzma
import random
import tempfile
from collections.abc import Generator as Generating
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llm_core.documents.document import Block, Document
from llm_core.engines.base import Encoder
from llm_core.evaluation.retrieval import SETS
from llm_core.events import Done, Event, Events, Item, Progress, Tick
from llm_core.store.passages import Passages
from llm_core.store.tantivy_passages import TantivyPassages
from llm_core.tasks import passages
from llm_core.tasks.answer import Answer, Writer, answer
from llm_core.tasks.tools import Tools

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONTEXTS: Final = 40
QUESTIONS: Final = {"answerable": 20, "elsewhere": 15, "own": 20}  # of each set


@dataclass(frozen=True, slots=True)
class Case:
    """A question to a set's library."""

    set: str
    kind: str
    question: str
    context: str  # the id of its own
    right: tuple[str, ...]  # answers; empty where the question is the set's own without one


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    case: Case
    reader: bool  # whether the reader was heard
    answer: Answer

    @property
    def right(self) -> bool:
        """Whether one of the right answers stands in what was answered."""
        said = self.answer.text.lower()
        return not self.answer.abstained and any(text.lower() in said for text in self.case.right)


@dataclass(frozen=True, slots=True)
class Share:
    """Shares, 0 to 1, of one kind of questions."""

    reader: bool
    kind: str
    questions: int
    answered: float
    right: float  # of all questions; of "elsewhere" the right words may stand in another context
    unsure: float  # answered, and marked to be looked at
    wrong_and_sure: float  # answered with something else, and not marked


def evaluate(
    folder: Path,
    encoder: Encoder,
    writer: Writer | None,
    tools: Tools,
    *,
    sets: Sequence[str] = SETS,
    limit: int | None = None,
) -> Events:
    """Ask the questions of each set, and of all sets together count.

    Args:
        folder: with the sets.
        encoder: of questions and passages.
        writer: puts answers in words; where None they are sentences of the contexts.
        tools: where the reader is; without one everything is asked once.
        sets: which of them.
        limit: questions of a kind in a set.

    Yields:
        Progress("indexing") and ("evaluating"), Item(Tried) for each answer, Done(list[Share]).
    """
    tried: list[Tried] = []
    for name in sets:
        texts, cases = read(folder / f"qa-{name}.dev.jsonl.xz", name, limit)
        with tempfile.TemporaryDirectory() as scratch:
            library = _Library(TantivyPassages(Path(scratch)), texts, encoder)
            yield from library.fill()
            for number, case in enumerate(cases):
                yield Progress("evaluating", number, len(cases), "questions")
                with library.without(case.context if case.kind == "elsewhere" else None):
                    for heard in (None, tools) if tools.has("read") else (None,):
                        events = answer(case.question, library.store, texts.__getitem__, encoder, writer, heard)
                        found = yield from _ended(events)
                        tried.append(Tried(case, heard is not None, found))
                        yield Item(tried[-1])
            library.store.close()
    yield Done(shares(tried))


class _Library:
    """The contexts of a set, each a document of its own."""

    def __init__(self, store: Passages, texts: Mapping[str, str], encoder: Encoder) -> None:
        self.store = store
        self._cut = {
            identity: passages.cut(Document(identity, "txt", text, (Block(0, len(text)),)))
            for identity, text in texts.items()
        }
        self._encoder = encoder
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def fill(self) -> Generating[Event, None, None]:
        """Encode and add all of them."""
        for number, (identity, cut) in enumerate(self._cut.items()):
            yield Progress("indexing", number, len(self._cut))
            self._vectors[identity] = self._encoder.encode([one.text for one in cut], "passage")
            self.store.add(identity, cut, self._vectors[identity])

    @contextmanager
    def without(self, document: str | None) -> Iterator[None]:
        """The library with one of its documents taken away for the time being."""
        if document is not None:
            self.store.delete(document)
        yield
        if document is not None:
            self.store.add(document, self._cut[document], self._vectors[document])


def _ended(events: Events) -> Generating[Event, None, Answer]:
    for event in events:
        if isinstance(event, Done):
            found: Answer = event.result
            return found
        yield Tick()
    raise AssertionError("an answer without an end")


def read(path: Path, name: str, limit: int | None) -> tuple[dict[str, str], list[Case]]:
    """The contexts of a set's library by their ids, and the questions to it; always the same ones."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        rows: list[dict[str, Any]] = [json.loads(line) for line in file]
    random.Random(7).shuffle(rows)
    texts = {str(number): str(row["context"]) for number, row in enumerate(rows[:CONTEXTS])}
    asked = [
        (one["question"], number, tuple(each["text"] for each in one["answers"]), one["answerable"])
        for number, row in zip(texts, rows, strict=False)
        for one in row["qas"]
    ]
    random.Random(8).shuffle(asked)
    able, unable = ([one for one in asked if one[3] is can] for can in (True, False))
    each = QUESTIONS["answerable"]
    chosen = {"answerable": able[:each], "elsewhere": able[each:], "own": unable}
    return texts, [
        Case(name, kind, question, number, right if kind != "own" else ())
        for kind, rows_of in chosen.items()
        for question, number, right, _ in rows_of[: min(QUESTIONS[kind], limit or QUESTIONS[kind])]
    ]


def shares(tried: Sequence[Tried]) -> list[Share]:
    """The shares of what was tried, without the reader first."""
    return list(_shares(tried))


def _shares(tried: Sequence[Tried]) -> Iterator[Share]:
    for reader in (False, True):
        for kind in QUESTIONS:
            rows = [one for one in tried if one.reader is reader and one.case.kind == kind]
            if rows:
                given = [one for one in rows if not one.answer.abstained]
                wrong = [one for one in given if not (one.right and kind == "answerable")]
                yield Share(
                    reader=reader,
                    kind=kind,
                    questions=len(rows),
                    answered=len(given) / len(rows),
                    right=sum(one.right for one in rows) / len(rows),
                    unsure=sum(one.answer.unsure for one in given) / len(rows),
                    wrong_and_sure=sum(not one.answer.unsure for one in wrong) / len(rows),
                )
