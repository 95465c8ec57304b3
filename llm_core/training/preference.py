"""Answers of a model compared: which is better, and what is to be made small so that the better one gets likelier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel

from llm_core.text.chrf import chrf
from llm_core.training.dataset import IGNORE, Batch, padded
from llm_core.training.precision import computing

DISLIKED = -1.0
"""Below any measured score."""


@dataclass(frozen=True)
class Asked:
    """A prompt's references, among them answers that people liked, and those that they did not."""

    references: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()

    def score(self, answer: str) -> float:
        """0 to 100: chrF with the nearest reference; where there is none, how unlike the disliked ones it is."""
        if answer in self.disliked:
            return DISLIKED
        if self.references:
            return max(chrf(answer, reference) for reference in self.references)
        return 100 - max((chrf(answer, other) for other in self.disliked), default=0.0)


@dataclass(frozen=True)
class Pair:
    """Token ids of a prompt and of two answers to it, and how likely the model found them before training."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]
    before: tuple[float, float] = (0.0, 0.0)


def best_and_worst(asked: Asked, answers: Sequence[str], margin: float) -> tuple[int, int] | None:
    """Which of the answers to learn from and which to learn against; None where they are about as good."""
    scores = [asked.score(answer) for answer in answers]
    best, worst = max(range(len(scores)), key=scores.__getitem__), min(range(len(scores)), key=scores.__getitem__)
    return (best, worst) if scores[best] - scores[worst] >= margin and scores[best] > DISLIKED else None


def collate_pairs(pairs: Sequence[Pair], pad: int) -> Batch:
    """B pairs as 2 B sequences, the chosen ones first; one target a pair."""
    sides = [(p.prompt, p.chosen) for p in pairs] + [(p.prompt, p.rejected) for p in pairs]
    before = [p.before[0] for p in pairs] + [p.before[1] for p in pairs]
    inputs = {
        "input_ids": padded([[*prompt, *answer][:-1] for prompt, answer in sides], pad),
        "answers": padded([[IGNORE] * (len(prompt) - 1) + answer for prompt, answer in sides], IGNORE),
        "before": torch.tensor(before),
    }
    return Batch(inputs, torch.zeros(len(pairs), dtype=torch.long), sum(len(p) + len(a) - 1 for p, a in sides))


def log_likelihoods(model: PreTrainedModel, batch: Batch) -> Tensor:
    """ln P of the answer of each sequence [2 B], in float32."""
    ids, answers = batch.inputs["input_ids"], batch.inputs["answers"]
    with computing(model.device):
        hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state  # 2B, T, d
        counted = answers != IGNORE
        output = getattr(model, "logits", None) or model.get_output_embeddings()
        logits = output(hidden[counted]).float()  # N, V
    of_tokens = -F.cross_entropy(logits, answers[counted], reduction="none")  # N
    return torch.zeros(len(ids), device=ids.device).index_add(0, counted.nonzero()[:, 0], of_tokens)


def dpo_loss(
    model: PreTrainedModel, batch: Batch, smoothing: float = 0.0, beta: float = 0.1
) -> tuple[Tensor, Tensor]:
    """-ln sigmoid(beta ((ln P(chosen) - ln P0(chosen)) - (ln P(rejected) - ln P0(rejected)))), summed over pairs.

    P0 is the model before training. Rafailov et al. 2023, equation 7; `smoothing` is the chance that a pair is the
    wrong way round. Before the first update it is ln 2 a pair.
    """
    chosen, rejected = (log_likelihoods(model, batch) - batch.inputs["before"]).chunk(2)
    margin = beta * (chosen - rejected)
    loss = -(1 - smoothing) * F.logsigmoid(margin) - smoothing * F.logsigmoid(-margin)
    return loss.sum(), -F.logsigmoid(margin).sum().detach()
