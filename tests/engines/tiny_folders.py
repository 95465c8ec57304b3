"""Tiny real Transformers folders of the classes that convert, with random weights and word-level tokenizers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers as hf
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

WORDS = [f"w{n}" for n in range(60)]


def tokenizer(path: Path, *, pad_last: bool = False, end: bool = False) -> PreTrainedTokenizerFast:
    """Saved to `path`. `pad_last` as Marian wants it; `end` puts `</s>` behind a source."""
    specials = ["<unk>", "</s>"]
    pieces = [*specials, "<s>", *WORDS, "<pad>"] if pad_last else ["<pad>", *specials, "<s>", *WORDS]
    made = Tokenizer(models.WordLevel({piece: n for n, piece in enumerate(pieces)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if end:
        made.post_processor = processors.TemplateProcessing(
            single="$A </s>", special_tokens=[("</s>", pieces.index("</s>"))]
        )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", eos_token="</s>", pad_token="<pad>", bos_token=None
    )
    fast.save_pretrained(path)
    return fast


def decoder(path: Path, kind: str, **more: Any) -> Path:
    """A Llama, Qwen2 or Qwen3."""
    made = tokenizer(path)
    config = getattr(hf, f"{kind}Config")(
        vocab_size=len(made), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=128, tie_word_embeddings=False,
        initializer_range=0.3, bos_token_id=None, eos_token_id=made.eos_token_id, pad_token_id=made.pad_token_id,
        **more,
    )  # fmt: skip
    return _saved(getattr(hf, f"{kind}ForCausalLM"), config, path)


def translator(path: Path, kind: str) -> Path:
    """A Marian or T5."""
    made = tokenizer(path, pad_last=kind == "Marian", end=True)
    common = {"vocab_size": len(made), "d_model": 64, "eos_token_id": made.eos_token_id,
              "pad_token_id": made.pad_token_id, "decoder_start_token_id": made.pad_token_id}  # fmt: skip
    if kind == "T5":
        config: Any = hf.T5Config(**common, d_kv=16, d_ff=128, num_layers=2, num_heads=4, initializer_factor=1.0)
        return _saved(hf.T5ForConditionalGeneration, config, path)
    layers = {f"{side}_{name}": value for side in ("encoder", "decoder")
              for name, value in (("layers", 2), ("attention_heads", 4), ("ffn_dim", 128))}  # fmt: skip
    config = hf.MarianConfig(**common, **layers, max_position_embeddings=64, init_std=0.3, forced_eos_token_id=None,
                             share_encoder_decoder_embeddings=True, tie_word_embeddings=True)  # fmt: skip
    return _saved(hf.MarianMTModel, config, path)


def _saved(kind: Any, config: Any, path: Path) -> Path:
    torch.manual_seed(0)
    model = kind(config).eval()
    model.save_pretrained(path)
    return path
