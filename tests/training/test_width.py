"""Families of equal size: the width follows from the number of parameters."""

import pytest
import torch

from llm_core.models.tokenizers import train_byte_bpe
from llm_core.training.families import FAMILIES
from llm_core.training.width import fitted


@pytest.mark.parametrize("parameters", [200_000, 330_000, 1_000_000])
@pytest.mark.parametrize("name", ["mlp", "cnn", "rnn", "lstm", "gru", "vae", "decoder"])
def test_every_family_comes_within_a_twentieth(name: str, parameters: int) -> None:
    tokenizer, family = train_byte_bpe(["The fox sees the moon. 狐狸看见月亮。"] * 6, 300), FAMILIES[name]
    before = family.sizes["tiny"]
    shape = fitted(family, before, tokenizer, parameters)
    with torch.device("meta"):
        model = family.build(shape, tokenizer, 64)
    assert model.num_parameters() == pytest.approx(parameters, rel=0.05)
    assert shape.layers == before.layers
