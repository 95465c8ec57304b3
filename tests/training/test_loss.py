"""The chunked loss equals torch's own, gradients included."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_core.models.mixture import Mixture
from llm_core.training.loss import linear_cross_entropy
from llm_core.training.mixture_loss import mixture_cross_entropy


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


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_bias_of_the_output_is_in_the_loss_and_has_its_gradient(smoothing: float) -> None:
    hidden, weight, targets = example()
    bias = torch.randn(50, requires_grad=True)
    expected = F.cross_entropy(hidden @ weight.T + bias, targets, label_smoothing=smoothing, reduction="sum")
    wanted = torch.autograd.grad(expected / 7, (hidden, weight, bias))
    loss, _ = linear_cross_entropy(hidden, weight, targets, smoothing, bias)
    torch.testing.assert_close(loss, expected)
    for ours, theirs in zip(torch.autograd.grad(loss / 7, (hidden, weight, bias)), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def mixture_example() -> tuple[Tensor, Mixture, nn.Linear, Tensor]:
    hidden, _, targets = example()
    return hidden, Mixture(12, 3), nn.Linear(12, 50), targets


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_of_a_mixture_is_that_of_its_log_probabilities(smoothing: float) -> None:
    hidden, mixture, output, targets = mixture_example()
    weights = (hidden, *mixture.parameters(), *output.parameters())
    log_p = mixture(hidden, output)
    expected = F.cross_entropy(log_p, targets, label_smoothing=smoothing, reduction="sum")
    wanted = torch.autograd.grad(expected / 7, weights)
    loss, plain = mixture_cross_entropy(hidden, mixture, output, targets, smoothing)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(plain, F.nll_loss(log_p, targets, reduction="sum").detach())
    for ours, theirs in zip(torch.autograd.grad(loss / 7, weights), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_mixture_in_bfloat16_comes_within_a_percent_and_frozen_parts_stay_out() -> None:
    hidden, mixture, output, targets = mixture_example()
    output.requires_grad_(False)
    exact = F.nll_loss(mixture(hidden, output), targets, reduction="sum")
    loss, _ = mixture_cross_entropy(hidden.to(torch.bfloat16), mixture, output, targets)
    assert loss.item() == pytest.approx(exact.item(), rel=0.01)
    loss.backward()
    assert output.weight.grad is None
    assert mixture.project.weight.grad is not None
    assert mixture.project.weight.grad.dtype == torch.float32
