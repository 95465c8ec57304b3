"""Reading: where in a passage the answer to a question stands, or that it does not stand there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import BertForQuestionAnswering, PreTrainedModel

from llm_core.atomic import writing
from llm_core.errors import UserError
from llm_core.models import reading as layout
from llm_core.training import flat
from llm_core.training.corpus import SPLITS
from llm_core.training.dataset import Batch, Stream
from llm_core.training.evaluate import validation_loss
from llm_core.training.examples import Examples, in_order
from llm_core.training.loss import Loss
from llm_core.training.objectives.base import Judgement
from llm_core.training.objectives.encoder import OverEncoder, judging
from llm_core.training.overlap import HeldOut
from llm_core.training.precision import computing
from llm_core.training.reading import (
    OTHER_DOCUMENT,
    OTHER_PASSAGE,
    SWAPPED,
    Passage,
    count_kinds,
    passage_of,
    with_unanswerable,
)
from llm_core.training.reading_scores import Answered, figures, thresholds_of
from llm_core.training.reading_windows import Windows
from llm_core.training.records import account_of, set_name, up_to
from llm_core.training.split import side_of

_JUDGED, _EXAMINED = 400, 3000
"""Questions that are answered at every look, and at the end."""
_VALIDATION_BATCHES = 12
_FROM_ELSEWHERE = (SWAPPED, OTHER_DOCUMENT, OTHER_PASSAGE)


class Span(OverEncoder):
    """An `Objective`: sources are rows of `context` and `qas`, or plain tables; see `flat.passages`."""

    @property
    def loss(self) -> Loss:
        """See `Objective`."""
        return span_loss

    def prepare(self) -> dict[str, Any]:
        """Take what validation also holds out of training, add unanswerable questions, write both sides."""
        sides, accounts = self._read()
        held_out = HeldOut(passage.context for passage in sides["valid"])
        sides["train"] = [passage for passage in sides["train"] if not held_out.holds(passage.context)]
        if empty := [split for split in SPLITS if not sides[split]]:
            raise UserError("examples_none", split=empty[0])
        report: dict[str, Any] = {"sources": accounts, "dropped": dict(held_out.dropped)}
        for split in SPLITS:
            passages = with_unanswerable(sides[split], self.config.seed)
            with writing(self.folder / "data" / f"{split}.jsonl", "w") as out:
                out.writelines(json.dumps(p.as_record(), ensure_ascii=False) + "\n" for p in passages)
            report[split] = {"rows": len(passages), "questions": count_kinds(passages)}
        texts = (text for p in sides["train"] for text in (p.context, *(q.text for q in p.questions)))
        self.encoder_tokenizer(texts).save_pretrained(self.folder / "tokenizer")
        return report

    def build_model(self) -> PreTrainedModel:
        """The encoder with a linear layer that gives each token two logits."""
        return self.open_model(BertForQuestionAnswering)

    def stream(self, split: str) -> Stream:
        """See `Objective`; validation has each window once an epoch, too."""
        windows = self._windows(self.passages(split))
        weights = [window.weight for window in windows.all]
        batch = self.config.batch
        return Examples(windows.lengths(), weights, windows.batch, batch.micro_tokens, self.config.seed)

    def judge(self, model: PreTrainedModel) -> Judgement:
        """Loss, and the figures of some questions with thresholds that are fitted to them."""
        loss = validation_loss(model, self.stream("valid"), _VALIDATION_BATCHES, self.loss)
        answered = self.answer(model, spread(self.passages("valid"), _JUDGED))
        thresholds = thresholds_of(answered, _FROM_ELSEWHERE)
        own = {f"threshold.{language}": value for language, value in thresholds.items()}
        return Judgement(loss, extra=own | figures(answered, thresholds))

    def examine(self, model: PreTrainedModel) -> dict[str, Any]:
        """The figures of many validation questions; the thresholds go into the model's configuration."""
        answered = self.answer(model, spread(self.passages("valid"), _EXAMINED))
        thresholds = thresholds_of(answered, _FROM_ELSEWHERE)
        model.config.null_thresholds = thresholds
        return {"questions": len(answered), "thresholds": thresholds, **figures(answered, thresholds)}

    def passages(self, split: str) -> list[Passage]:
        """What `prepare` wrote."""
        with (self.folder / "data" / f"{split}.jsonl").open(encoding="utf-8") as lines:
            return [Passage.of_record(json.loads(line)) for line in lines]

    def answer(self, model: PreTrainedModel, passages: Sequence[Passage]) -> list[Answered]:
        """The best span for every question of `passages`, over all windows of its passage."""
        windows = self._windows(passages)
        best: dict[tuple[int, int], tuple[layout.Found, int]] = {}
        with judging(model):
            for rows in in_order(windows.lengths(), 2 * self.config.batch.micro_tokens):
                batch = windows.batch(rows).to(model.device)
                start, end = (side.cpu().numpy() for side in span_logits(model, batch))
                for row, s, e in zip(rows, start, end, strict=True):
                    window = windows.all[row]
                    at, count = windows.passage_at(window), window.end - window.begin
                    found = layout.best_span(s, e, at, count)
                    key = (window.passage, window.question)
                    if key not in best or found.margin > best[key][0].margin:
                        best[key] = found, window.begin
        return [self._answered(windows, key, *best[key]) for key in sorted(best)]

    def _answered(self, windows: Windows, key: tuple[int, int], found: layout.Found, offset: int) -> Answered:
        passage = windows.passages[key[0]]
        question, spans = passage.questions[key[1]], windows.texts[key[0]].spans
        answer = passage.context[spans[offset + found.start][0] : spans[offset + found.end][1]]
        right = tuple(text for text, _ in question.answers)
        language = layout.language_of(passage.context)
        return Answered(passage.source, language, question.kind, answer, found.margin, right)

    def _windows(self, passages: Sequence[Passage]) -> Windows:
        weights = {set_name(source): source.weight for source in self.config.sources}
        return Windows(passages, self.tokenizer, self.config.batch.context, self.config.unanswerable, weights)

    def _read(self) -> tuple[dict[str, list[Passage]], list[dict[str, Any]]]:
        sides: dict[str, list[Passage]] = defaultdict(list)
        accounts = []
        for source in self.config.sources:
            read = (passage_of(record, set_name(source)) for record in flat.passages(source))
            passages = list(up_to(source.characters, read, lambda passage: len(passage.context)))
            for passage in passages:
                split = side_of(passage.document, self.config) if source.use == "split" else source.use
                sides[split].append(passage)
            accounts.append(account_of(source, len(passages), sum(len(p.context) for p in passages)))
        return sides, accounts


