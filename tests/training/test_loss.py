"""The chunked loss equals torch's own, gradients included."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from llm_core.training.loss import linear_cross_entropy


def example(tokens: int = 700, width: int = 12, vocabulary: int = 50) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    hidden = torch.randn(tokens, width, requires_grad=True)
    weight = torch.randn(vocabulary, width, requires_grad=True)
    return hidden, weight, torch.randint(0, vocabulary, (tokens,))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_and_gradients_are_those_of_torch(smoothing: float) -> None:
    hidden, weight, targets = example()
    expected = F.cross_entropy(hidden @ weight.T, targets, label_smoothing=smoothing, reduction="sum")
    wanted = torch.autograd.grad(expected / 7, (hidden, weight))
    loss, plain = linear_cross_entropy(hidden, weight, targets, smoothing)
    got = torch.autograd.grad(loss / 7, (hidden, weight))
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(plain, F.cross_entropy(hidden @ weight.T, targets, reduction="sum").detach())
    for ours, theirs in zip(got, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_bfloat16_comes_within_a_percent() -> None:
    hidden, weight, targets = example()
    exact = F.cross_entropy(hidden @ weight.T, targets, reduction="sum")
    loss, _ = linear_cross_entropy(hidden.to(torch.bfloat16), weight, targets)
    assert loss.item() == pytest.approx(exact.item(), rel=0.01)
    loss.backward()
    assert weight.grad is not None
    assert weight.grad.dtype == torch.float32
