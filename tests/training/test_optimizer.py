"""Which parameter gets which optimizer, and the learning rate over a run."""

import math

import pytest
import torch
from torch import nn

from llm_core.training.config import Optimizing
from llm_core.training.optimizer import build_optimizers, rate_factor, set_rate


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.layer = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_every_parameter_has_one_optimizer_and_only_inner_matrices_decay(name: str) -> None:
    model = Tied()
    optimizers = build_optimizers(model, Optimizing(optimizer=name, weight_decay=0.1))
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    owned = [id(p) for group in groups for p in group["params"]]
    assert sorted(owned) == sorted(id(p) for p in model.parameters())
    decayed = [p for group in groups if group["weight_decay"] for p in group["params"]]
    assert [p is model.layer.weight for p in decayed] == [True]
    set_rate(optimizers, 0.5)
    assert {group["lr"] for group in groups} == {0.5}


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_a_step_goes_downhill(name: str) -> None:
    torch.manual_seed(0)
    model = Tied()
    optimizers = build_optimizers(model, Optimizing(optimizer=name, learning_rate=0.02))
    ids = torch.arange(10)

    def loss() -> torch.Tensor:
        return nn.functional.cross_entropy(model.head(model.norm(model.layer(model.embed(ids)))), ids)

    before = loss()
    for _ in range(10):
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss().backward()
        for optimizer in optimizers:
            optimizer.step()
    assert loss() < 0.8 * before


def test_the_rate_warms_up_stays_and_falls_to_zero() -> None:
    settings = Optimizing(warmup_steps=10, decay_fraction=0.5)
    assert rate_factor(settings, 0, 0.0) == pytest.approx(0.1)
    assert rate_factor(settings, 30, 0.3) == 1.0
    assert rate_factor(settings, 75, 0.75) == pytest.approx(0.5)
    assert rate_factor(settings, 100, 1.2) == 0.0


def test_the_cosine_is_a_cosine() -> None:
    settings = Optimizing(warmup_steps=0, schedule="cosine")
    assert rate_factor(settings, 5, 0.25) == pytest.approx(0.5 * (1 + math.cos(math.pi / 4)))


class Layered(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(10, 4)
        self.layer = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))
        self.classifier = nn.Linear(4, 2)


def test_a_layers_rate_is_a_part_of_that_above_it() -> None:
    model = Layered()
    optimizers = build_optimizers(model, Optimizing(layer_decay=0.5))
    set_rate(optimizers, 0.8)
    rates = {id(p): group["lr"] for group in optimizers[0].param_groups for p in group["params"]}
    named = {name: rates[id(p)] for name, p in model.named_parameters()}
    assert named["classifier.weight"] == named["classifier.bias"] == pytest.approx(0.8)
    assert named["layer.1.weight"] == named["layer.1.bias"] == pytest.approx(0.4)
    assert named["layer.0.weight"] == pytest.approx(0.2)
    assert named["embeddings.weight"] == pytest.approx(0.1)
    plain = build_optimizers(model, Optimizing())[0].param_groups
    assert len(plain) == 2
