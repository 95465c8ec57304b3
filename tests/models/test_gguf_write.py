"""A folder written as GGUF says the same in llama.cpp as in Transformers, token by token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from llm_core.catalog.bundled import FOLDER
from llm_core.engines.base import Message, Sampling
from llm_core.engines.llama import Llama
from llm_core.engines.transformers import Transformers
from llm_core.errors import UserError
from llm_core.events import collect
from llm_core.models import weights
from llm_core.models.chat_template import with_template
from llm_core.models.gguf import read
from llm_core.models.gguf_write import write_gguf
from llm_core.models.spelling import train_characters
from llm_core.models.tokenizers import train_byte_bpe
from llm_core.settings import Settings
from tests.engines.replies import text_of

TEXTS = [
    "The red fox sees a river, 12 birds and the moon.\n\n",
    "红色的狐狸在第7天看见一条河。",
    "an old book is there",
]
SHAPE: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.1,
}
CLASSES = {
    "llama": (LlamaConfig, LlamaForCausalLM, {"tie_word_embeddings": False}),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM, {"tie_word_embeddings": True}),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM, {"tie_word_embeddings": True, "head_dim": 32}),
}


def write_folder(folder: Path, kind: str, *, chat: bool) -> Path:
    """A model of random weights in bfloat16, large enough ones that its choices are clear."""
    torch.manual_seed(3)
    tokenizer = train_byte_bpe(TEXTS * 8, 340)
    config, model, more = CLASSES[kind]
    end = tokenizer.eos_token_id
    made = model(config(vocab_size=len(tokenizer) + 3, eos_token_id=end, pad_token_id=end, **SHAPE, **more))
    made.to(torch.bfloat16).save_pretrained(folder)
    (with_template(tokenizer) if chat else tokenizer).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", CLASSES)
def test_llama_cpp_finds_texts_as_likely_as_transformers(kind: str, tmp_path: Path, settings: Settings) -> None:
    folder = write_folder(tmp_path / "model", kind, chat=True)
    file = collect(write_gguf(folder, tmp_path / "out" / "m.gguf", name="m"))
    assert (read(file).architecture, read(file).context_tokens) == (kind, 256)
    texts = [*TEXTS, "a\n\nb  c 2026"]
    turns = [Message("user", "A fox?"), Message("assistant", "A river."), Message("user", "为什么？")]
    there, here = Llama("m", file, settings), Transformers("m", folder, settings)
    try:
        for ours, theirs in zip(here.score(texts), there.score(texts), strict=True):
            assert theirs.tokens == ours.tokens
            assert theirs.log_likelihood == pytest.approx(ours.log_likelihood, rel=2e-3)
        assert there.count_tokens(turns) == here.count_tokens(turns)
    finally:
        there.close()


def test_llama_cpp_goes_on_with_a_text_as_transformers_does(tmp_path: Path, settings: Settings) -> None:
    folder = FOLDER / "decoder-zh-en"
    file = collect(write_gguf(folder, tmp_path / "m.gguf", name="m", continues=True))
    greedy = Sampling(temperature=0, top_k=0, top_p=1, repetition_penalty=1, max_tokens=40)
    there, here = Llama("m", file, settings), Transformers("m", folder, settings)
    try:
        for text in ("Once upon a time", "从前有一座山", "The harbour was 12"):
            prompt = [Message("user", text)]
            assert there.count_tokens(prompt) == here.count_tokens(prompt)
            assert text_of(there.generate([prompt], greedy)) == text_of(here.generate([prompt], greedy))
    finally:
        there.close()


def test_weights_are_read_without_torch_as_torch_reads_them(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "qwen3", chat=False)
    model = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32)
    found = weights.stored(folder)
    for name, tensor in model.state_dict().items():
        if name in found:
            assert np.array_equal(found[name].read(), tensor.numpy())
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(UserError, match="weights_broken"):
        [each.read() for each in weights.stored(folder).values()]


def test_what_llama_cpp_cannot_run_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    folder, out = write_folder(tmp_path / "model", "llama", chat=False), tmp_path / "out" / "m.gguf"
    train_characters(TEXTS, 400).save_pretrained(folder)
    with pytest.raises(UserError, match="export_tokenizer"):
        collect(write_gguf(folder, out, name="m"))
    config = json.loads((folder / "config.json").read_text("utf-8"))
    for change in ({"model_type": "gpt2"}, {"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4}}):
        (folder / "config.json").write_text(json.dumps(config | change), "utf-8")
        with pytest.raises(UserError, match="export_family"):
            collect(write_gguf(folder, out, name="m"))
    assert not out.parent.exists() or list(out.parent.iterdir()) == []
