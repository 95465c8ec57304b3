"""A Transformers folder of a Llama, Qwen2 or Qwen3 class as one GGUF file, for llama.cpp and Ollama. Without torch.

Only byte-level BPE can be written: llama.cpp knows how to cut text for it. Our tokenizers bring text to Unicode's
composed form first, which llama.cpp does not; text typed on a keyboard has that form.

Names: https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/constants.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_core import atomic
from llm_core.errors import UserError
from llm_core.events import Done, Events, Progress
from llm_core.models import weights

ARCHITECTURES = ("llama", "qwen2", "qwen3")
CUTS = {
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+": "qwen2",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+": "llama-bpe",
}
"""What llama.cpp calls the expressions by which text is cut before pairs are merged."""
TENSORS = {
    r"model\.embed_tokens": "token_embd",
    r"model\.norm": "output_norm",
    r"lm_head": "output",
    r"model\.layers\.(\d+)\.input_layernorm": r"blk.\1.attn_norm",
    r"model\.layers\.(\d+)\.post_attention_layernorm": r"blk.\1.ffn_norm",
    r"model\.layers\.(\d+)\.self_attn\.([qkv])_proj": r"blk.\1.attn_\2",
    r"model\.layers\.(\d+)\.self_attn\.o_proj": r"blk.\1.attn_output",
    r"model\.layers\.(\d+)\.self_attn\.([qk])_norm": r"blk.\1.attn_\2_norm",
    r"model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj": r"blk.\1.ffn_\2",
}
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5
MOSTLY_F16 = 1


@dataclass(frozen=True)
class Vocabulary:
    """The pieces of a byte-level BPE tokenizer."""

    tokens: list[str]
    kinds: list[int]
    merges: list[str]
    cut: str
    end: int


def write_gguf(folder: Path, out: Path, *, name: str, continues: bool = False) -> Events:
    """Write `folder` as the GGUF file `out`: matrices in 16 bits, vectors in 32.

    Args:
        folder: a Transformers model.
        out: the file; it is written aside and renamed.
        name: what the file calls the model.
        continues: whether it goes on with a text as it stands, rather than to answer it.

    Yields:
        Progress("exporting") in bytes; `Done` holds `out`.

    Raises:
        UserError: `export_family`, `export_tokenizer`, `weights_broken`, `disk_full`.
    """
    config = _json(folder / "config.json")
    check_family(config)
    vocabulary = read_vocabulary(folder, int(config["vocab_size"]))
    tensors = dict(_tensors(folder, config))
    total, done = sum(2 * each.values for each in tensors.values()), 0
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.part")
    writer = _writer(aside, config)
    try:
        _facts(writer, config, name)
        _vocabulary(writer, vocabulary, _template(folder, vocabulary, continues))
        for target, each in tensors.items():
            kind = np.dtype(np.float16 if len(each.shape) > 1 else np.float32)
            writer.add_tensor_info(target, each.shape, kind, each.values * kind.itemsize)
        with atomic.disk_errors(out):
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_ti_data_to_file()
            for target, each in tensors.items():
                writer.write_tensor_data(_values(target, each, config))
                done += 2 * each.values
                yield Progress("exporting", done, total, "bytes")
            writer.close()
        atomic.rename(aside, out)
    finally:
        writer.close()
        aside.unlink(missing_ok=True)
    yield Done(out)


def check_family(config: Mapping[str, Any]) -> None:
    """Whether llama.cpp can run a model of this configuration as we write it.

    Raises:
        UserError: `export_family`.
    """
    rope = config.get("rope_parameters") or {}
    plain = rope.get("rope_type", "default") == "default" and not config.get("rope_scaling")
    if config.get("model_type") not in ARCHITECTURES or not plain or config.get("use_sliding_window"):
        raise UserError("export_family", family=str(config.get("model_type")), known=", ".join(ARCHITECTURES))


def read_vocabulary(folder: Path, size: int) -> Vocabulary:
    """The tokenizer of `folder`, filled up to `size` pieces.

    Raises:
        UserError: `export_tokenizer`, it is not byte-level BPE cut in a way that llama.cpp knows.
    """
    written = _json(folder / "tokenizer.json")
    model, cut = written["model"], _cut(written.get("pre_tokenizer") or {})
    if model["type"] != "BPE" or model.get("byte_fallback") or cut is None:
        raise UserError("export_tokenizer")
    tokens, kinds = [f"[unused{i}]" for i in range(size)], [UNUSED] * size
    for token, number in model["vocab"].items():
        tokens[number], kinds[number] = token, NORMAL
    for added in written.get("added_tokens", ()):
        tokens[added["id"]] = added["content"]
        kinds[added["id"]] = CONTROL if added["special"] else USER_DEFINED
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    end = _json(folder / "tokenizer_config.json")["eos_token"]
    end = end["content"] if isinstance(end, dict) else end
    return Vocabulary(tokens, kinds, merges, cut, tokens.index(end))


def _cut(pre: Mapping[str, Any]) -> str | None:
    """How llama.cpp calls this way to cut text; None where it has no name for it."""
    steps = pre.get("pretokenizers", [pre])
    if [step.get("type") for step in steps] == ["Split", "ByteLevel"]:
        return CUTS.get(steps[0]["pattern"].get("Regex", ""))
    if [step.get("type") for step in steps] == ["ByteLevel"] and steps[0].get("use_regex"):
        return "gpt-2"
    if [step.get("type") for step in steps] == ["Digits", "ByteLevel"] and steps[0].get("individual_digits"):
        return "smollm"
    return None


def _writer(path: Path, config: Mapping[str, Any]) -> Any:
    from gguf import GGUFWriter

    return GGUFWriter(path, config["model_type"])


def _facts(writer: Any, config: Mapping[str, Any], name: str) -> None:
    heads = config["num_attention_heads"]
    width = config.get("head_dim") or config["hidden_size"] // heads
    theta = (config.get("rope_parameters") or {}).get("rope_theta") or config.get("rope_theta") or 10_000.0
    writer.add_name(name)
    writer.add_file_type(MOSTLY_F16)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    writer.add_key_length(width)
    writer.add_value_length(width)
    writer.add_rope_dimension_count(width)
    writer.add_rope_freq_base(float(theta))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def _vocabulary(writer: Any, vocabulary: Vocabulary, template: str) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.cut)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.kinds)
    writer.add_token_merges(vocabulary.merges)
    writer.add_eos_token_id(vocabulary.end)
    writer.add_bos_token_id(vocabulary.end)
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)


def _template(folder: Path, vocabulary: Vocabulary, continues: bool) -> str:
    path = folder / "chat_template.jinja"
    if path.exists() and not continues:
        return path.read_text("utf-8")
    return "{{ '" + vocabulary.tokens[vocabulary.end] + "' + messages[-1]['content'] }}"


def _tensors(folder: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, weights.Stored]]:
    for name, each in weights.stored(folder).items():
        target = gguf_name(name)
        if target is None:
            raise UserError("export_family", family=name, known=", ".join(ARCHITECTURES))
        if not (target.startswith("output.") and config.get("tie_word_embeddings")):
            yield target, each


def gguf_name(name: str) -> str | None:
    """What GGUF calls a tensor of Transformers; None for one that these classes do not have."""
    stem, _, kind = name.rpartition(".")
    for pattern, target in TENSORS.items():
        if re.fullmatch(pattern, stem):
            return f"{re.sub(pattern, target, stem)}.{kind}"
    return None


def _values(target: str, each: weights.Stored, config: Mapping[str, Any]) -> NDArray[Any]:
    """The tensor as llama.cpp wants it: queries and keys of Llama have their halves interleaved there."""
    values = each.read()
    if config["model_type"] == "llama" and (found := re.search(r"attn_([qk])\.", target)):
        heads = config["num_attention_heads"] if found[1] == "q" else config["num_key_value_heads"]
        halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
        values = np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(values.shape)
    return values.astype(np.float16) if values.ndim > 1 else values


def _json(path: Path) -> dict[str, Any]:
    try:
        entries: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise UserError("export_tokenizer") from error
    return entries
