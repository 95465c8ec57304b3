"""Attention, states, nearest words, transitions: each against a computation of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from llm_core.insight import attention, latent, look, neighbours, states, transition, translation
from llm_core.insight.opened import Opened
from llm_core.models import cnn, mlp, ngram_model, vae
from llm_core.models.latent import TOKENS_MAX
from tests.insight.conftest import TEXT, cell


def marked(opened: Opened, text: str = TEXT) -> list[int]:
    ids = [piece.id for piece in opened.pieces(text)]
    return ids if opened.begin is None else [opened.begin, *ids]


def test_rows_of_attention_sum_to_one_and_see_nothing_later(decoder: Opened) -> None:
    (maps,) = attention.of_text(decoder, marked(decoder))
    layers, heads = decoder.model.config.num_hidden_layers, decoder.model.config.num_attention_heads
    tokens = len(maps.queries)
    assert maps.weights.shape == (layers, heads, tokens, tokens)
    np.testing.assert_allclose(maps.weights.sum(-1), 1, atol=1e-5)
    assert np.triu(maps.weights, 1).max() == 0


def test_attention_is_its_formula_computed_by_hand(decoder: Opened) -> None:
    """Q, K from the weights themselves: projected, normalised per head, turned by their positions."""
    ids = marked(decoder)
    (maps,) = attention.of_text(decoder, ids)
    model, config = decoder.model.model, decoder.model.config
    block = model.layers[0]
    with torch.no_grad():
        x = block.input_layernorm(model.embed_tokens(torch.tensor([ids])))[0].double()  # T, D
        width = config.head_dim

        def rms(vectors, weight):
            return vectors * (vectors.pow(2).mean(-1, keepdim=True) + config.rms_norm_eps).rsqrt() * weight.double()

        def heads(projection, norm):
            projected = (x @ projection.weight.double().T).view(len(ids), -1, width).transpose(0, 1)
            return turned(rms(projected, norm.weight))

        theta = config.rope_parameters["rope_theta"]

        def turned(vectors):  # rotary positions: pairs (i, i + d/2) as complex numbers
            angles = torch.arange(len(ids))[:, None] * theta ** (-torch.arange(0, width, 2) / width).double()
            a, b = vectors.chunk(2, dim=-1)
            cos, sin = angles.cos(), angles.sin()
            return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)

        q, k = (
            heads(block.self_attn.q_proj, block.self_attn.q_norm),
            heads(block.self_attn.k_proj, block.self_attn.k_norm),
        )
        k = k.repeat_interleave(len(q) // len(k), dim=0)
        later = torch.ones(len(ids), len(ids)).triu(1).bool()
        expected = (q @ k.mT / width**0.5).masked_fill(later, -torch.inf).softmax(-1)
    np.testing.assert_allclose(maps.weights[0], expected, atol=1e-4)


def test_a_translation_is_aligned_with_its_source(translator: Opened) -> None:
    steps = translation.look(translator, "The fox sees the moon.", 12)
    seen = _result(steps)
    kinds = {maps.kind: maps for maps in seen.seen["attention"]}
    assert set(kinds) == {"cross", "encoder", "decoder"}
    for maps in kinds.values():
        np.testing.assert_allclose(maps.weights.sum(-1), 1, atol=1e-5)
    cross = kinds["cross"]
    assert cross.keys[0] == ">>zh<<"
    assert cross.weights.shape[2:] == (len(cross.queries), len(cross.keys))
    assert np.triu(kinds["decoder"].weights, 1).max() == 0
    assert np.triu(kinds["encoder"].weights, 1).max() > 0
    read = seen.reading
    given = torch.tensor([list(seen.marked)])
    source = torch.tensor([translation.source_ids(translator, seen.source)])
    with torch.no_grad():
        logits = translator.model(input_ids=source, decoder_input_ids=given).logits[0].double()
    logits[:, translator.tokenizer.pad_token_id] = -torch.inf
    for place, piece in enumerate(read.pieces):
        assert float(read.logprobs[place]) == pytest.approx(float(logits[place].log_softmax(0)[piece.id]), abs=1e-4)


def test_states_of_a_recurrent_network_follow_the_formula_step_by_step(bytewise: PreTrainedTokenizerFast) -> None:
    opened = cell("rnn", bytewise)
    ids = marked(opened)
    found = states.of_text(opened, ids)["h"]
    weights = {name: value.detach().numpy() for name, value in opened.model.state_dict().items()}
    x = weights["model.embed_tokens.weight"][ids]
    for number, layer in enumerate(found.layers):
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        w_hx, w_hh, b_x, b_h = (weights[f"model.layers.{number}.{part}_l0"] for part in parts)
        h, rows = np.zeros(len(b_h)), []
        for x_t in x:
            h = np.tanh(w_hx @ x_t + w_hh @ h + (b_x + b_h))
            rows.append(h)
        np.testing.assert_allclose(layer, rows, atol=1e-5)
        x = np.stack(rows)


def test_gates_lie_between_none_and_all(bytewise: PreTrainedTokenizerFast) -> None:
    found = states.of_text(cell("lstm", bytewise), [5, 80, 17])
    assert list(found) == ["i", "f", "g", "o", "c", "h"]
    assert {name for name, each in found.items() if not each.signed} == {"i", "f", "o"}
    for name in "ifo":
        assert all(layer.min() >= 0 and layer.max() <= 1 for layer in found[name].layers)


@pytest.mark.parametrize("family", ["mlp", "cnn"])
def test_what_leaves_the_last_layer_becomes_the_logits(family: str, bytewise: PreTrainedTokenizerFast) -> None:
    torch.manual_seed(0)
    built = {
        "mlp": lambda: mlp.build(mlp.Shape(hidden=12, window=3, wide=20, layers=2), bytewise, 64),
        "cnn": lambda: cnn.build(cnn.Shape(hidden=12, layers=3), bytewise, 64),
    }[family]()
    opened = Opened.of(built, bytewise, threads=1)
    ids = [5, 80, 17, 80]
    layers = states.of_text(opened, ids)["h"].layers
    assert [layer.shape[0] for layer in layers] == [4] * len(built.model.layers)
    with torch.no_grad():
        last = torch.from_numpy(layers[-1])
        hidden = last if family == "mlp" else built.model.norm(last)
        torch.testing.assert_close(built.logits(hidden), built(torch.tensor([ids])).logits[0])


def test_nearest_words_are_those_of_all_cosines(decoder: Opened) -> None:
    table = decoder.model.get_input_embeddings().weight.detach().double().numpy()
    token = decoder.tokenizer(" cat")["input_ids"][0]
    cosines = table @ table[token] / (np.linalg.norm(table, axis=1) * np.linalg.norm(table[token]))
    order = [n for n in np.argsort(-cosines) if n != token]
    near = neighbours.nearest(decoder, [token], 5)[token]
    assert [each.id for each in near] == order[:5]
    assert near[0].cosine == pytest.approx(cosines[order[0]], abs=1e-5)


def test_the_transition_matrix_says_how_often_pairs_came(bytewise: PreTrainedTokenizerFast) -> None:
    model = ngram_model.build(ngram_model.Shape(order=2), bytewise, 64)
    text = np.random.default_rng(0).choice([5, 6, 7, 8], 5000, p=[0.4, 0.3, 0.2, 0.1])
    text[1:][text[:-1] == 5] = 6  # after 5 comes 6
    model.fit(text)
    opened = Opened.of(model, bytewise, threads=1)
    found = transition.of_text(opened, [5, 7, 5])
    assert found.rows == (opened.words[5], opened.words[7])
    np.testing.assert_allclose(found.chances.sum(1) + found.rest, 1, atol=1e-6)
    for row, token in zip(found.chances, (5, 7), strict=True):
        follow = text[1:][text[:-1] == token]
        for other in (5, 6, 7, 8):
            column = found.columns.index(opened.words[other])
            assert float(row[column]) == pytest.approx(float((follow == other).mean()), abs=0.01)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_a_look_holds_every_view_of_its_family(name, bytewise: PreTrainedTokenizerFast) -> None:
    opened = cell(name, bytewise)
    seen = _result(look.look(opened, TEXT, opened.pieces(TEXT)))
    assert set(seen.views) == {"surprise", "states", "neighbours", "tree"}
    assert set(seen.explained) == set(seen.views)
    assert set(seen.seen) == {"states", "neighbours"}


def _result(steps):
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def test_the_space_of_a_vae_is_what_its_encoder_and_decoder_say(bytewise: PreTrainedTokenizerFast) -> None:
    torch.manual_seed(0)
    model = vae.build(vae.Shape(hidden=12, latent=4), bytewise, 64)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.4 * torch.randn_like(weight))  # so that z is heard
    opened = Opened.of(model, bytewise, threads=1)
    first, second = "The fox sees the moon.", "A bird finds an old book."
    found = latent.of_text(opened, [opened.begin, *bytewise(f"{first}\n{second}")["input_ids"]])
    with torch.no_grad():
        ends = [model.model.encode(torch.tensor([bytewise(text)["input_ids"]])) for text in (first, second)]
    mean, log_variance = (part[0].double() for part in ends[0])
    np.testing.assert_allclose(found.mean, mean, atol=1e-5)
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    prior = torch.distributions.Normal(torch.zeros(4).double(), torch.ones(4).double())
    np.testing.assert_allclose(found.kl, torch.distributions.kl_divergence(posterior, prior), atol=1e-4)
    for text, z in ((found.walk[0], ends[0][0]), (found.walk[-1], ends[1][0])):
        assert text == _written(model, bytewise, z)
    assert found.back == found.walk[0]
    assert len(found.walk) == latent.STEPS


def _written(model, tokenizer, z) -> str:
    """Greedily, by transformers."""
    begin = torch.tensor([[tokenizer.eos_token_id]])
    out = model.generate(
        begin, attention_mask=torch.ones_like(begin), past_key_values=model.model.at(z), do_sample=False,
        max_new_tokens=TOKENS_MAX,
    )  # fmt: skip
    return tokenizer.decode(out[0, 1:], skip_special_tokens=True).strip()