def spread(passages: Sequence[Passage], questions: int) -> list[Passage]:
    """About so many questions, spread evenly over `passages`; for each source and kind alike."""
    numbers: defaultdict[tuple[str, str], int] = defaultdict(int)
    groups: dict[str, dict[str, int]] = count_kinds(passages)
    each = questions / max(1, sum(map(len, groups.values())))
    chosen = []
    for passage in passages:
        some = []
        for question in passage.questions:
            key = (passage.source, question.kind)
            step = max(1.0, groups[passage.source][question.kind] / each)
            if numbers[key] % step < 1:
                some.append(question)
            numbers[key] += 1
        if some:
            chosen.append(replace(passage, questions=tuple(some)))
    return chosen


def span_loss(model: PreTrainedModel, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Cross-entropy of where the answer begins and of where it ends, each over the tokens of the window."""
    start, end = span_logits(model, batch)
    losses = [
        [cross_entropy(side, label, reduction="sum", label_smoothing=s) for s in (smoothing, 0.0)]
        for side, label in ((start, batch.labels[:, 0]), (end, batch.labels[:, 1]))
    ]
    return losses[0][0] + losses[1][0], (losses[0][1] + losses[1][1]).detach()


def span_logits(model: PreTrainedModel, batch: Batch) -> tuple[Tensor, Tensor]:
    """Start and end logits [B, T] in float32; padding has the lowest."""
    with computing(model.device):
        out = model(**batch.inputs)
    padding = batch.inputs["attention_mask"] == 0
    lowest = -1e4
    return out.start_logits.float().masked_fill(padding, lowest), out.end_logits.float().masked_fill(padding, lowest)
