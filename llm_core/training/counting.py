"""Training without gradients: an n-gram model counts the text once and is done.

It reads in portions, each as long as all before it together, so that the metrics say what more text is worth. It
shows itself as a `Trainer`, so that runs, pages and commands need not know the difference.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from llm_core.models.ngram import Ids
from llm_core.models.ngram_model import NGramForCausalLM
from llm_core.training.config import Optimizing, TrainConfig
from llm_core.training.dataset import IGNORE, Batch, Blocks, Stream
from llm_core.training.loop import StepRecord, Trainer
from llm_core.training.loss import Loss

PORTIONS = 6
_JUDGED_TOKENS = 100_000
"""The loss of a portion is taken on its beginning."""


def table_loss(model: PreTrainedModel, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """A `Loss` of an n-gram model: looked up, nothing to smooth and no gradient."""
    assert isinstance(model, NGramForCausalLM)
    counted = batch.labels != IGNORE
    loss = -model.log_likelihoods(batch.inputs["input_ids"], batch.labels.clamp(min=0))[counted].sum()
    return loss, loss


class Counting(Trainer):
    """A text on its way into an n-gram model's tables. Whatever the budget says, the text is read once."""

    def __init__(
        self,
        config: TrainConfig,
        model: PreTrainedModel,
        stream: Stream,
        checkpoints: Path,
        loss: Loss = table_loss,
        keep_free_bytes: int = 0,
    ) -> None:
        without = config.model_copy(update={"optimize": Optimizing()})  # AdamW does not mind that there is nothing
        super().__init__(without, model, stream, checkpoints, loss, keep_free_bytes)
        assert isinstance(model, NGramForCausalLM)
        assert isinstance(stream, Blocks)
        self._ngram, self._ids = model, stream.tokens.ids[: model.config.counted_tokens]

    @property
    def progress(self) -> float:
        """The part of the text that is counted."""
        return self.tokens / len(self._ids)

    @property
    def patience(self) -> None:
        """More text is always waited for."""

    def is_due(self, step: int) -> bool:
        """The model is looked at after each portion."""
        return True

    def resume(self) -> bool:
        """False: counting begins anew, which takes seconds."""
        return False

    def save(self) -> Path:
        """Nothing: there are no checkpoints, only the finished tables."""
        return self.checkpoints

    def run(self) -> Generator[StepRecord, None, None]:
        """Count the text, one record a portion: its loss is what the counts before it made of it."""
        for left in reversed(range(PORTIONS)):
            began, end = time.monotonic(), max(1, len(self._ids) >> left)
            new = np.asarray(self._ids[self.tokens : end], dtype=np.int64)
            if not len(new):
                continue
            loss = self._loss(new[:_JUDGED_TOKENS])
            self._ngram.fit(np.asarray(self._ids[:end], dtype=np.int64))
            self.step, self.tokens = self.step + 1, end
            speed = len(new) / (time.monotonic() - began)
            yield StepRecord(self.step, loss, 0.0, 0.0, end, self.seconds, speed)

    def _loss(self, ids: Ids) -> float:
        """Nats a token."""
        inputs = torch.from_numpy(np.concatenate([[self._ids[max(0, self.tokens - 1)]], ids[:-1]]))[None]
        return -float(self._ngram.log_likelihoods(inputs, torch.from_numpy(ids)[None]).mean())
