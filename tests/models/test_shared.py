"""A tuned encoder leaves what it shares to the one it began with, keeps its own in eight bits, and gets all back."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertModel

from llm_core.errors import UserError
from llm_core.models import shared, weights
from llm_core.models.card import ModelCard, contents
from llm_core.models.shared import SHARED_FILE, put_together, share

SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
FROZEN = ("word_embeddings", "layer.0.")


@pytest.fixture
def tuned(tmp_path: Path) -> Path:
    """A classifier, half of it as in the `trunk` beside it."""
    torch.manual_seed(0)
    trunk = BertModel(BertConfig(vocab_size=500, **SIZE)).to(torch.bfloat16)
    trunk.save_pretrained(tmp_path / "trunk")
    (tmp_path / "trunk" / "tokenizer.json").write_text('{"model": {"vocab": []}, "truncation": null}')
    model = BertForSequenceClassification.from_pretrained(tmp_path / "trunk", dtype=torch.bfloat16)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not any(part in name for part in FROZEN):
                parameter.add_(torch.randn_like(parameter) * 0.5)
    model.save_pretrained(tmp_path / "tuned", max_shard_size="12KB")
    (tmp_path / "tuned" / "tokenizer.json").write_text('{"truncation": {"max_length": 9}, "model": {"vocab": []}}')
    card = ModelCard(
        id="tuned",
        tasks=("sentiment",),
        languages=("en",),
        parameters=1,
        licence="own",
        **contents(tmp_path / "tuned"),
    )
    card.write(tmp_path / "tuned")
    return tmp_path / "tuned"


def parameters(folder: Path) -> dict[str, torch.Tensor]:
    model: Any = BertForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    return dict(model.named_parameters())


def test_what_is_frozen_is_kept_once_and_put_back(tuned: Path, tmp_path: Path) -> None:
    shutil.copytree(tuned, tmp_path / "whole")
    saved = share(tuned, tmp_path / "trunk")
    layer = 4 * (16 * 16 + 16) + 2 * 16 * 32 + 32 + 16 + 4 * 16
    assert saved > 2 * (500 * 16 + layer)  # and the index of the shards
    assert [path.name for path in tuned.glob("*.safetensors")] == ["model.safetensors"]
    assert not (tuned / "tokenizer.json").exists()
    assert shared.tokenizer_file(tuned) == tmp_path / "trunk" / "tokenizer.json"
    again = put_together(tuned, tmp_path / "again")
    found, whole = parameters(again), parameters(tmp_path / "whole")
    assert all(torch.equal(found[name], whole[name]) for name in whole)
    assert not (again / SHARED_FILE).exists()
    assert (again / "tokenizer.json").is_file()
    assert ModelCard.read(again).damaged(again) == []


def test_in_eight_bits_it_is_half_as_large_and_what_is_served_is_the_same(tuned: Path, tmp_path: Path) -> None:
    whole = {name: tensor.read() for name, tensor in weights.stored(tuned).items()}
    share(tuned, tmp_path / "trunk", narrow=True)
    name = "bert.encoder.layer.1.intermediate.dense.weight"
    kept = shared.stored(tuned)[name]
    assert kept.dtype == "I8"
    once = weights.eight_bits(whole[name])
    twice = weights.eight_bits(kept.read())
    assert np.array_equal(once[0], twice[0])
    assert once[1] == pytest.approx(twice[1])
    row = np.abs(whole[name]).max(axis=1, keepdims=True)
    assert (np.abs(kept.read() - whole[name]) <= row / 253).all()
    assert np.array_equal(shared.stored(tuned)["classifier.weight"].read(), whole["classifier.weight"])
    found = parameters(put_together(tuned, tmp_path / "again"))
    assert found[name].detach().numpy() == pytest.approx(whole[name], abs=float(row.max()) / 100)


def test_a_model_in_several_files_is_opened_whole(
    tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "SHARD_BYTES", 12_000)
    share(tuned, tmp_path / "trunk")
    again = put_together(tuned, tmp_path / "again")
    assert len(list(again.glob("*.safetensors"))) > 1
    assert parameters(again)["classifier.weight"].shape == (2, 16)


def test_another_base_is_refused(tuned: Path, tmp_path: Path) -> None:
    share(tuned, tmp_path / "trunk")
    with (tmp_path / "trunk" / "model.safetensors").open("r+b") as file:
        file.seek(-2, 2)
        file.write(b"\x01\x02")
    with pytest.raises(UserError, match="base_other"):
        shared.stored(tuned)
    shutil.rmtree(tmp_path / "trunk")
    with pytest.raises(UserError, match="base_missing"):
        put_together(tuned, tmp_path / "again")


def test_a_model_that_shares_nothing_is_left_as_it_is(tmp_path: Path) -> None:
    config = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    for seed, name in enumerate(("one", "two")):
        torch.manual_seed(seed)
        model = BertModel(config)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_()
        model.save_pretrained(tmp_path / name)
    assert share(tmp_path / "one", tmp_path / "two") == 0
    assert (tmp_path / "one" / "model.safetensors").is_file()


@pytest.mark.parametrize("value", [0.0, 1.0, -3.14159, 1e-8, 65504.0, 0.00390625])
def test_bfloat16_is_rounded_as_torch_rounds(value: float) -> None:
    ours = (weights.bfloat16(np.array([value], np.float32)).astype(np.uint32) << 16).view(np.float32)
    assert ours[0] == torch.tensor(value).to(torch.bfloat16).float().item()
