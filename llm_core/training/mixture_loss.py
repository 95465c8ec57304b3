"""Cross-entropy of a mixture of softmaxes, a few rows at a time as in loss.py.

N tokens, width d, vocabulary V, n softmaxes. Of each handful of rows the gradient is taken at once and the
log-probabilities are forgotten, so that memory does not grow with N.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from llm_core.models.mixture import Mixture

_ROWS = 512
"""Rows of V logits at a time; a token has n of them."""


class _MixtureCrossEntropy(torch.autograd.Function):
    """Sum of -log(mixture(hidden))[target], smoothed; `weights` are all that the mixture computes with."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        modules: tuple[Mixture, nn.Linear],
        targets: Tensor,
        smoothing: float,
        *weights: Tensor,
    ) -> tuple[Tensor, Tensor]:
        mixture, output = modules
        loss = hidden.new_zeros((), dtype=torch.float32)
        plain = torch.zeros_like(loss)
        grad_hidden = torch.empty_like(hidden)
        grad_weights = [torch.zeros_like(weight) for weight in weights]
        rows = max(1, _ROWS // mixture.softmaxes)
        for start in range(0, len(hidden), rows):
            some = slice(start, start + rows)
            with torch.enable_grad():
                x = hidden[some].detach().requires_grad_()
                log_p = mixture(x, output)
                of_target = log_p.gather(1, targets[some, None]).sum()
                smooth = smoothing * log_p.mean(dim=-1).sum() if smoothing else 0.0
                part = -(1 - smoothing) * of_target - smooth
                grad_x, *grads = torch.autograd.grad(part, (x, *weights))
            grad_hidden[some] = grad_x
            for whole, grad in zip(grad_weights, grads, strict=True):
                whole += grad
            loss += part.detach()
            plain -= of_target.detach()
        ctx.save_for_backward(grad_hidden, *grad_weights)
        return loss, plain

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad_hidden, *grad_weights = (saved * grads[0] for saved in ctx.saved_tensors)
        return grad_hidden, None, None, None, *grad_weights


def mixture_cross_entropy(
    hidden: Tensor, mixture: Mixture, output: nn.Linear, targets: Tensor, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """(loss to minimise, its value without smoothing), both summed over the tokens, in nats.

    hidden: N, d in the dtype to compute in. output: the linear layer over the vocabulary. targets: N ids.
    """
    weights = tuple(p for p in (*mixture.parameters(), *output.parameters()) if p.requires_grad)
    with torch.autocast(hidden.device.type, dtype=hidden.dtype, enabled=hidden.dtype != torch.float32):
        loss, plain = _MixtureCrossEntropy.apply(hidden, (mixture, output), targets, smoothing, *weights)
    return loss, plain.detach()
