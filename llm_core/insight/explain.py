"""Beside each picture: the formula behind it, what its symbols are in this very model, and the lines that compute it.

One function for each view and family, all of one shape: (open model, tokens of the text) -> Explained.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from llm_core.insight import lines, reading
from llm_core.insight.lines import Lines

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened


@dataclass(frozen=True, slots=True)
class Symbol:
    """A sign of a formula; `meaning` is a key of messages/inside.toml."""

    sign: str  # "W_hh": what follows _ is set low
    meaning: str
    value: str  # a shape such as "11 × 64", or a number


@dataclass(frozen=True, slots=True)
class Explained:
    """A formula in LaTeX, its symbols, and where it stands in code."""

    formula: str
    symbols: tuple[Symbol, ...]
    code: Lines


Explain: TypeAlias = Callable[["Opened", int], Explained]


def size(*numbers: int) -> str:
    """A shape as people write it."""
    return " × ".join(f"{n:,}" for n in numbers)


def _aligned(*equations: str) -> str:
    return r"\begin{aligned}" + r"\\".join(equations) + r"\end{aligned}"


def surprise(opened: Opened, tokens: int) -> Explained:
    """How likely each token is: the output layer."""
    config, model = opened.model.config, opened.model
    if opened.family == "ngram":
        return _counted(opened)
    width = model.get_input_embeddings().weight.shape[1]
    tied = config.tie_word_embeddings
    symbols = [
        Symbol("V", "vocabulary", f"{opened.vocabulary:,}"),
        Symbol("h_t", "hidden_vectors", size(tokens, width)),
        Symbol("W", "output_tied" if tied else "output", size(opened.vocabulary, width)),
    ]
    if (mixture := getattr(model, "mixture", None)) is not None:
        formula = _aligned(r"P(x_t)&=\sum_i a_i\,\mathrm{softmax}(W_i h_{t-1}+b_i)_{x_t}", r"s_t&=-\log_2 P(x_t)")
        symbols.append(Symbol("a_i", "mixture", str(mixture.softmaxes)))
        return Explained(formula, tuple(symbols), lines.of(type(mixture).forward))
    bias = getattr(model.get_output_embeddings(), "bias", None) is not None
    if bias:
        symbols.append(Symbol("b", "bias", f"{opened.vocabulary:,}"))
    inner = "W h_{t-1}+b" if bias else "W h_{t-1}"
    formula = _aligned(
        rf"P(x_t\mid x_{{<t}})&=\mathrm{{softmax}}({inner})_{{x_t}}", r"s_t&=-\log_2 P(x_t\mid x_{<t})"
    )
    own = getattr(type(model), "logits", reading.of_logits)  # a stock class does it in the midst of much else
    return Explained(formula, tuple(symbols), lines.of(own))


def _counted(opened: Opened) -> Explained:
    from llm_core.models.ngram import Level

    config = opened.model.config
    formula = _aligned(
        r"P_k(x\mid c)&=\frac{n(cx)-\delta_{n(cx)}}{n(c)}+\gamma(c)\,P_{k-1}(x\mid c')", r"s_t&=-\log_2 P_K(x_t)"
    )
    tables = tuple(Symbol(f"n_{k}", "k_grams", f"{found:,}") for k, found in enumerate(config.k_grams or [], 1))
    shape = (Symbol("V", "vocabulary", f"{opened.vocabulary:,}"), Symbol("k", "order", str(config.order)))
    return Explained(formula, shape + tables, lines.of(Level.spread))


def attention(opened: Opened, tokens: int) -> Explained:
    """Scaled dot products; heads of a group share their keys and values."""
    config = opened.model.config
    heads = config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    shared = getattr(config, "num_key_value_heads", None) or heads
    symbols = [
        Symbol("Q", "queries", size(tokens, width)),
        Symbol("K, V", "keys", size(tokens, width)),
        Symbol("d", "head_width", str(width)),
        Symbol("√d", "head_scale", f"{width**0.5:.3g}"),
        Symbol("H", "heads", str(heads)),
    ]
    if shared != heads:
        symbols.append(Symbol("H_kv", "kv_heads", str(shared)))
    symbols.append(Symbol("L", "layers", str(config.num_hidden_layers)))
    formula = r"\mathrm{Attention}(Q,K,V)=\mathrm{softmax}\!\left(\frac{QK^{\top}}{\sqrt{d}}\right)V"
    return Explained(formula, tuple(symbols), lines.of(_plain_attention(opened.model)))


def _plain_attention(model: Any) -> Any:
    """Where transformers computes it for this family: one function a module, beside its classes."""
    module: Any = inspect.getmodule(type(model))
    return getattr(module, "eager_attention_forward", type(model).forward)


FORMULAS = {
    "rnn": r"h_t=\tanh(W_{hx}x_t+W_{hh}h_{t-1}+b_h)",
    "lstm": r"\begin{aligned}i,f,o&=\sigma(Wx_t+Uh_{t-1}+b)\\ g&=\tanh(Wx_t+Uh_{t-1}+b)\\"
    r"c_t&=f\odot c_{t-1}+i\odot g\\ h_t&=o\odot\tanh(c_t)\end{aligned}",
    "gru": r"\begin{aligned}r,z&=\sigma(Wx_t+Uh_{t-1}+b)\\ n&=\tanh(Wx_t+b+r\odot(Uh_{t-1}+b'))\\"
    r"h_t&=(1-z)\odot n+z\odot h_{t-1}\end{aligned}",
    "mlp": r"h^l=\sigma(W^l h^{l-1}+b^l)",
    "cnn": r"h^l=h^{l-1}+(W*h^{l-1}+b)\odot\sigma(V*h^{l-1}+c)",
}
WEIGHT_SIGNS = {"rnn": ("W_hx", "W_hh", "b_h"), "lstm": ("W", "U", "b"), "gru": ("W", "U", "b, b'")}


def states(opened: Opened, tokens: int) -> Explained:
    """Cells step by step, or layer after layer."""
    return _layered(opened, tokens) if opened.family in ("mlp", "cnn") else _cell(opened, tokens)


def _cell(opened: Opened, tokens: int) -> Explained:
    from llm_core.models.cells import CELLS

    layer = opened.model.model.layers[0]
    signs = WEIGHT_SIGNS[opened.family]
    symbols = (
        Symbol("x_t", "cell_input", size(tokens, layer.input_size)),
        Symbol(signs[0], "from_input", size(*layer.weight_ih_l0.shape)),
        Symbol(signs[1], "from_state", size(*layer.weight_hh_l0.shape)),
        Symbol(signs[2], "bias", f"{len(layer.bias_ih_l0):,}"),
        Symbol("h_t", "state", size(tokens, layer.hidden_size)),
        Symbol("L", "layers", str(len(opened.model.model.layers))),
    )
    return Explained(FORMULAS[opened.family], symbols, lines.of(CELLS[opened.family].step))


def _layered(opened: Opened, tokens: int) -> Explained:
    inner, config = opened.model.model, opened.model.config
    if opened.family == "mlp":
        weights = tuple(
            Symbol(f"W^{number}", "layer_weights", size(*layer.weight.shape))
            for number, layer in enumerate(inner.layers, 1)
        )
        window = Symbol("h^0", "window", size(config.window, config.hidden_size))
        return Explained(FORMULAS["mlp"], (window, *weights), lines.of(type(inner).read))
    layer = inner.layers[0]
    wide, deep = layer.both.weight.shape
    symbols = (
        Symbol("h^l", "hidden_vectors", size(tokens, config.hidden_size)),
        Symbol("W, V", "convolution", size(wide // 2, deep)),
        Symbol("K", "kernel", str(config.kernel)),
        Symbol("L", "layers", str(config.num_hidden_layers)),
    )
    return Explained(FORMULAS["cnn"], symbols, lines.of(type(layer).forward))


def neighbours(opened: Opened, tokens: int) -> Explained:
    """Cosines of embeddings."""
    from llm_core.insight.neighbours import nearest

    symbols = (Symbol("e_i", "embedding", size(*opened.model.get_input_embeddings().weight.shape)),)
    return Explained(
        r"\cos(e_i,e_j)=\frac{e_i\cdot e_j}{\lVert e_i\rVert\,\lVert e_j\rVert}", symbols, lines.of(nearest)
    )


def matrix(opened: Opened, tokens: int) -> Explained:
    """The rows of an n-gram's first tables."""
    counted = _counted(opened)
    symbols = (Symbol("A", "matrix", size(opened.vocabulary, opened.vocabulary)), *counted.symbols)
    return Explained(r"A_{ij}=P(x_{t+1}=j\mid x_t=i)", symbols, lines.of(type(opened.model).transition_rows))


