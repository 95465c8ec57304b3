"""A run as a folder: text prepared once, then trained, looked at and saved as it goes.

config.json  report.json  tokenizer/  data/  checkpoints/  metrics.jsonl  model/
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.atomic import writing
from llm_core.events import Done, Event, Events, Item, Notice
from llm_core.models import lora
from llm_core.models.shared import SHARD_SIZE
from llm_core.training import folds, processes, snapshots
from llm_core.training.config import TrainConfig
from llm_core.training.corpus import SPLITS
from llm_core.training.dataset import Stream
from llm_core.training.describe import describe
from llm_core.training.families import FAMILIES, Family
from llm_core.training.loop import Trainer
from llm_core.training.metrics import Metrics, earlier
from llm_core.training.objectives import objective_of
from llm_core.training.objectives.base import Objective
from llm_core.training.state import Wish
from llm_core.training.stopping import Patience

_DECIDES_TEXT = {
    "family",
    "objective",
    "start",
    "languages",
    "sources",
    "cleaning",
    "canaries",
    "feedback",
    "tokenizer",
    "validation_fraction",
    "test_fraction",
    "folds",
    "fold",
    "seed",
}


@dataclass(frozen=True)
class Look:
    """The model seen from outside after `step` updates; see `Judgement`."""

    step: int
    seconds: float
    valid_loss: float
    bits_per_char: float | None
    samples: list[str]
    extra: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    name: str
    family: str
    parameters: int
    steps: int
    train_loss: float
    valid_loss: float
    bits_per_char: float | None
    seconds: float
    tokens_per_second: float
    extra: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A training run in its folder."""

    config: TrainConfig
    folder: Path

    @property
    def objective(self) -> Objective:
        """What the configuration asks to learn."""
        return objective_of(folds.current(self.config, self.folder), self.folder)

    @property
    def family(self) -> Family:
        """The family that the configuration names."""
        return FAMILIES[self.config.family]

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The tokenizer that `prepare` learned, or took over."""
        return PreTrainedTokenizerFast.from_pretrained(self.folder / "tokenizer")

    def prepare(self) -> None:
        """Turn the sources into data and a tokenizer in the run's folder; again only for other text."""
        processes.first_alone(self._prepare)

    def _prepare(self) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self._write("config.json", self.config.model_dump(mode="json"))
        fingerprint = text_fingerprint(folds.current(self.config, self.folder))
        if self._report().get("fingerprint") != fingerprint:
            self._write("report.json", {"fingerprint": fingerprint, **self.objective.prepare()})

    def train(
        self, resume: bool = False, asked: Callable[[], Wish] = lambda: "go", keep_free_bytes: int = 0
    ) -> Events:
        """Item(StepRecord) an update, Item(Look) now and then, Done(Outcome); all but the last in metrics.jsonl.

        With `folds` each fold is trained so, with a Notice of its scores, and after them the model.

        Args:
            resume: go on from the newest whole checkpoint, if there is one; otherwise earlier ones are deleted.
            asked: called after each update; at "pause" a checkpoint is written and there is no Done, at "stop" the
                run ends as if its budget were spent, whatever folds are left.
            keep_free_bytes: of the disk; a checkpoint that leaves less is not written.

        Raises:
            UserError: `disk_short`, `run_diverged`.
        """
        if not resume and processes.hear(bool(folds.kept(self.folder))):
            processes.first_alone(lambda: folds.forget(self.folder))
            self.prepare()
        while True:
            ended = yield from self._through(resume, asked, keep_free_bytes)
            if ended is None:
                return
            if not processes.hear(folds.pending(self.config, self.folder) and asked() != "stop"):
                break
            yield from self._end_fold(*ended)
            resume = False
        if processes.number() > 0:
            return
        trainer, model = ended
        if scores := folds.with_folds(self.objective.examine(model), self.folder, self._rows()):
            self._write("scores.json", scores)  # before the model: a threshold may have gone into its config
        save_model(model, self.tokenizer, self.folder / "model")
        outcome, last = self._outcome(trainer, model)
        if not trainer.is_due(trainer.step):  # the curve and the figures end with the model that is kept
            with Metrics(self.folder, trainer.step) as metrics:
                metrics.write(last)
            yield Item(last)
        describe(self.folder, self.config, outcome)
        yield Done(outcome)

    def _through(
        self, resume: bool, asked: Callable[[], Wish], keep_free_bytes: int
    ) -> Generator[Event, None, tuple[Trainer, PreTrainedModel] | None]:
        """One training from its beginning, or from where it was left, to its end; None where it pauses."""
        torch.manual_seed(self.config.seed)
        random.seed(self.config.seed)
        folder = self.folder / "checkpoints"
        trainer = self.trainer(folder, keep_free_bytes)
        if resume:
            trainer.resume()
        else:
            processes.first_alone(lambda: shutil.rmtree(folder, ignore_errors=True))
        if processes.number() > 0:
            return None if self._follow(trainer) == "pause" else (trainer, trainer.model)
        with Metrics(self.folder, trainer.step) as metrics:
            looks = (line["valid_loss"] for line in earlier(self.folder) if "valid_loss" in line)
            patience = Patience(trainer.patience, folder, looks)
            if (yield from self._sitting(trainer, metrics, patience, asked)) == "pause":
                return None
        model = trainer.together.whole()
        patience.bring_back(model)
        return trainer, model

    def _end_fold(self, trainer: Trainer, model: PreTrainedModel) -> Events:
        """Score the fold that has just been trained, and get ready for what comes next."""
        scores: dict[str, Any] = {}
        if processes.number() == 0:
            scores = {"valid_loss": self.objective.judge(model).valid_loss, **self.objective.examine(model)}
            facts = {"fold": len(folds.kept(self.folder)) + 1, "folds": self.config.folds}
            yield Notice("fold_done", facts | {"figures": "; ".join(folds.headline(scores)) or "-"})
        processes.first_alone(lambda: folds.keep(self.folder, trainer.checkpoints, scores))
        self.prepare()

    def _sitting(
        self, trainer: Trainer, metrics: Metrics, patience: Patience, asked: Callable[[], Wish]
    ) -> Generator[Event, None, Wish]:
        """Updates until the budget, the patience or somebody ends them; a checkpoint is written then."""
        for record in trainer.run():
            wish = asked()
            metrics.write(record)
            yield Item(record)
            if trainer.is_due(record.step):
                model = trainer.together.whole()
                look = Look(trainer.step, trainer.seconds, **vars(self.objective.judge(model)))
                metrics.write(look)
                snapshots.keep(trainer.checkpoints, record.step, model)
                yield Item(look)
                if patience.look(look.valid_loss, model) and wish == "go":
                    wish = "stop"
            if processes.hear(wish) != "go":
                trainer.save()
                return wish
        return "go"

    def _follow(self, trainer: Trainer) -> Wish:
        """The same sitting in each further process: it does its share, and what the first one decides."""
        wish: Wish = "go"
        for record in trainer.run():
            if trainer.is_due(record.step):
                trainer.together.whole()
            if (wish := processes.hear("go")) != "go":
                trainer.save()
                break
        if wish != "pause":
            trainer.together.whole()
        return wish

    def trainer(self, checkpoints: Path, keep_free_bytes: int = 0) -> Trainer:
        """What trains a fresh model on the prepared text."""
        model, stream, loss = self.build_model(), self.stream("train"), self.objective.loss
        return self.family.trainer(self.config, model, stream, checkpoints, loss, keep_free_bytes)

    def build_model(self) -> PreTrainedModel:
        """The model that training begins with, on the best device here."""
        return self.objective.build_model()

    def stream(self, split: str) -> Stream:
        """Batches of "train" or "valid" data from their beginning."""
        return self.objective.stream(split)

    def _outcome(self, trainer: Trainer, model: PreTrainedModel) -> tuple[Outcome, Look]:
        judged = self.objective.judge(model)
        outcome = Outcome(
            name=self.config.name,
            family=self.config.family,
            parameters=model.num_parameters(),
            steps=trainer.step,
            train_loss=[line["loss"] for line in earlier(self.folder) if "loss" in line][-1],
            valid_loss=judged.valid_loss,
            bits_per_char=judged.bits_per_char,
            seconds=trainer.seconds,
            tokens_per_second=trainer.tokens / trainer.seconds,
            extra=judged.extra,
        )
        return outcome, Look(trainer.step, trainer.seconds, **vars(judged))

    def _rows(self) -> dict[str, int]:
        """How many the run's data has on each side."""
        report = self._report()
        return {split: report[split]["rows"] for split in SPLITS if "rows" in report.get(split, {})}

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
    """Write a folder that transformers loads by itself, weights in bfloat16, large ones in several files.

    An adapter is added to the weights, and written beside them; or, where that was asked for, it is all there is.
    """
    if adapter := lora.adapter_of(model):
        lora.save(model, folder.parent / "adapter" if adapter.merge else folder)
        if not adapter.merge:
            model.config.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            return
        lora.merge(model)
    copy.deepcopy(model).eval().to(torch.bfloat16).save_pretrained(folder, max_shard_size=SHARD_SIZE)
    tokenizer.save_pretrained(folder)
