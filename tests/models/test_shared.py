"""A tuned encoder leaves its frozen embeddings to the one it began with, and gets them back."""

import shutil
from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification, BertModel

from llm_core.models.shared import SHARED_FILE, put_together, share


def test_frozen_embeddings_are_kept_once_and_put_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=500, **size)
    trunk = BertModel(config).to(torch.bfloat16)
    trunk.save_pretrained(tmp_path / "trunk")
    tuned = BertForSequenceClassification.from_pretrained(tmp_path / "trunk", dtype=torch.bfloat16)
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "word_embeddings" not in name:
                parameter.add_(0.5)
    tuned.save_pretrained(tmp_path / "tuned", max_shard_size="12KB")
    shutil.copytree(tmp_path / "tuned", tmp_path / "whole")

    saved = share(tmp_path / "tuned", tmp_path / "trunk")
    assert saved == 500 * 16 * 2
    assert [path.name for path in (tmp_path / "tuned").glob("*.safetensors")] == ["model.safetensors"]
    put_together(tmp_path / "tuned", tmp_path / "trunk", tmp_path / "again")
    again = BertForSequenceClassification.from_pretrained(tmp_path / "again", dtype=torch.bfloat16)
    whole = BertForSequenceClassification.from_pretrained(tmp_path / "whole", dtype=torch.bfloat16)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), whole.parameters(), strict=True))
    assert not (tmp_path / "again" / SHARED_FILE).exists()


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
