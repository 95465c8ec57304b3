"""A tiny real GGUF: llama architecture, seeded random weights, a byte-level tokenizer and a ChatML template.

It writes printable ASCII of no meaning and does not end by itself: a reply runs to `max_tokens`, so that a test can
stop in the middle. A grammar can make it write anything, byte by byte where the vocabulary has no whole character.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import gguf
import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float32]

WIDTH, LAYERS, HEADS, KV_HEADS, FEED_FORWARD = 64, 2, 4, 2, 128
WORDS = ("the", "and", "ing", "er", "on", "你", "好")  # merged from bytes; every other character is bytes
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_tiny_gguf(path: Path, *, context_tokens: int = 32_768, seed: int = 0) -> Path:
    """Write the model to `path` (under 1 MB, a few hundredths of a second); the same seed gives the same bytes."""
    tokens, merges = vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(context_tokens)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    kinds = [gguf.TokenType.CONTROL if token in SPECIALS else gguf.TokenType.NORMAL for token in tokens]
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHATML)
    for name, values in weights(tokens, seed).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def vocabulary() -> tuple[list[str], list[str]]:
    """The 256 bytes in GPT-2's printable spelling, WORDS with the merges that lead to them, and SPECIALS."""
    spelling = byte_spelling()
    tokens = list(spelling.values())
    merges = []
    for word in WORDS:
        letters = [spelling[byte] for byte in word.encode()]
        grown = letters[0]
        for letter in letters[1:]:
            if grown + letter not in tokens:
                tokens.append(grown + letter)
                merges.append(f"{grown} {letter}")
            grown += letter
    return [*tokens, *SPECIALS], merges


def byte_spelling() -> dict[int, str]:
    """GPT-2's printable character for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    spelling = {byte: chr(byte) for byte in printable}
    spelling.update({byte: chr(256 + place) for place, byte in enumerate(others)})
    return dict(sorted(spelling.items()))


def weights(tokens: list[str], seed: int) -> dict[str, Array]:
    """Random tensors. Dimension 0 of the residual stream is kept at one value, so that column 0 of the output
    matrix is a bias for each token: ordinary for printable ASCII, out of reach for everything else."""
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int, scale: float = 1.0) -> Array:
        return np.asarray(random.standard_normal((rows, columns)) * scale / np.sqrt(columns), np.float32)

    tensors = {
        "token_embd.weight": matrix(len(tokens), WIDTH, 4.0),
        "output_norm.weight": np.ones(WIDTH, np.float32),
        "output.weight": matrix(len(tokens), WIDTH, 2.0),
    }
    tensors["token_embd.weight"][:, 0] = 1.0
    likely = [len(token) <= 3 and token.isascii() and token not in SPECIALS for token in tokens]
    tensors["output.weight"][:, 0] = np.where(likely, 0.0, -60.0)
    for layer in range(LAYERS):
        shapes = {
            "attn_q": (WIDTH, WIDTH),
            "attn_k": (WIDTH // HEADS * KV_HEADS, WIDTH),
            "attn_v": (WIDTH // HEADS * KV_HEADS, WIDTH),
            "attn_output": (WIDTH, WIDTH),
            "ffn_gate": (FEED_FORWARD, WIDTH),
            "ffn_up": (FEED_FORWARD, WIDTH),
            "ffn_down": (WIDTH, FEED_FORWARD),
        }
        for name, (rows, columns) in shapes.items():
            tensors[f"blk.{layer}.{name}.weight"] = matrix(rows, columns)
        tensors[f"blk.{layer}.attn_output.weight"][0] = 0.0
        tensors[f"blk.{layer}.ffn_down.weight"][0] = 0.0
        tensors[f"blk.{layer}.attn_norm.weight"] = np.ones(WIDTH, np.float32)
        tensors[f"blk.{layer}.ffn_norm.weight"] = np.ones(WIDTH, np.float32)
    return tensors
