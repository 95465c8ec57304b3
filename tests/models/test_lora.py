"""Low-rank adapters: nothing at first, the formula afterwards, and a file as PEFT writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from llm_core.errors import UserError
from llm_core.models import lora


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.ModuleDict({"q_proj": nn.Linear(6, 5), "other": nn.Linear(5, 4, bias=False)}))


def applied(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return model[0]["other"](model[0]["q_proj"](x))  # type: ignore[index]


def test_an_adapter_adds_b_a_and_can_become_part_of_the_weights(tmp_path: Path) -> None:
    x, model = torch.randn(3, 6), network()
    plain = applied(model, x)
    weight, bias = model[0]["q_proj"].weight.clone(), model[0]["q_proj"].bias.clone()  # type: ignore[index]
    lora.attach(model, lora.Adapter(2, 8.0, 0.0, ("q_proj",), str(tmp_path)))
    assert torch.equal(applied(model, x), plain)
    trained = {name for name, own in model.named_parameters() if own.requires_grad}
    assert trained == {"0.q_proj.lora_A", "0.q_proj.lora_B"}
    layer = model[0]["q_proj"]  # type: ignore[index]
    layer.lora_B.data.normal_()
    changed = x @ (weight + 4 * layer.lora_B @ layer.lora_A).T + bias
    torch.testing.assert_close(layer(x), changed)
    expected = applied(model, x)

    lora.save(model, tmp_path)
    kept = load_file(tmp_path / "adapter_model.safetensors")
    assert {name: tuple(value.shape) for name, value in kept.items()} == {
        "base_model.model.0.q_proj.lora_A.weight": (2, 6),
        "base_model.model.0.q_proj.lora_B.weight": (5, 2),
    }
    again = network()
    assert lora.base_of(tmp_path) == tmp_path
    lora.load(again, tmp_path)
    assert torch.equal(applied(again, x), expected)
    lora.merge(again)
    assert type(again[0]["q_proj"]) is nn.Linear  # type: ignore[index]
    torch.testing.assert_close(applied(again, x), expected)


def test_what_is_no_adapter_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="adapter_no_place"):
        lora.attach(network(), lora.Adapter(2, 8.0, 0.0, ("k_proj",)))
    assert lora.base_of(tmp_path) is None
    whole = {"r": 2, "lora_alpha": 1, "lora_dropout": 0, "target_modules": ["q_proj"]}
    for written in ("[", "{}", json.dumps(whole), json.dumps(whole | {"base_model_name_or_path": "../elsewhere"})):
        (tmp_path / "adapter_config.json").write_text(written, "utf-8")
        with pytest.raises(UserError, match="adapter_unusable"):
            lora.base_of(tmp_path)
