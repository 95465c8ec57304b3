"""Passages and questions as token ids, cut into what a reader reads at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from llm_core.models import reading as layout
from llm_core.training.config import Unanswerable
from llm_core.training.dataset import Batch
from llm_core.training.examples import Rows, encoder_inputs
from llm_core.training.reading import ANSWERABLE, Passage, count_kinds


@dataclass(frozen=True, slots=True)
class Window:
    """A question with one part [begin, end) of its passage; `label` is where the answer begins and ends in what the
    model reads, (0, 0) for none."""

    passage: int
    question: int
    begin: int
    end: int
    label: tuple[int, int]
    weight: float


class Windows:
    """Passages and questions as token ids, cut into what the model reads at once.

    Args:
        passages: with their questions.
        tokenizer: of Transformers.
        context: tokens that the model reads at once.
        mix: how often an epoch takes which kind of question.
        weights: how often it takes which source; 1 where nothing is said.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        tokenizer: Any,
        context: int,
        mix: Unanswerable,
        weights: Mapping[str, float],
    ) -> None:
        self.passages, self.context, self.mix = passages, context, mix
        backend = tokenizer.backend_tokenizer
        self.begin_id, self.end_id, self.pad_id = (
            tokenizer.cls_token_id,
            tokenizer.sep_token_id,
            tokenizer.pad_token_id,
        )
        self.texts = layout.encode(backend, [p.context for p in passages])
        asked = iter(layout.encode(backend, [q.text for p in passages for q in p.questions]))
        self.questions = [[next(asked).ids for _ in p.questions] for p in passages]
        shares = _shares(passages, mix, weights)
        self.all = [
            window
            for p, passage in enumerate(passages)
            for q, question in enumerate(passage.questions)
            for window in self._cut(p, q, shares[passage.source, question.kind])
        ]

    def _cut(self, p: int, q: int, share: float) -> Iterator[Window]:
        question, text = self.questions[p][q], self.texts[p]
        answers = self.passages[p].questions[q].answers
        spans = [layout.tokens_of(text, start, start + len(answer)) for answer, start in answers[:1]]
        parts = layout.windows(len(question), len(text.ids), self.context)
        at = layout.passage_at(len(question))
        labels = [_label(spans, begin, end, at) for begin, end in parts]
        holding = sum(label != (0, 0) for label in labels)
        for (begin, end), label in zip(parts, labels, strict=True):
            if holding:
                weight = share / holding if label != (0, 0) else share * self.mix.elsewhere / len(parts)
            else:
                weight = share / len(parts)
            yield Window(p, q, begin, end, label, weight)

    def ids(self, window: Window) -> layout.Ints:
        """What the model reads of a window."""
        part = self.texts[window.passage].ids[window.begin : window.end]
        return layout.model_input(self.questions[window.passage][window.question], part, self.begin_id, self.end_id)

    def lengths(self) -> list[int]:
        """Tokens of each window."""
        return [self.passage_at(window) + window.end - window.begin + 1 for window in self.all]

    def passage_at(self, window: Window) -> int:
        """Where in `ids` the passage begins."""
        return layout.passage_at(len(self.questions[window.passage][window.question]))

    def batch(self, rows: Rows) -> Batch:
        """The windows with these numbers; labels [B, 2]."""
        some = [self.all[row] for row in rows]
        inputs = encoder_inputs([self.ids(window) for window in some], self.pad_id)
        labels = torch.tensor([window.label for window in some])
        return Batch(inputs, labels, int(inputs["attention_mask"].sum()))


def _label(spans: Sequence[tuple[int, int] | None], begin: int, end: int, at: int) -> tuple[int, int]:
    for span in spans:
        if span and begin <= span[0] and span[1] < end:
            return span[0] - begin + at, span[1] - begin + at
    return 0, 0


def _shares(
    passages: Iterable[Passage], mix: Unanswerable, weights: Mapping[str, float]
) -> dict[tuple[str, str], float]:
    """How often an epoch takes a question, by source and kind."""
    shares: dict[tuple[str, str], float] = {}
    for source, counts in count_kinds(passages).items():
        for kind, count in counts.items():
            able = counts.get(ANSWERABLE, count)
            share = 1.0 if kind == ANSWERABLE else min(1.0, getattr(mix, kind) * able / count)
            shares[source, kind] = weights.get(source, 1.0) * share
    return shares
