"""Labels: a text, or a pair of texts, and the class it belongs to."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import BertForSequenceClassification, PreTrainedModel

from llm_core.atomic import writing
from llm_core.errors import UserError
from llm_core.models.recurrent import RecurrentForSequenceClassification
from llm_core.training import label_scores
from llm_core.training.collect import Record
from llm_core.training.config import Source
from llm_core.training.dataset import Batch, Stream
from llm_core.training.evaluate import validation_loss
from llm_core.training.examples import Examples, Rows, encoder_inputs, in_order
from llm_core.training.labels import Classes, Example, as_label, balancing, columns_of
from llm_core.training.loss import Loss
from llm_core.training.objectives.base import Judgement
from llm_core.training.objectives.encoder import OverEncoder, judging
from llm_core.training.overlap import HeldOut
from llm_core.training.precision import computing
from llm_core.training.records import account_of, read_rows, set_name, up_to
from llm_core.training.split import examined, side_of, splits

_JUDGED = 1000
"""Examples that are classified at every look."""
_VALIDATION_BATCHES = 12


class Label(OverEncoder):
    """An `Objective`: sources have the columns `text` and `label`, or those of their `fields`, the label last."""

    def example(self, record: Record, source: Source, row: int) -> Example:
        """What a row says."""
        *texts, label = (record[name] for name in self.columns(source))
        return Example(
            tuple(map(str, texts)), as_label(label), source.label_set or set_name(source), set_name(source)
        )

    def columns(self, source: Source) -> tuple[str, ...]:
        """Those that a row must have."""
        return columns_of(source)

    @property
    def loss(self) -> Loss:
        """See `Objective`; with `balance`, rare classes count more."""
        classes = self.classes()
        weights = np.ones(len(classes), np.float32)
        if self.config.balance:
            weights = balancing(classes.numbers(self.examples("train")), len(classes))
        return partial(
            label_loss, set_of_class=torch.from_numpy(classes.set_of_class), weights=torch.from_numpy(weights)
        )

    def prepare(self) -> dict[str, Any]:
        """Take what is held out, or nearly so, out of training; number the classes; write all sides."""
        sides, accounts = self._read()
        classes = Classes.of(sides["train"])
        index, dropped = classes.index, Counter[str]()
        held_out = HeldOut(" ".join(e.texts) for split in sides if split != "train" for e in sides[split])
        sides["train"] = [example for example in sides["train"] if not held_out.holds(" ".join(example.texts))]
        report: dict[str, Any] = {"sources": accounts}
        for split in splits(self.config):
            known = [example for example in sides[split] if (example.label_set, example.label) in index]
            dropped["label not in training"] += len(sides[split]) - len(known)
            if not known:
                raise UserError("examples_none", split=split)
            self._write(split, known)
            report[split] = {"rows": len(known), "labels": _counts(known)}
        with writing(self.folder / "data" / "classes.json", "w") as out:
            json.dump(classes.sets, out, ensure_ascii=False)
        texts = (text for example in sides["train"] for text in example.texts)
        self.encoder_tokenizer(texts).save_pretrained(self.folder / "tokenizer")
        return report | {"dropped": dict(held_out.dropped + dropped)}

    def build_model(self) -> PreTrainedModel:
        """The encoder with a linear layer over its first state, or a recurrent network with one over their mean."""
        classes = self.classes()
        names = classes.names
        model = self.open_model(
            BertForSequenceClassification if self.config.family == "encoder" else RecurrentForSequenceClassification,
            id2label=dict(enumerate(names)),
            label2id={name: i for i, name in enumerate(names)},
        )
        model.config.label_sets = {name: list(ends) for name, ends in classes.ranges.items()}
        return model

    def stream(self, split: str) -> Stream:
        """See `Objective`."""
        examples = self.examples(split)
        weights = {set_name(source): source.weight for source in self.config.sources}
        ids, labels = self.encode(examples), self.classes().numbers(examples)
        collate = partial(_batch, ids, labels, self.tokenizer.pad_token_id)
        often = [weights.get(example.source, 1.0) for example in examples]
        return Examples([len(row) for row in ids], often, collate, self.config.batch.micro_tokens, self.config.seed)

    def judge(self, model: PreTrainedModel) -> Judgement:
        """Loss; accuracy and mean F1 of each source."""
        loss = validation_loss(model, self.stream("valid"), _VALIDATION_BATCHES, self.loss)
        examples = self.examples("valid")
        examples = examples[:: max(1, len(examples) // _JUDGED)]
        said = self.classify(model, examples)
        extra = {"accuracy": label_scores.accuracy(said, [example.label for example in examples])}
        for source, ours, right in by_source(examples, said):
            extra |= {f"{name}.{source}": value for name, value in self.figures(ours, right).items()}
        return Judgement(loss, extra=extra)

    def figures(self, said: Sequence[str], right: Sequence[str]) -> dict[str, float]:
        """What a look says of one source."""
        return {"accuracy": label_scores.accuracy(said, right), "macro_f1": label_scores.macro_f1(said, right)}

    def examine(self, model: PreTrainedModel) -> dict[str, Any]:
        """The whole report of each source: on the test side where there is one."""
        examples = self.examples(examined(self.config))
        said = self.classify(model, examples)
        return {
            source: label_scores.report(ours, right) | self.figures(ours, right)
            for source, ours, right in by_source(examples, said)
        }

    def examples(self, split: str) -> list[Example]:
        """What `prepare` wrote."""
        with (self.folder / "data" / f"{split}.jsonl").open(encoding="utf-8") as lines:
            rows = (json.loads(line) for line in lines)
            return [Example(tuple(row.pop("texts")), **row) for row in rows]

    def classes(self) -> Classes:
        """What `prepare` found."""
        return Classes(json.loads((self.folder / "data" / "classes.json").read_text(encoding="utf-8")))

    def encode(self, examples: Sequence[Example]) -> list[list[int]]:
        """Token ids, cut off at the context; of a pair the longer text is cut first."""
        backend = self.tokenizer.backend_tokenizer
        backend.enable_truncation(self.config.batch.context, strategy="longest_first")
        texts = [example.texts if len(example.texts) > 1 else example.texts[0] for example in examples]
        return [encoding.ids for encoding in backend.encode_batch(texts)]

    def classify(self, model: PreTrainedModel, examples: Sequence[Example]) -> list[str]:
        """The likeliest label of each example, among those of its set."""
        classes, ids, pad = self.classes(), self.encode(examples), self.tokenizer.pad_token_id
        labels = [label for some in classes.sets.values() for label in some]
        said = [""] * len(examples)
        with judging(model):
            for rows in in_order([len(row) for row in ids], 2 * self.config.batch.micro_tokens):
                inputs = encoder_inputs([ids[row] for row in rows], pad)
                logits = model(**{name: tensor.to(model.device) for name, tensor in inputs.items()}).logits
                for row, scores in zip(rows, logits.float().cpu().numpy(), strict=True):
                    first, end = classes.ranges[examples[row].label_set]
                    said[row] = labels[first + int(scores[first:end].argmax())]
        return said

    def _read(self) -> tuple[dict[str, list[Example]], list[dict[str, Any]]]:
        sides: dict[str, list[Example]] = {split: [] for split in splits(self.config)}
        accounts = []
        for source in self.config.sources:
            rows = enumerate(read_rows(source, self.columns(source)), 1)
            read = (self.example(record, source, number) for number, record in rows)
            examples = list(up_to(source.characters, read, lambda example: sum(map(len, example.texts))))
            for example in examples:
                key = "\x00".join(example.texts)
                sides[side_of(key, self.config) if source.use == "split" else source.use].append(example)
            accounts.append(account_of(source, len(examples), sum(len(t) for e in examples for t in e.texts)))
        return sides, accounts

    def _write(self, split: str, examples: Sequence[Example]) -> None:
        with writing(self.folder / "data" / f"{split}.jsonl", "w") as out:
            out.writelines(json.dumps(asdict(example), ensure_ascii=False) + "\n" for example in examples)


def _batch(ids: Sequence[Sequence[int]], labels: Sequence[int], pad: int, rows: Rows) -> Batch:
    inputs = encoder_inputs([ids[row] for row in rows], pad)
    return Batch(inputs, torch.tensor([labels[row] for row in rows]), int(inputs["attention_mask"].sum()))


def _counts(examples: Sequence[Example]) -> dict[str, dict[str, int]]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        counts[example.label_set][example.label] += 1
    return {name: dict(labels.most_common()) for name, labels in counts.items()}


def by_source(examples: Sequence[Example], said: Sequence[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """(source, what was said, what is right) of each source."""
    for source in sorted({example.source for example in examples}):
        rows = [i for i, example in enumerate(examples) if example.source == source]
        yield source, [said[i] for i in rows], [examples[i].label for i in rows]


def label_loss(
    model: PreTrainedModel, batch: Batch, smoothing: float, *, set_of_class: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of each example among the classes of its own set; set_of_class, weights: [C]."""
    with computing(model.device):
        logits = model(**batch.inputs).logits.float()  # B, C
    return cross_entropy_within(logits, batch.labels, smoothing, set_of_class, weights)


def cross_entropy_within(
    logits: Tensor, labels: Tensor, smoothing: float, set_of_class: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor]:
    """(loss to minimise, plain loss) of logits [N, C], each row among the classes of its label's set alone.

    With smoothing, its part is spread over the classes of the set.
    """
    sets, weights = set_of_class.to(logits.device), weights.to(logits.device)
    inside = sets[None, :] == sets[labels][:, None]
    log_p = torch.log_softmax(logits.masked_fill(~inside, -torch.inf), dim=-1)
    plain = -log_p.gather(1, labels[:, None])[:, 0]
    spread = -log_p.masked_fill(~inside, 0).sum(1) / inside.sum(1)
    loss = (1 - smoothing) * plain + smoothing * spread
    return (weights[labels] * loss).sum(), plain.detach().sum()
