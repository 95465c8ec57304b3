"""Tags: where in a text something is named, and what kind of thing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import BertForTokenClassification, PreTrainedModel

from llm_core.atomic import writing
from llm_core.errors import UserError
from llm_core.models import reading
from llm_core.models.tags import Entity, entities_of, tag, tags_of
from llm_core.training import flat
from llm_core.training.collect import Record
from llm_core.training.config import Source
from llm_core.training.dataset import IGNORE, Batch, Stream, padded
from llm_core.training.evaluate import validation_loss
from llm_core.training.examples import Examples, Rows, encoder_inputs, in_order
from llm_core.training.labels import Classes
from llm_core.training.loss import Loss
from llm_core.training.objectives.base import Judgement
from llm_core.training.objectives.encoder import OverEncoder, judging
from llm_core.training.objectives.label import cross_entropy_within
from llm_core.training.overlap import HeldOut
from llm_core.training.precision import computing
from llm_core.training.records import account_of, read_rows, set_name, up_to
from llm_core.training.split import examined, side_of, splits
from llm_core.training.tag_scores import entity_f1, of_types

_JUDGED = 1000
"""Texts that are tagged at every look."""
_VALIDATION_BATCHES = 12
_SET = "entities"
"""The label set of sources that name none: their types are the same types."""


@dataclass(frozen=True)
class Tagged:
    """A text with what it names."""

    text: str
    entities: tuple[Entity, ...]
    label_set: str
    source: str


@dataclass(frozen=True)
class Part:
    """So many pieces of a text as the model reads at once, and the number of each piece's tag."""

    row: int
    text: reading.Encoded
    tags: NDArray[np.int64]


