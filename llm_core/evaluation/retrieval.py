"""How often the right passage is found: by words alone, by vectors alone, and by both.

Reads sets of questions with their passages, `qa-NAME.dev.jsonl.xz`: one JSON object a line with `context` and `qas`.
The contexts of a set are its library, cut into passages as the product cuts them; a hit is any passage of the
right context.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from llm_core.documents.document import Block, Document
from llm_core.engines.base import Encoder
from llm_core.evaluation.rows import read_rows
from llm_core.events import Done, Event, Events, Item, Progress
from llm_core.store.passages import Passage
from llm_core.store.tantivy_passages import TantivyPassages
from llm_core.tasks import passages, retrieval
from llm_core.tasks.indexing import vectors

SETS = ("zh-cmrc2018", "zh-drcd", "en-squad2", "en-nq")
QUESTIONS = 250  # of each set
DEEP = 50  # passages looked at, to find five documents among them
LEGS = ("words", "vectors", "both")


@dataclass(frozen=True, slots=True)
class Recall:
    """One leg on one set; shares, 0 to 1."""

    set: str
    leg: str
    contexts: int
    questions: int
    at_1: float
    at_5: float


def evaluate(folder: Path, encoder: Encoder, sets: Sequence[str] = SETS) -> Events:
    """Measure each set.

    Args:
        folder: with the sets.
        encoder: of questions and passages.
        sets: which of them.

    Yields:
        Progress("indexing") and ("evaluating"), Item(Recall) for each leg on each set, Done(list[Recall]).
    """
    found: list[Recall] = []
    for name in sets:
        contexts, asked = read(folder / f"qa-{name}.dev.jsonl.xz")
        with tempfile.TemporaryDirectory() as scratch:
            library = _Library(TantivyPassages(Path(scratch)), encoder)
            yield from library.fill(contexts)
            ranks: dict[str, list[int]] = {leg: [] for leg in LEGS}
            for number, (question, context) in enumerate(asked):
                yield Progress("evaluating", number, len(asked), "questions")
                for leg, order in library.ask(question).items():
                    ranks[leg].append(order.index(context) if context in order else DEEP)
        for leg, places in ranks.items():
            at_1, at_5 = (sum(place < n for place in places) / len(places) for n in (1, 5))
            found.append(Recall(name, leg, len(contexts), len(asked), at_1, at_5))
            yield Item(found[-1])
    yield Done(found)


def read(path: Path) -> tuple[list[str], list[tuple[str, int]]]:
    """The contexts of a set, and answerable questions with the number of their context, always the same ones."""
    contexts: dict[str, int] = {}
    asked: list[tuple[str, int]] = []
    for row in read_rows(path):
        number = contexts.setdefault(row["context"], len(contexts))
        asked.extend((one["question"], number) for one in row["qas"] if one["answerable"])
    random.Random(0).shuffle(asked)
    return list(contexts), asked[:QUESTIONS]


class _Library:
    """The contexts of a set. They are added as one document, since each one added costs a tenth of a second."""

    def __init__(self, store: TantivyPassages, encoder: Encoder) -> None:
        self._store = store
        self._encoder = encoder
        self._owners: list[int] = []  # of each passage, the number of its context

    def fill(self, contexts: Sequence[str]) -> Generator[Event, None, None]:
        """Cut, encode and add all of them."""
        cut: list[Passage] = []
        for number, text in enumerate(contexts):
            cut += passages.cut(Document("", "txt", text, (Block(0, len(text)),)))
            self._owners += [number] * (len(cut) - len(self._owners))
        made = yield from vectors(cut, self._encoder)
        # `number` tells the passages apart in what `retrieval.passages` gives
        self._store.add("all", [replace(one, page=number) for number, one in enumerate(cut)], made)

    def ask(self, question: str) -> dict[str, list[int]]:
        """The contexts that each leg finds, the best first."""
        vector = self._encoder.encode([question], "query")[0]
        found = {
            "words": [hit.number for hit in self._store.by_words(question, DEEP)],
            "vectors": [hit.number for hit in self._store.by_vector(vector, DEEP)],
            "both": [one.passage.page or 0 for one in retrieval.passages(question, self._store, self._encoder, DEEP)],
        }
        return {leg: list(dict.fromkeys(self._owners[n] for n in numbers)) for leg, numbers in found.items()}
