"""Optimizers, and the learning rate over a run."""

from __future__ import annotations

import math
import re

import torch
from torch import nn
from torch.distributed.tensor import DTensor
from torch.optim import AdamW, Muon, Optimizer

from llm_core.training.config import Optimizing

_LAYER = re.compile(r"\blayers?\.(\d+)\.")


def build_optimizers(model: nn.Module, settings: Optimizing) -> list[Optimizer]:
    """AdamW for all, or Muon for the matrices inside the layers and AdamW for the rest.

    Embeddings, norms and biases are not decayed. Muon's updates are scaled to AdamW's
    size (Liu et al. 2025), so that one learning rate serves both. With `layer_decay`, AdamW
    alone, a layer's rate is so many times that of the layer above it (Howard and Ruder 2018).
    """
    matrices, embeddings, vectors = _split(model)
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "muon":
        muon = Muon(matrices, lr=rate, weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw")
        return [muon, AdamW(embeddings + vectors, lr=rate, weight_decay=0.0, betas=settings.betas, fused=True)]
    scales = _scales(model, settings.layer_decay)
    groups = [
        {"params": some, "weight_decay": weight_decay, "scale": scale}
        for parameters, weight_decay in ((matrices, decay), (embeddings + vectors, 0.0))
        for scale in sorted(set(scales.values()))
        if (some := [p for p in parameters if scales[id(p)] == scale])
    ]
    # An n-gram model has nothing that is learned by gradient; its trainer is a trainer all the same.
    return [AdamW(groups or [{"params": []}], lr=rate, betas=settings.betas, fused=True)]


def _split(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter], list[nn.Parameter]]:
    embedded = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    trained = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in trained if p.ndim == 2 and id(p) not in embedded]
    embeddings = [p for p in trained if id(p) in embedded]
    vectors = [p for p in trained if p.ndim != 2]
    return matrices, embeddings, vectors


def _scales(model: nn.Module, decay: float) -> dict[int, float]:
    """By the parameter's id, what its learning rate is multiplied by: 1 in the head, and less with depth."""
    depths = {id(p): _depth(name) for name, p in model.named_parameters()}
    top = max((depth for depth in depths.values() if depth is not None), default=0) + 1
    return {p: decay ** (0 if depth is None else top - depth) for p, depth in depths.items()}


def _depth(name: str) -> int | None:
    """0 for embeddings, 1 for the first layer; None for what stands above all layers."""
    if found := _LAYER.search(name):
        return int(found[1]) + 1
    return 0 if "embed" in name else None


def rate_factor(settings: Optimizing, step: int, progress: float) -> float:
    """What the learning rate is multiplied by.

    step: updates done. progress: the part of the budget spent, 0 to 1. Warm-up is linear in
    steps; after it the rate falls to zero at progress 1, as a cosine or, in the last
    `decay_fraction`, as a line.
    """
    warm = min(1.0, (step + 1) / max(1, settings.warmup_steps))
    progress = min(1.0, progress)
    if settings.schedule == "cosine":
        return warm * 0.5 * (1 + math.cos(math.pi * progress))
    return warm * min(1.0, (1 - progress) / settings.decay_fraction)


def set_rate(optimizers: list[Optimizer], rate: float) -> None:
    """Give every parameter the learning rate `rate`, or its layer's part of it."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("scale", 1.0)


def clip_gradients(model: nn.Module, largest: float) -> float:
    """Scale all gradients so that their norm is at most `largest`; returns the norm before."""
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), largest)
    return float(norm.full_tensor() if isinstance(norm, DTensor) else norm)