class Tags(OverEncoder):
    """An `Objective`: sources have the columns `text` and `entities`, each of which has `start`, `end` and `type`."""

    @property
    def loss(self) -> Loss:
        """See `Objective`."""
        return partial(tag_loss, set_of_class=torch.from_numpy(self.classes().set_of_class))

    def prepare(self) -> dict[str, Any]:
        """Take what is held out out of training, find the types, write all sides."""
        sides, accounts = self._read()
        held_out = HeldOut(row.text for split in sides if split != "train" for row in sides[split])
        sides["train"] = [row for row in sides["train"] if not held_out.holds(row.text)]
        if empty := [split for split in sides if not sides[split]]:
            raise UserError("examples_none", split=empty[0])
        types: defaultdict[str, set[str]] = defaultdict(set)
        for row in sides["train"]:
            types[row.label_set] |= {entity.type for entity in row.entities}
        report: dict[str, Any] = {"sources": accounts, "dropped": dict(held_out.dropped)}
        for split, rows in sides.items():
            rows = [_known(row, types[row.label_set]) for row in rows]
            with writing(self.folder / "data" / f"{split}.jsonl", "w") as out:
                out.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
            report[split] = {"rows": len(rows), "entities": sum(len(row.entities) for row in rows)}
        with writing(self.folder / "data" / "classes.json", "w") as out:
            json.dump({name: tags_of(some) for name, some in sorted(types.items())}, out, ensure_ascii=False)
        texts = (row.text for row in sides["train"])
        self.encoder_tokenizer(texts).save_pretrained(self.folder / "tokenizer")
        return report

    def build_model(self) -> PreTrainedModel:
        """The encoder with a linear layer that gives each token a logit for each tag."""
        classes = self.classes()
        model = self.open_model(
            BertForTokenClassification,
            id2label=dict(enumerate(classes.names)),
            label2id={name: i for i, name in enumerate(classes.names)},
        )
        model.config.label_sets = {name: list(ends) for name, ends in classes.ranges.items()}
        return model

    def stream(self, split: str) -> Stream:
        """See `Objective`."""
        rows = self.rows(split)
        weights = {set_name(source): source.weight for source in self.config.sources}
        parts, tokenizer = self.parts(rows), self.tokenizer
        often = [weights.get(rows[part.row].source, 1.0) for part in parts]
        special = (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
        collate = partial(_batch, parts, special)
        lengths = [len(part.text.ids) + 2 for part in parts]
        return Examples(lengths, often, collate, self.config.batch.micro_tokens, self.config.seed)

    def judge(self, model: PreTrainedModel) -> Judgement:
        """Loss, and F1 of the entities of each source."""
        loss = validation_loss(model, self.stream("valid"), _VALIDATION_BATCHES, self.loss)
        rows = self.rows("valid")
        rows = rows[:: max(1, len(rows) // _JUDGED)]
        said = self.find(model, rows)
        extra = {"f1": entity_f1(said, [row.entities for row in rows])["f1"]}
        for source, ours, theirs in _by_source(rows, said):
            extra[f"f1.{source}"] = entity_f1(ours, theirs)["f1"]
        return Judgement(loss, extra=extra)

    def examine(self, model: PreTrainedModel) -> dict[str, Any]:
        """Precision, recall and F1 of each source and type: on the test side where there is one."""
        rows = self.rows(examined(self.config))
        said = self.find(model, rows)
        return {
            source: {"texts": len(ours), **entity_f1(ours, theirs), "types": of_types(ours, theirs)}
            for source, ours, theirs in _by_source(rows, said)
        }

    def rows(self, split: str) -> list[Tagged]:
        """What `prepare` wrote."""
        with (self.folder / "data" / f"{split}.jsonl").open(encoding="utf-8") as lines:
            read = (json.loads(line) for line in lines)
            return [Tagged(**row | {"entities": tuple(Entity(**each) for each in row["entities"])}) for row in read]

    def classes(self) -> Classes:
        """What `prepare` found: the tags of each set."""
        return Classes(json.loads((self.folder / "data" / "classes.json").read_text(encoding="utf-8")))

    def parts(self, rows: Sequence[Tagged]) -> list[Part]:
        """Each text in as many parts as the context asks for."""
        classes, room = self.classes(), self.config.batch.context - 2
        parts = []
        for i, text in enumerate(reading.encode(self.tokenizer.backend_tokenizer, [row.text for row in rows])):
            name = rows[i].label_set
            numbers = tag(text, rows[i].entities, classes.sets[name]) + classes.ranges[name][0]
            numbers[text.spans[:, 0] == text.spans[:, 1]] = IGNORE
            for start in range(0, len(text.ids), room):
                some = slice(start, start + room)
                parts.append(Part(i, reading.Encoded(text.ids[some], text.spans[some]), numbers[some]))
        return parts

    def find(self, model: PreTrainedModel, rows: Sequence[Tagged]) -> list[list[Entity]]:
        """The entities of each text, of the types of its set."""
        classes, parts, tokenizer = self.classes(), self.parts(rows), self.tokenizer
        special = (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
        found: list[list[Entity]] = [[] for _ in rows]
        with judging(model):
            for some in in_order([len(part.text.ids) + 2 for part in parts], 2 * self.config.batch.micro_tokens):
                batch = _batch(parts, special, some).to(model.device)
                logits = model(**batch.inputs).logits.float()
                for i, scores in zip(some, logits, strict=True):
                    part, name = parts[i], rows[parts[i].row].label_set
                    first, end = classes.ranges[name]
                    log_p = scores[1 : len(part.text.ids) + 1, first:end].log_softmax(-1).cpu().numpy()
                    found[part.row] += entities_of(log_p, part.text.spans, classes.sets[name])
        return found

    def _read(self) -> tuple[dict[str, list[Tagged]], list[dict[str, Any]]]:
        sides: dict[str, list[Tagged]] = {split: [] for split in splits(self.config)}
        accounts = []
        for source in self.config.sources:
            columns = ("text", "entities") if source.fields == ("text",) else source.fields
            rows_read = enumerate(read_rows(source, columns), 1)
            read = (_tagged(record, columns, source, number) for number, record in rows_read)
            rows = list(up_to(source.characters, read, lambda row: len(row.text)))
            for row in rows:
                sides[side_of(row.text, self.config) if source.use == "split" else source.use].append(row)
            accounts.append(account_of(source, len(rows), sum(len(row.text) for row in rows)))
        return sides, accounts


def _tagged(record: Record, columns: Sequence[str], source: Source, number: int) -> Tagged:
    text, told = str(record[columns[0]]), record[columns[1]]
    found = tuple(Entity(**each) for each in flat.entities(told, text, source, number))
    return Tagged(text, found, source.label_set or _SET, set_name(source))


def _known(row: Tagged, types: set[str]) -> Tagged:
    """Without entities of types that training does not have."""
    entities = tuple(entity for entity in row.entities if entity.type in types)
    return Tagged(row.text, entities, row.label_set, row.source)


def _batch(parts: Sequence[Part], special: tuple[int, int, int], rows: Rows) -> Batch:
    begin, end, pad = special
    some = [parts[row] for row in rows]
    inputs = encoder_inputs([[begin, *part.text.ids, end] for part in some], pad)
    labels = padded([[IGNORE, *part.tags, IGNORE] for part in some], IGNORE)
    return Batch(inputs, labels, int(inputs["attention_mask"].sum()))


def _by_source(
    rows: Sequence[Tagged], said: Sequence[list[Entity]]
) -> list[tuple[str, list[list[Entity]], list[tuple[Entity, ...]]]]:
    """(source, what was said, what is right) of each source."""
    found = []
    for source in sorted({row.source for row in rows}):
        numbers = [i for i, row in enumerate(rows) if row.source == source]
        found.append((source, [said[i] for i in numbers], [rows[i].entities for i in numbers]))
    return found


def tag_loss(
    model: PreTrainedModel, batch: Batch, smoothing: float, *, set_of_class: Tensor
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of each piece's tag among the tags of its own set."""
    with computing(model.device):
        logits = model(**batch.inputs).logits.float()  # B, T, C
    counted = batch.labels != IGNORE
    weights = torch.ones(len(set_of_class))
    return cross_entropy_within(logits[counted], batch.labels[counted], smoothing, set_of_class, weights)
