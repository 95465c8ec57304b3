"""What an objective is: the part of a run that knows what is to be learned.

The run owns the folder, the loop and the checkpoints. The objective turns sources into data,
opens the model, makes batches, says what is to be made small, and judges what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from transformers import PreTrainedModel

from llm_core.training.dataset import Stream
from llm_core.training.loss import Loss


@dataclass(frozen=True)
class Judgement:
    """A model on held-out data."""

    valid_loss: float
    """Nats a target: a token, or an example where an example is what is judged."""
    bits_per_char: float | None = None
    """Where the model says how likely text is."""
    samples: list[str] = field(default_factory=list)
    extra: dict[str, float] = field(default_factory=dict)
    """Figures of this objective alone: accuracy, F1, recall@1, ..."""


class Objective(Protocol):
    """What is learned, for one configuration in one folder."""

    @property
    def loss(self) -> Loss:
        """What training makes small."""
        ...

    def prepare(self) -> dict[str, Any]:
        """Write tokenizer/ and data/ into the run's folder; the report of what was taken and dropped."""
        ...

    def build_model(self) -> PreTrainedModel:
        """The model that training begins with, on the best device here."""
        ...

    def stream(self, split: str) -> Stream:
        """Batches of "train" or "valid" data from their beginning."""
        ...

    def judge(self, model: PreTrainedModel) -> Judgement:
        """The model on some of the validation data."""
        ...

    def examine(self, model: PreTrainedModel) -> dict[str, Any]:
        """What a finished run says of itself in scores.json, on all held-out data; may be empty."""
        ...
