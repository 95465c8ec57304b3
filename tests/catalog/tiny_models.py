"""Tiny real models of each family that the Hub is asked for: made from a configuration, with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Name -> the tasks that its card must say.
FAMILIES: dict[str, tuple[str, ...]] = {
    "llama": ("chat",), "marian": ("translate",), "t5": ("translate",), "m2m": ("translate",), "bert": ("embed",),
    "reader": ("answer",),
}  # fmt: skip
SMALL: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 2000, "max_position_embeddings": 128,
}  # fmt: skip
PAIR: dict[str, Any] = {
    "d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 64,
    "vocab_size": 300,
}  # fmt: skip
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
)


def write_tiny(name: str, folder: Path) -> Path:
    """The model as `save_pretrained` writes it, with a tokenizer of bytes."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    torch.manual_seed(0)
    kinds: dict[str, tuple[type[Any], Any]] = {
        "llama": (transformers.LlamaForCausalLM, transformers.LlamaConfig(**SMALL)),
        "marian": (transformers.MarianMTModel, transformers.MarianConfig(**PAIR, pad_token_id=299)),
        "t5": (transformers.T5ForConditionalGeneration, transformers.T5Config(
            vocab_size=300, d_model=32, d_kv=16, d_ff=32, num_layers=1, num_heads=2)),
        "m2m": (transformers.M2M100ForConditionalGeneration, transformers.M2M100Config(**PAIR)),
        "bert": (transformers.BertModel, transformers.BertConfig(**SMALL)),
        "reader": (transformers.BertForQuestionAnswering, transformers.BertConfig(**SMALL)),
    }  # fmt: skip
    kind, config = kinds[name]
    kind(config).save_pretrained(folder)
    bytes_ = {letter: place for place, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(vocab=bytes_, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    wrapped = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    if name == "llama":
        wrapped.chat_template = CHATML
    wrapped.save_pretrained(folder)
    return folder