def latent(opened: Opened, tokens: int) -> Explained:
    """The encoder of a sentence VAE, and the bound that it was trained by."""
    inner, config = opened.model.model, opened.model.config
    formula = _aligned(
        r"q(z\mid x)&=\mathcal{N}(\mu,\sigma^2)",
        r"\mu,\ln\sigma^2&=W[h_T;h_1]+b",
        r"\ln p(x)&\ge\mathbb{E}_q[\ln p(x\mid z)]-\mathrm{KL}(q\,\Vert\,p)",
    )
    symbols = (
        Symbol("z", "latent", str(config.latent_size)),
        Symbol("h", "state", size(tokens, 2 * config.hidden_size)),
        Symbol("W", "from_state", size(*inner.posterior.weight.shape)),
    )
    return Explained(formula, symbols, lines.of(type(inner).encode))


def filling(opened: Opened, tokens: int) -> Explained:
    """How likely each token is where it alone is hidden."""
    from llm_core.insight.filling import read

    formula = _aligned(r"P(x_t\mid x_{\ne t})&=\mathrm{softmax}(W h_t+b)_{x_t}", r"s_t&=-\log_2 P(x_t\mid x_{\ne t})")
    width = opened.model.get_input_embeddings().weight.shape[1]
    tied = opened.model.config.tie_word_embeddings
    symbols = (
        Symbol("V", "vocabulary", f"{opened.vocabulary:,}"),
        Symbol("x_≠t", "all_others", f"{tokens - 1:,}"),
        Symbol("h_t", "hidden_vectors", size(tokens, width)),
        Symbol("W", "output_tied" if tied else "output", size(opened.vocabulary, width)),
    )
    return Explained(formula, symbols, lines.of(read))


