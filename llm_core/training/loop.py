"""The training loop: batches in, updates out, one record for each.

It does not know where the text came from, that a screen exists, or which family it trains:
what is to be made small is a function of a model and a batch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedModel

from llm_core.errors import UserError
from llm_core.training import precision, processes
from llm_core.training.checkpoint import Mark, load_checkpoint, save_checkpoint
from llm_core.training.config import TrainConfig
from llm_core.training.dataset import Batch, Position, Stream
from llm_core.training.loss import Loss, batch_loss
from llm_core.training.optimizer import build_optimizers, clip_gradients, rate_factor, set_rate


@dataclass(frozen=True)
class StepRecord:
    """One update: `loss` in nats a target, `tokens` since the start, `seconds` of work since the start."""

    step: int
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens: int
    seconds: float
    tokens_per_second: float


class Trainer:
    """A model, its data and its optimizer on their way through a budget."""

    def __init__(
        self,
        config: TrainConfig,
        model: PreTrainedModel,
        stream: Stream,
        checkpoints: Path,
        loss: Loss = batch_loss,
        keep_free_bytes: int = 0,
    ) -> None:
        self.config, self.model, self.stream, self.checkpoints = config, model, stream, checkpoints
        self.together = processes.Together(model, loss, config.parallel, config.seed)
        self.optimizers = build_optimizers(model, config.optimize)
        precision.use(config.precision)
        narrow = precision.dtype_on(model.device) == torch.float16  # its small gradients would be zeros
        if config.compile:
            model.base_model.compile()  # in its place: names of weights stay as they are
        self.scaler = torch.amp.GradScaler(model.device.type, enabled=narrow)
        self.step, self.tokens = 0, 0
        self._keep_free_bytes = keep_free_bytes
        self._earlier_seconds, self._started = 0.0, time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds of work, earlier sittings included."""
        return self._earlier_seconds + time.monotonic() - self._started

    @property
    def progress(self) -> float:
        """The part of the budget that is spent, from 0."""
        budget = self.config.budget
        return self.step / budget.steps if budget.steps else self.seconds / (budget.seconds or 1.0)

    @property
    def patience(self) -> int | None:
        """Looks at the model without a better one after which the run ends; None for no such end."""
        return self.config.budget.patience

    def is_due(self, step: int) -> bool:
        """Whether the model is looked at after update `step`."""
        return step % self.config.budget.evaluate_every == 0

    def resume(self) -> bool:
        """Go to the newest whole checkpoint; False if there is none."""
        mark = load_checkpoint(self.checkpoints, self.model, self.optimizers)
        if mark is None:
            return False
        self.step, self.tokens, self._earlier_seconds = mark.step, mark.tokens, mark.seconds
        self._started = time.monotonic()
        self.stream.seek(self._position(mark))
        if self.scaler.is_enabled() and mark.scaler:
            self.scaler.load_state_dict(mark.scaler)
        return True

    def save(self) -> Path:
        """Write a checkpoint; the folder it is in.

        Raises:
            UserError: `disk_short`.
        """
        micro_tokens = self.config.batch.micro_tokens
        scaler = self.scaler.state_dict()
        mark = Mark(self.step, self.seconds, self.tokens, self.stream.position, micro_tokens, scaler)
        return save_checkpoint(self.checkpoints, mark, self.model, self.optimizers, self._keep_free_bytes)

    def _position(self, mark: Mark) -> Position:
        """Where the batches of before, which may have been larger, left off."""
        factor = (mark.micro_tokens or self.config.batch.micro_tokens) / self.config.batch.micro_tokens
        return Position(mark.position.epoch, round(mark.position.index * factor))

    def run(self) -> Generator[StepRecord, None, None]:
        """Train until the budget is spent, one record an update; closing the iterator stops at once.

        Raises:
            UserError: `disk_short`, `run_diverged`.
        """
        saved = time.monotonic()
        self.model.train()
        while (progress := processes.hear(self.progress)) < 1.0:
            yield self._update(progress)
            if processes.hear(time.monotonic() - saved) > self.config.budget.checkpoint_every_seconds:
                self.save()
                saved = time.monotonic()
        self.save()

    def _update(self, progress: float) -> StepRecord:
        began = time.monotonic()
        settings = self.config.optimize
        rate = settings.learning_rate * rate_factor(settings, self.step, progress)
        set_rate(self.optimizers, rate)
        batches = [self.stream.next() for _ in range(self.config.batch.accumulate)]
        targets = sum(batch.targets for batch in batches)
        loss = processes.add_up(self._gradients(batches[processes.number() :: processes.count()], targets))
        if not math.isfinite(loss):
            raise UserError("run_diverged", step=self.step + 1)
        for optimizer in self.optimizers:
            self.scaler.unscale_(optimizer)
        norm = clip_gradients(self.model, settings.clip)
        for optimizer in self.optimizers:
            self.scaler.step(optimizer)
            optimizer.zero_grad(set_to_none=True)
        self.scaler.update()
        self.step += 1
        tokens = sum(batch.tokens for batch in batches)
        self.tokens += tokens
        speed = tokens / (time.monotonic() - began)
        return StepRecord(self.step, loss / targets, rate, norm, self.tokens, self.seconds, speed)

    def _gradients(self, batches: Sequence[Batch], targets: int) -> float:
        """Those of this process's share of an update with so many targets; the loss of the share."""
        loss, smoothing = 0.0, self.config.optimize.label_smoothing
        part = targets / processes.count()  # over the processes the mean is taken, not the sum
        for left, batch in zip(reversed(range(len(batches))), batches, strict=True):
            with self.together.adding(last=left == 0):
                total, plain = self.together.loss(batch.to(self.model.device), smoothing)
                self.scaler.scale(total / part).backward()
            loss += float(plain)
        return loss
