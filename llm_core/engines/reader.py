"""Readers: a Transformers folder that finds the answer to a question in a passage, or says that it is not there."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llm_core.engines.bert import read_config
from llm_core.engines.classifier import has_head, tokens_max
from llm_core.engines.trunk import Linear, Trunk
from llm_core.errors import UserError
from llm_core.models import reading

TOKENS_MAX = 224  # read at once, where the model does not say how many those were that it learned from
_HEAD = "ForQuestionAnswering"


@dataclass(frozen=True, slots=True)
class Answer:
    """The best span of a passage; where it is not to be given, it is still the best there is."""

    text: str
    start: int  # characters of the passage
    end: int
    score: float  # how sure, 0 to 1; 0.5 where it should just be given
    abstained: bool


def reads(folder: Path) -> bool:
    """Whether the model in `folder` finds answers."""
    return has_head(folder, _HEAD)


class Reader:
    """One model. It is opened with the first question. Safe from several threads.

    Args:
        folder: the Transformers folder.
        caches: where its converted copy stands or is made.
        threads: for computing.

    Raises:
        UserError: `model_unreading`.
    """

    def __init__(self, folder: Path, caches: Path, threads: int) -> None:
        if not reads(folder):
            raise UserError("model_unreading", name=folder.name)
        self._trunk = Trunk(folder, caches, threads)
        self._config = read_config(folder)

    def read(self, pairs: Sequence[tuple[str, str]]) -> list[Answer]:
        """The best answer to each (question, passage), in their order; a long passage is read window by window.

        Raises:
            UserError: with the first call `encoder_unusable`, `disk_full`.
        """
        opened = self._trunk.open()
        sound = [tuple(text.encode("utf-8", "replace").decode() for text in pair) for pair in pairs]
        questions = reading.encode(opened.tokenizer, [question for question, _ in sound])
        passages = reading.encode(opened.tokenizer, [passage for _, passage in sound])
        begin, end = opened.marks
        size = tokens_max(self._config, TOKENS_MAX)
        parts = [
            (row, start, stop)
            for row, (question, passage) in enumerate(zip(questions, passages, strict=True))
            for start, stop in reading.windows(len(question.ids), len(passage.ids), size)
            if stop > start
        ]
        ids = [
            reading.model_input(questions[row].ids, passages[row].ids[start:stop], begin, end)
            for row, start, stop in parts
        ]
        best: dict[int, tuple[reading.Found, int]] = {}
        for number, states in opened.states(ids):
            row, start, stop = parts[number]
            logits = self._head(states)
            first = reading.passage_at(len(questions[row].ids))
            found = reading.best_span(logits[:, 0], logits[:, 1], first, stop - start)
            if row not in best or found.margin > best[row][0].margin:
                best[row] = found, start
        return [self._answer(sound[row][1], passages[row], *best[row]) if row in best else NOTHING
                for row in range(len(pairs))]  # fmt: skip

    def close(self) -> None:
        """Free the memory; the next question opens the model again."""
        self._trunk.close()

    @functools.cached_property
    def _head(self) -> Linear:
        return Linear(self._trunk.folder, "qa_outputs")

    def _answer(self, passage: str, encoded: reading.Encoded, found: reading.Found, offset: int) -> Answer:
        start, end = int(encoded.spans[offset + found.start][0]), int(encoded.spans[offset + found.end][1])
        threshold = float(self._config.get("null_thresholds", {}).get(reading.language_of(passage), 0.0))
        score = reading.confidence(found.margin, threshold)
        return Answer(passage[start:end], start, end, score, found.margin < threshold)


NOTHING = Answer("", 0, 0, 0.0, abstained=True)
"""Of a passage without a word."""