def decision(opened: Opened, tokens: int) -> Explained:
    """The chances of classes, and the evidence of a token for one of them."""
    from llm_core.insight.decision import of_text

    formula = _aligned(
        r"p(c\mid x)&=\mathrm{softmax}(W h+b)_c",
        r"\ell(x)&=\log_2\frac{p(c\mid x)}{1-p(c\mid x)}",
        r"s_t&=\ell(x)-\ell(x_{\ne t})",
    )
    config = opened.model.config
    symbols = (
        Symbol("c", "classes", str(config.num_labels)),
        Symbol("h", "text_vector", str(config.hidden_size)),
        Symbol("W", "output", size(config.num_labels, config.hidden_size)),
        Symbol("x_≠t", "left_out", f"{tokens - 1:,}"),
    )
    return Explained(formula, symbols, lines.of(of_text))


def likeness(opened: Opened, tokens: int) -> Explained:
    """The mean of the last states, and the cosine of two."""
    from llm_core.insight.likeness import mean_of_states

    formula = _aligned(r"v&=\frac{1}{N}\sum_t h_t", r"\cos(v,u)&=\frac{v\cdot u}{\lVert v\rVert\,\lVert u\rVert}")
    width = opened.model.config.hidden_size
    symbols = (
        Symbol("N", "read_tokens", f"{tokens:,}"),
        Symbol("h_t", "last_states", size(tokens, width)),
        Symbol("v, u", "text_vector", f"{width:,}"),
    )
    return Explained(formula, symbols, lines.of(mean_of_states))


TREE_FORMULA = r"\hat y=\arg\max_y\sum_i\ln P(y_i\mid y_{<i},x)"
SAMPLING_FORMULA = r"p_i=\frac{\exp(z_i/T)}{\sum_j\exp(z_j/T)}"


def tree(opened: Opened, tokens: int) -> Explained:
    """The search, whichever model is asked."""
    return searched(opened.vocabulary)


def searched(vocabulary: int) -> Explained:
    """The search over a vocabulary of this size."""
    from llm_core.insight.tree import grow

    return Explained(TREE_FORMULA, (Symbol("V", "vocabulary", f"{vocabulary:,}"),), lines.of(grow))


def served(vocabulary: int, tokens: int) -> Explained:
    """A model that llama.cpp runs: its own code is not Python, ours asks it."""
    from llm_core.engines.llama_look import Looking

    formula = _aligned(r"P(x_t\mid x_{<t})&=\mathrm{softmax}(z_t)_{x_t}", r"s_t&=-\log_2 P(x_t\mid x_{<t})")
    symbols = (
        Symbol("V", "vocabulary", f"{vocabulary:,}"),
        Symbol("z_t", "logits", size(tokens, vocabulary)),
    )
    return Explained(formula, symbols, lines.of(Looking.after))


EXPLAIN: Mapping[str, Explain] = {
    "surprise": surprise,
    "attention": attention,
    "states": states,
    "neighbours": neighbours,
    "matrix": matrix,
    "latent": latent,
    "filling": filling,
    "decision": decision,
    "likeness": likeness,
    "tree": tree,
}
