"""The Transformer decoder: stock Qwen3, sized by one dial.

Qwen3 normalises queries and keys per head, which keeps a small model stable at the high
learning rates that a short run needs.
"""

from __future__ import annotations

from dataclasses import dataclass

from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM


@dataclass(frozen=True)
class Shape:
    """Width of the residual stream, and what hangs on it."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    feed_forward: int
    dropout: float = 0.0


SIZES = {
    "tiny": Shape(hidden=128, layers=4, heads=4, kv_heads=4, feed_forward=352),
    "small": Shape(hidden=256, layers=8, heads=4, kv_heads=4, feed_forward=704),
    "medium": Shape(hidden=448, layers=10, heads=7, kv_heads=7, feed_forward=1216),
    "base": Shape(hidden=768, layers=12, heads=12, kv_heads=12, feed_forward=2048),
}


def build(shape: Shape, tokenizer: PreTrainedTokenizerFast, context: int) -> Qwen3ForCausalLM:
    """A decoder with fresh weights from torch's random state.

    Args:
        shape: one of SIZES, or another.
        tokenizer: gives the vocabulary's size and the id that ends a text.
        context: the longest sequence, in tokens.

    Input and output embeddings are one matrix.
    """
    end = tokenizer.eos_token_id
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.hidden // shape.heads,
        max_position_embeddings=context,
        attention_dropout=shape.dropout,
        tie_word_embeddings=True,
        initializer_range=0.02,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=end,
    )
    model = Qwen3ForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=end)
    return model
