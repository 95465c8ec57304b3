"""Embeddings: texts that belong together come to lie near each other, others of the batch far away.

InfoNCE (van den Oord et al. 2018) with the other rows of a batch as negatives. A single column gives two views of
each text through dropout (SimCSE, Gao et al. 2021); two give pairs; a third one holds hard negatives.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize
from transformers import BertModel, PreTrainedModel

from llm_core.atomic import writing
from llm_core.errors import UserError
from llm_core.training.collect import read_records
from llm_core.training.config import Source
from llm_core.training.dataset import Batch, Stream
from llm_core.training.evaluate import validation_loss
from llm_core.training.examples import Examples, Rows, encoder_inputs, in_order
from llm_core.training.loss import Loss
from llm_core.training.objectives.base import Judgement
from llm_core.training.objectives.encoder import OverEncoder, judging
from llm_core.training.overlap import HeldOut
from llm_core.training.precision import computing
from llm_core.training.question_pairs import COLUMNS as QUESTION_COLUMNS
from llm_core.training.question_pairs import question_pairs
from llm_core.training.records import account_of, read_rows, set_name, up_to
from llm_core.training.split import examined, side_of, splits

_JUDGED = 1000
"""Pairs among which each first text looks for its partner."""
_VALIDATION_BATCHES = 12
Texts = tuple[str, ...]


class Contrastive(OverEncoder):
    """An `Objective`: the `fields` of a source are a text, a pair, or a pair and a text unlike both.

    Of a reading set, with `context` and `qas`, the fields are a question, its passage, and perhaps one unlike it.
    """

    @property
    def loss(self) -> Loss:
        """See `Objective`."""
        return partial(contrastive_loss, temperature=self.config.temperature)

    def prepare(self) -> dict[str, Any]:
        """Take what is held out out of training; write all sides."""
        sides: dict[str, list[tuple[Texts, float]]] = {split: [] for split in splits(self.config)}
        accounts = []
        for source in self.config.sources:
            rows = self._texts(source)
            for row in rows:
                side = side_of(row[0], self.config) if source.use == "split" else source.use
                sides[side].append((row, source.weight))
            accounts.append(account_of(source, len(rows), sum(len(text) for row in rows for text in row)))
        held_out = HeldOut(text for split in sides if split != "train" for row, _ in sides[split] for text in row[:2])
        holds = cache(held_out.holds)  # a passage stands in as many rows as it has questions
        sides["train"] = [(row, weight) for row, weight in sides["train"] if not any(map(holds, row[:2]))]
        report: dict[str, Any] = {"sources": accounts, "dropped": dict(held_out.dropped)}
        for split, kept in sides.items():
            if not kept:
                raise UserError("examples_none", split=split)
            with writing(self.folder / "data" / f"{split}.jsonl", "w") as out:
                out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
            report[split] = {"rows": len(kept)}
        texts = (text for row, _ in sides["train"] for text in row)
        self.encoder_tokenizer(texts).save_pretrained(self.folder / "tokenizer")
        return report

    def _texts(self, source: Source) -> list[Texts]:
        """What a source has, as much of it as is asked for."""
        first = next(iter(read_records(source)), {})
        if first.keys() >= set(QUESTION_COLUMNS):
            read = up_to(source.characters, read_rows(source, QUESTION_COLUMNS), lambda row: len(row["context"]))
            return list(question_pairs(read, set_name(source), len(source.fields), self.config.seed))
        rows = (tuple(str(record[name]) for name in source.fields) for record in read_rows(source, source.fields))
        return list(up_to(source.characters, rows, lambda row: sum(map(len, row))))

    def build_model(self) -> PreTrainedModel:
        """The encoder alone: a text's vector is the mean of its last states."""
        return self.open_model(BertModel)

    def stream(self, split: str) -> Stream:
        """See `Objective`."""
        rows, weights = self.rows(split)
        ids = self.encode(rows)
        lengths = [len(row) * max(map(len, row)) for row in ids]
        collate = partial(_batch, ids, self.tokenizer.pad_token_id)
        return Examples(lengths, weights, collate, self.config.batch.micro_tokens, self.config.seed)

    def judge(self, model: PreTrainedModel) -> Judgement:
        """Loss; of pairs also how often the partner of a first text is the nearest of all, and among the nearest
        five."""
        loss = validation_loss(model, self.stream("valid"), _VALIDATION_BATCHES, self.loss)
        return Judgement(loss, extra=self._recalls(model, "valid"))

    def examine(self, model: PreTrainedModel) -> dict[str, Any]:
        """The same on the test side where there is one."""
        return dict(self._recalls(model, examined(self.config)))

    def rows(self, split: str) -> tuple[list[Texts], list[float]]:
        """What `prepare` wrote: texts, and how often an epoch takes them."""
        with (self.folder / "data" / f"{split}.jsonl").open(encoding="utf-8") as lines:
            read = [json.loads(line) for line in lines]
        return [tuple(texts) for texts, _ in read], [weight for _, weight in read]

    def encode(self, rows: Sequence[Texts]) -> list[list[list[int]]]:
        """Token ids of each text, its column's prefix before it, cut off at the context."""
        prefixes = (*self.config.prefixes, "", "", "")
        backend = self.tokenizer.backend_tokenizer
        backend.enable_truncation(self.config.batch.context)
        flat = [prefix + text for row in rows for prefix, text in zip(prefixes, row, strict=False)]
        found = iter(backend.encode_batch(flat))
        columns = [[next(found).ids for _ in row] for row in rows]
        return [row if len(row) > 1 else row * 2 for row in columns]  # one text twice: dropout makes the views

    def _recalls(self, model: PreTrainedModel, split: str) -> dict[str, float]:
        rows = [row for row in self.rows(split)[0] if len(row) > 1]
        if not rows:
            return {}
        rows = rows[:: max(1, len(rows) // _JUDGED)]
        ids = self.encode(rows)
        first, second = (self._vectors(model, [row[i] for row in ids]) for i in (0, 1))
        alike = first @ second.T
        better = (alike > np.diag(alike)[:, None]).sum(1)
        return {f"recall@{k}": round(100 * float((better < k).mean()), 2) for k in (1, 5)}

    def _vectors(self, model: PreTrainedModel, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        pad, found = self.tokenizer.pad_token_id, [np.zeros(0, np.float32)] * len(ids)
        with judging(model):
            for rows in in_order([len(row) for row in ids], 2 * self.config.batch.micro_tokens):
                inputs = encoder_inputs([ids[row] for row in rows], pad)
                vectors = embed(model, {name: tensor.to(model.device) for name, tensor in inputs.items()})
                for row, vector in zip(rows, vectors.cpu().numpy(), strict=True):
                    found[row] = vector
        return np.stack(found)


def _batch(ids: Sequence[Sequence[Sequence[int]]], pad: int, rows: Rows) -> Batch:
    """All first texts, then all second ones, then the third ones there are; a label is the row's own number."""
    most = max(len(ids[row]) for row in rows)
    columns = [ids[row][i] for i in range(most) for row in rows if i < len(ids[row])]
    inputs = encoder_inputs(columns, pad)
    return Batch(inputs, torch.arange(len(rows)), int(inputs["attention_mask"].sum()))


def embed(model: PreTrainedModel, inputs: dict[str, Tensor]) -> Tensor:
    """The mean of the last states over the tokens, of length 1: [B, d] in float32."""
    with computing(model.device):
        states = model(**inputs).last_hidden_state.float()
    mask = inputs["attention_mask"][..., None]
    return normalize((states * mask).sum(1) / mask.sum(1), dim=-1)


def contrastive_loss(
    model: PreTrainedModel, batch: Batch, smoothing: float, *, temperature: float
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of finding a row's second text among those of the batch and the hard negatives.

    The same passage may stand in several rows, as it answers several questions: it is nobody's negative then.
    """
    first, *others = embed(model, batch.inputs).split(len(batch.labels))
    scores = first @ torch.cat(others).T / temperature  # B, N: second texts, then third ones
    texts = batch.inputs["input_ids"][len(first) :]
    same = (texts[: len(first), None] == texts).all(-1).fill_diagonal_(False)
    scores = scores.masked_fill(same, float(scores.detach().min()))
    loss = cross_entropy(scores, batch.labels, reduction="sum", label_smoothing=smoothing)
    return loss, cross_entropy(scores.detach(), batch.labels, reduction="sum")
