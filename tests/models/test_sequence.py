"""What holds for every small family: state, pads, saving, sizes, the mixture of softmaxes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from llm_core.models import cnn, mlp, ngram_model, recurrent, register, vae
from llm_core.models.sequence import SequenceModel
from llm_core.models.state import State
from llm_core.models.tokenizers import train_byte_bpe

TEXT = ["The fox sees the moon.", "狐狸看见月亮。", "A bird finds an old book.", "鸟找到一本旧书。"] * 6
VOCABULARY = 300
Build = Callable[..., SequenceModel]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return train_byte_bpe(TEXT, VOCABULARY)


FAMILIES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "mlp": (mlp.SIZES, mlp.build, {"hidden": 24, "window": 4, "wide": 40, "layers": 3}),
    "cnn": (cnn.SIZES, cnn.build, {"hidden": 24, "layers": 3, "kernel": 3}),
    **{
        cell: (sizes, partial(recurrent.build, cell), {"hidden": 24, "layers": 2})
        for cell, sizes in recurrent.SIZES.items()
    },
    "vae": (vae.SIZES, vae.build, {"hidden": 24, "latent": 6}),
}


def make(family: str, tokenizer: PreTrainedTokenizerFast, **knobs: Any) -> SequenceModel:
    """A tiny model with weights far enough from zero that every token says something else."""
    sizes, build, tiny = FAMILIES[family]
    torch.manual_seed(0)
    model: SequenceModel = build(type(sizes["tiny"])(**tiny | knobs), tokenizer, 32).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.5).add_(0.1 * torch.randn_like(weight))
    return model


def count(order: int, tokenizer: PreTrainedTokenizerFast) -> ngram_model.NGramForCausalLM:
    """An n-gram model of a text in which short contexts come back."""
    model = ngram_model.build(ngram_model.Shape(order), tokenizer, 32).eval()
    model.fit(np.random.default_rng(0).zipf(1.3, 20_000) % VOCABULARY)
    return model


MODELS = [(family, n) for family in FAMILIES for n in (1, 2)] + [("ngram", n) for n in (1, 2, 3, 5)]


@pytest.fixture(params=MODELS, ids=lambda param: f"{param[0]}-{param[1]}")
def model(request: pytest.FixtureRequest, tokenizer: PreTrainedTokenizerFast) -> Any:
    """Every family with one softmax and with two; n-grams of several orders."""
    family, n = request.param
    return count(n, tokenizer) if family == "ngram" else make(family, tokenizer, softmaxes=n)


@pytest.fixture(params=FAMILIES)
def build(request: pytest.FixtureRequest, tokenizer: PreTrainedTokenizerFast) -> Build:
    """What makes a tiny model of each neural family."""
    return partial(make, request.param, tokenizer)


def some_ids(*shape: int) -> Tensor:
    return torch.randint(1, VOCABULARY, shape, generator=torch.Generator().manual_seed(1))


def generate(model: Any, ids: Tensor, **settings: Any) -> Tensor:
    torch.manual_seed(5)
    out: Tensor = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=16, eos_token_id=None, **settings
    )
    return out


def test_it_comes_back_from_its_folder_with_the_same_logits_bit_for_bit(model: Any, tmp_path: Path) -> None:
    register()
    ids = some_ids(2, 20)
    model.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    assert type(again) is type(model)
    assert torch.equal(again(ids).logits, model(ids).logits)
    assert again.num_parameters() == model.num_parameters()
    assert again.generation_config.eos_token_id == model.config.eos_token_id


@pytest.mark.parametrize("family", FAMILIES)
def test_input_and_output_embeddings_are_one_matrix_unless_told_otherwise(
    family: str, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    register()
    tied, untied = make(family, tokenizer), make(family, tokenizer, tied=0)
    assert untied.num_parameters() - tied.num_parameters() == len(tokenizer) * 24
    tied.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert again.lm_head.weight.data_ptr() == again.model.embed_tokens.weight.data_ptr()


def test_a_text_read_piece_by_piece_gives_the_logits_of_the_whole(model: Any) -> None:
    ids = some_ids(3, 20)
    whole = model(ids).logits
    state, start = None, 0
    for length in (1, 6, 1, 1, 11):
        piece = model(ids[:, start : start + length], past_key_values=state)
        torch.testing.assert_close(piece.logits, whole[:, start : start + length], rtol=1e-4, atol=1e-5)
        state, start = piece.past_key_values, start + length
    assert state.get_seq_length() == 20


def test_a_state_can_be_gone_on_from_twice(model: Any) -> None:
    ids = some_ids(1, 12)
    state = model(ids[:, :8]).past_key_values
    first = model(ids[:, 8:], past_key_values=state).logits
    assert torch.equal(first, model(ids[:, 8:], past_key_values=state).logits)


@pytest.mark.parametrize(
    "settings",
    [{"do_sample": False}, {"do_sample": True, "temperature": 1.3}, {"do_sample": False, "num_beams": 4}],
    ids=["greedy", "sampling", "beam"],
)
def test_generation_with_a_carried_state_says_what_reading_all_again_each_time_says(
    model: Any, settings: dict[str, Any]
) -> None:
    ids = some_ids(4, 9)
    carried = generate(model, ids, **settings)
    assert carried.shape == (4, 25)
    assert torch.equal(carried, generate(model, ids, use_cache=False, **settings))


def test_beams_would_be_wrong_if_their_states_stayed_in_place(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    model, ids = build(), some_ids(8, 9)
    right = generate(model, ids, do_sample=False, num_beams=4)
    monkeypatch.setattr(State, "reorder_cache", lambda self, rows: None)
    assert not torch.equal(right, generate(model, ids, do_sample=False, num_beams=4))


def test_each_further_token_is_read_alone(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    model, ids, read = build(), some_ids(2, 9), []
    forward = model.model.forward
    monkeypatch.setattr(model.model, "forward", lambda ids, *rest: read.append(ids.shape[1]) or forward(ids, *rest))
    generate(model, ids, do_sample=False)
    assert read == [9] + [1] * 15


@pytest.mark.parametrize("side", ["left", "right", "both"])
def test_pads_change_nothing(model: Any, side: str) -> None:
    ids, more = some_ids(1, 9)[0], some_ids(1, 4)
    pads = {"left": (5, 0), "right": (0, 5), "both": (3, 2)}[side]
    padded = torch.nn.functional.pad(ids, pads, value=7)
    mask = torch.nn.functional.pad(torch.ones_like(ids), pads)
    batch = torch.stack([padded, some_ids(14)])
    out = model(batch, attention_mask=torch.stack([mask, torch.ones_like(mask)]))
    alone = model(ids[None])
    torch.testing.assert_close(out.logits[0][mask.bool()], alone.logits[0])
    on = model(more.expand(2, -1), past_key_values=out.past_key_values).logits[0]
    torch.testing.assert_close(on, model(more, past_key_values=alone.past_key_values).logits[0])


def test_a_batch_of_prompts_of_different_lengths_continues_each_as_alone(
    model: Any, tokenizer: PreTrainedTokenizerFast
) -> None:
    prompts = ["The fox", "狐狸看见月亮。A bird finds", "A"]
    tokenizer.padding_side = "left"
    endless: dict[str, Any] = {"max_new_tokens": 12, "do_sample": False, "eos_token_id": None}
    together = model.generate(**tokenizer(prompts, return_tensors="pt", padding=True), **endless)[:, -12:]
    alone = [model.generate(**tokenizer(prompt, return_tensors="pt"), **endless)[0, -12:] for prompt in prompts]
    assert torch.equal(together, torch.stack(alone))


def test_no_token_sees_a_later_one(model: Any) -> None:
    ids = some_ids(1, 16)
    other = ids.clone()
    other[0, 10:] = 5
    torch.testing.assert_close(model(ids).logits[:, :10], model(other).logits[:, :10])


def test_a_mixture_is_the_sum_of_its_softmaxes(build: Build) -> None:
    model, ids = build(softmaxes=3), some_ids(2, 7)
    x = model.model(ids).last_hidden_state  # B, T, D
    w, b = model.lm_head.weight, model.lm_head.bias
    p_i, p = model.mixture.project.weight.chunk(3), model.mixture.project.bias.chunk(3)
    a = (x @ model.mixture.gate.weight.T).softmax(-1)
    chances = sum(
        a[..., i, None] * (x @ (w @ p_i[i]).T + (w @ p[i] + b)).softmax(-1) for i in range(3)
    )  # sum of a_i softmax(W_i x + b_i)
    torch.testing.assert_close(model(ids).logits.exp(), chances)
    torch.testing.assert_close(chances.sum(-1), torch.ones(2, 7))


def test_labels_give_the_mean_log_likelihood(model: Any) -> None:
    ids = some_ids(2, 7)
    out = model(ids, labels=ids.index_fill(1, torch.tensor([3]), -100))
    log_p = model(ids).logits.log_softmax(-1)[:, :-1].gather(2, ids[:, 1:, None])[..., 0]
    assert out.loss.item() == pytest.approx(-log_p[:, [0, 1, 3, 4, 5]].mean().item(), rel=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_dial_gives_the_sizes_it_promises(family: str, tokenizer: PreTrainedTokenizerFast) -> None:
    """1, 10, 30 and 100 million within a tenth at 12,288 pieces, within two fifths from 8,192 to 16,384."""
    sizes, build, _ = FAMILIES[family]
    for shape, millions in zip(sizes.values(), (1, 10, 30, 100), strict=True):
        with torch.device("meta"):
            model = build(shape, tokenizer, 256)
        for pieces, off in ((8192, 0.4), (12_288, 0.1), (16_384, 0.4)):
            more = (pieces - len(tokenizer)) * (model.config.hidden_size + 1)
            assert model.num_parameters() + more == pytest.approx(millions * 1e6, rel=off), (family, millions, pieces)
