"""A recurrent network is its formula, step by step."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import PreTrainedTokenizerFast

from llm_core.models import recurrent
from llm_core.models.recurrent import Cell, RecurrentForCausalLM, Shape
from llm_core.models.sequence import locked_dropout
from llm_core.models.tokenizers import train_byte_bpe

Reals = NDArray[np.float32]
IDS = torch.tensor([5, 17, 17, 80, 3, 200, 9])


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return train_byte_bpe(["The fox sees the moon. 狐狸看见月亮。"] * 6, 270)


def model_of(cell: Cell, tokenizer: PreTrainedTokenizerFast, **knobs: float) -> RecurrentForCausalLM:
    torch.manual_seed(0)
    model = recurrent.build(cell, Shape(hidden=12, layers=2, **knobs), tokenizer, 32)  # type: ignore[arg-type]
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.2 * torch.randn_like(weight))  # biases, too, are there
    return model.eval()


def sigmoid(x: Reals) -> Reals:
    return 1 / (1 + np.exp(-x))


def by_hand(model: RecurrentForCausalLM, ids: torch.Tensor) -> tuple[Reals, Reals]:
    """The last hidden states [T, D] and the logits [T, V], in numpy alone."""
    weights = {name: weight.detach().numpy() for name, weight in model.state_dict().items()}
    x, width = weights["model.embed_tokens.weight"][ids.numpy()], model.config.hidden_size
    for i in range(model.config.num_hidden_layers):
        w_x, w_h, b_x, b_h = (
            weights[f"model.layers.{i}.{part}_l0"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        h, c, states = np.zeros(width), np.zeros(width), []
        for x_t in x:
            if model.config.cell == "rnn":
                h = np.tanh(w_x @ x_t + w_h @ h + (b_x + b_h))
            elif model.config.cell == "lstm":
                i_t, f_t, g_t, o_t = np.split(w_x @ x_t + w_h @ h + b_x + b_h, 4)
                c = sigmoid(f_t) * c + sigmoid(i_t) * np.tanh(g_t)
                h = sigmoid(o_t) * np.tanh(c)
            else:
                r, z = np.split(sigmoid((w_x @ x_t + w_h @ h + b_x + b_h)[: 2 * width]), 2)
                n = np.tanh((w_x @ x_t + b_x)[2 * width :] + r * (w_h @ h + b_h)[2 * width :])
                h = (1 - z) * n + z * h
            states.append(h)
        x = np.stack(states)
    return x, x @ weights["lm_head.weight"].T + weights["lm_head.bias"]  # o_t = W_ho h_t + b_o


@pytest.mark.parametrize("cell", recurrent.SIZES)
def test_states_and_logits_are_the_formula_computed_by_hand(cell: Cell, tokenizer: PreTrainedTokenizerFast) -> None:
    model = model_of(cell, tokenizer)
    hidden, logits = by_hand(model, IDS)
    with torch.no_grad():
        np.testing.assert_allclose(model.model(IDS[None]).last_hidden_state[0], hidden, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model(IDS[None]).logits[0], logits, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("cell", "names"), [("rnn", "h"), ("lstm", "ifgoch"), ("gru", "rznh")])
def test_gates_and_states_can_be_read_out(cell: Cell, names: str, tokenizer: PreTrainedTokenizerFast) -> None:
    model = model_of(cell, tokenizer)
    trace = model.trace(IDS)
    assert "".join(trace) == names
    assert {tensor.shape for tensor in trace.values()} == {(2, 7, 12)}  # layers, T, D
    with torch.no_grad():
        out = model.model(IDS[None])
    torch.testing.assert_close(trace["h"][1], out.last_hidden_state[0])
    carried = out.past_key_values.tensors  # h and c of each layer after the last token
    torch.testing.assert_close(trace["h"][0, -1], carried[0][0])
    if cell == "lstm":
        torch.testing.assert_close(trace["c"][1, -1], carried[3][0])
        torch.testing.assert_close(trace["h"], trace["o"] * trace["c"].tanh())
        before = torch.cat([torch.zeros(2, 1, 12), trace["c"][:, :-1]], dim=1)
        torch.testing.assert_close(trace["c"], trace["f"] * before + trace["i"] * trace["g"])


def test_the_dense_layer_stands_between_the_state_and_the_output(tokenizer: PreTrainedTokenizerFast) -> None:
    model = model_of("lstm", tokenizer, dense=1)
    with torch.no_grad():
        expected = model.lm_head(model.model.dense(model.trace(IDS)["h"][-1]).relu())
        torch.testing.assert_close(model(IDS[None]).logits[0], expected)


def test_locked_dropout_drops_the_same_numbers_at_every_token() -> None:
    torch.manual_seed(0)
    dropped = locked_dropout(torch.ones(4, 50, 64), 0.5, training=True) == 0
    assert (dropped == dropped[:, :1]).all()
    assert 0.4 < dropped.float().mean() < 0.6
    assert not (dropped[0] == dropped[1]).all()


@pytest.mark.parametrize("cell", recurrent.SIZES)
def test_recurrent_dropout_is_a_mask_on_the_state(cell: Cell, tokenizer: PreTrainedTokenizerFast) -> None:
    """Against a loop that multiplies h with the mask before each step."""
    model = model_of(cell, tokenizer, recurrent_dropout=0.5)
    layer, x = model.model.layers[0], torch.randn(1, 7, 12)
    zeros = (torch.zeros(1, 12),) * (2 if cell == "lstm" else 1)
    torch.manual_seed(3)
    hidden, _ = model.model.train()._run(layer, x, zeros, None)
    torch.manual_seed(3)
    mask = nn.functional.dropout(torch.ones(1, 12), 0.5)
    single = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}[cell](12, 12)
    single.load_state_dict({name.removesuffix("_l0"): weight for name, weight in layer.state_dict().items()})
    state, expected = zeros, []
    for x_t in x[0]:
        given = (state[0] * mask, state[1]) if cell == "lstm" else state[0] * mask
        if cell == "gru":  # what is kept of h by the gate z is not thinned
            state = (gru_step(single, x_t[None], state[0], mask),)
        else:
            after = single(x_t[None], given)
            state = after if cell == "lstm" else (after,)
        expected.append(state[0][0])
    torch.testing.assert_close(hidden[0], torch.stack(expected))


def gru_step(cell: nn.GRUCell, x: torch.Tensor, h: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    r_x, z_x, n_x = (x @ cell.weight_ih.T + cell.bias_ih).chunk(3, 1)
    r_h, z_h, n_h = ((h * mask) @ cell.weight_hh.T + cell.bias_hh).chunk(3, 1)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return (1 - z) * (n_x + r * n_h).tanh() + z * h


def test_dropout_rests_outside_of_training(tokenizer: PreTrainedTokenizerFast) -> None:
    model = model_of("lstm", tokenizer, dropout=0.5, recurrent_dropout=0.5)
    assert torch.equal(model(IDS[None]).logits, model(IDS[None]).logits)
    model.train()
    assert not torch.equal(model(IDS[None]).logits, model(IDS[None]).logits)


def test_a_fresh_lstm_remembers(tokenizer: PreTrainedTokenizerFast) -> None:
    model = recurrent.build("lstm", Shape(hidden=12, layers=2), tokenizer, 32)
    for layer in model.model.layers:
        bias = (layer.bias_ih_l0 + layer.bias_hh_l0).detach()
        assert bias[12:24].eq(1).all()
        assert bias[:12].eq(0).all()
        for gate in layer.weight_hh_l0.detach().split(12):
            torch.testing.assert_close(gate @ gate.T, torch.eye(12), atol=1e-5, rtol=0)
