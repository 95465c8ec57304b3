"""A run as a folder: text prepared once, then trained, looked at and saved as it goes.

config.json  report.json  tokenizer/  data/  checkpoints/  metrics.jsonl  model/
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import random
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.atomic import writing
from llm_core.events import Done, Events, Item
from llm_core.training.attention import SHORT
from llm_core.training.config import TrainConfig
from llm_core.training.corpus import SPLITS, read_rows, write_corpus
from llm_core.training.dataset import Stream
from llm_core.training.evaluate import validation_loss
from llm_core.training.families import FAMILIES, Family, open_tokens, shape_of
from llm_core.training.loop import StepRecord, Trainer
from llm_core.training.tokenize import learn_tokenizer, write_tokens

_VALIDATION_BATCHES = 12
_DECIDES_TEXT = {"languages", "sources", "cleaning", "tokenizer", "validation_fraction", "seed"}


@dataclass(frozen=True)
class Look:
    """The model seen from outside after `step` updates: loss in nats a token, and what it says."""

    step: int
    seconds: float
    valid_loss: float
    bits_per_char: float
    samples: list[str]


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    name: str
    family: str
    parameters: int
    steps: int
    train_loss: float
    valid_loss: float
    bits_per_char: float
    seconds: float
    tokens_per_second: float


@dataclass(frozen=True)
class Run:
    """A training run in its folder."""

    config: TrainConfig
    folder: Path

    @property
    def family(self) -> Family:
        """The family that the configuration names."""
        return FAMILIES[self.config.family]

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The tokenizer that `prepare` learned."""
        return PreTrainedTokenizerFast.from_pretrained(self.folder / "tokenizer")

    def prepare(self) -> None:
        """Read and clean the text, learn the tokenizer, write the token ids; again only for other text."""
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        self._write("config.json", self.config.model_dump(mode="json"))
        fingerprint = text_fingerprint(self.config)
        if self._report().get("fingerprint") == fingerprint:
            return
        report = {"fingerprint": fingerprint, **write_corpus(self.config, data)}
        texts = _spread(data / "train.jsonl", report["train"]["characters"], self.config.tokenizer.sample_characters)
        tokenizer = learn_tokenizer(self.config.tokenizer, texts, self.family.own_pieces(self.config.languages))
        tokenizer.save_pretrained(self.folder / "tokenizer")
        for split in SPLITS:
            fields = len(next(read_rows(data / f"{split}.jsonl")))
            for i in range(fields):
                texts = (row[i] for row in read_rows(data / f"{split}.jsonl"))
                write_tokens(data / f"{split}-{i}", texts, tokenizer, [tokenizer.eos_token_id])
        self._write("report.json", report)

    def train(self, resume: bool = False) -> Events:
        """Item(StepRecord) an update, Item(Look) now and then, Done(Outcome); all but the last in metrics.jsonl.

        resume: go on from the newest whole checkpoint, if there is one; otherwise earlier ones are deleted.
        """
        torch.manual_seed(self.config.seed)
        random.seed(self.config.seed)
        checkpoints = self.folder / "checkpoints"
        trainer = Trainer(self.config, self.build_model(), self.stream("train"), checkpoints, self.family.loss)
        if resume:
            trainer.resume()
        else:
            shutil.rmtree(checkpoints, ignore_errors=True)
        self._forget_after(trainer.step)
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as metrics:
            last = None
            for record in trainer.run():
                last = record
                for line in self._watch(trainer, record):
                    metrics.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")
                    metrics.flush()
                    yield Item(line)
        save_model(trainer.model, self.tokenizer, self.folder / "model")
        yield Done(self._outcome(trainer, last))

    def build_model(self) -> PreTrainedModel:
        """A fresh model of the family and size that the configuration asks for, on the best device here."""
        context = self.config.batch.context
        model = self.family.build(shape_of(self.family, self.config), self.tokenizer, context)
        if torch.cuda.is_available():
            nn.Module.to(model, "cuda")
        elif context <= SHORT:
            model.set_attn_implementation(self.family.short_attention)
        return model

    def stream(self, split: str) -> Stream:
        """Batches of "train" or "valid" text from their beginning."""
        return self.family.open_stream(self.config, self.tokenizer, open_tokens(self.folder / "data", split))

    def bits_per_character(self, loss: float) -> float:
        """What a validation loss in nats a token means in bits a character."""
        tokens = sum(len(side.ids) for side in open_tokens(self.folder / "data", "valid"))
        return loss / math.log(2) * tokens / self._report()["valid"]["characters"]

    def _watch(self, trainer: Trainer, record: StepRecord) -> Iterator[StepRecord | Look]:
        yield record
        if record.step % self.config.budget.evaluate_every == 0:
            yield self._look(trainer)

    def _look(self, trainer: Trainer) -> Look:
        loss = validation_loss(trainer.model, self.stream("valid"), _VALIDATION_BATCHES, self.family.loss)
        samples = self.family.sample(trainer.model, self.tokenizer, self.config.prompts)
        return Look(trainer.step, trainer.seconds, loss, self.bits_per_character(loss), samples)

    def _outcome(self, trainer: Trainer, last: StepRecord | None) -> Outcome:
        loss = validation_loss(trainer.model, self.stream("valid"), _VALIDATION_BATCHES, self.family.loss)
        return Outcome(
            name=self.config.name,
            family=self.config.family,
            parameters=trainer.model.num_parameters(),
            steps=trainer.step,
            train_loss=last.loss if last else math.nan,
            valid_loss=loss,
            bits_per_char=self.bits_per_character(loss),
            seconds=trainer.seconds,
            tokens_per_second=trainer.tokens / trainer.seconds,
        )

    def _forget_after(self, step: int) -> None:
        """Drop the metrics of updates that are done again, because no checkpoint was left of them."""
        path = self.folder / "metrics.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        with writing(path, "w") as out:
            out.writelines(line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step)

    def _report(self) -> dict[str, Any]:
        path = self.folder / "report.json"
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return report

    def _write(self, name: str, value: Any) -> None:
        with writing(self.folder / name, "w") as out:
            json.dump(value, out, ensure_ascii=False, indent=2)


def text_fingerprint(config: TrainConfig) -> str:
    """Changes when the configuration asks for other text or for another tokenizer, wherever the files lie."""
    asked = config.model_dump(mode="json", include=_DECIDES_TEXT)
    for source in asked["sources"]:
        source["path"] = Path(source["path"]).name
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def save_model(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write a folder that transformers loads by itself, weights in bfloat16."""
    copy.deepcopy(model).eval().to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _spread(path: Path, characters: int, limit: int) -> Iterator[str]:
    """Texts of rows spread evenly over a file of `characters`, about `limit` characters in all."""
    step = max(1, -(-characters // limit))
    for row in islice(read_rows(path), 0, None, step):
        yield from row
