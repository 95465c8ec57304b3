"""Convert a BERT folder of Transformers for CTranslate2, in int8, without torch. Runs as a process of its own:

    python llm_core/engines/bert_convert.py MODEL_FOLDER OUTPUT_FOLDER

The converter that comes with CTranslate2 needs torch and transformers, which take longer to load than all of this.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_core.engines.bert import Floats


def convert(source: Path, target: Path) -> None:
    """Write the model in `source` to the folder `target`, which is made."""
    from ctranslate2.specs import common_spec, transformer_spec

    from llm_core.engines.bert import read_config, read_weights

    config, weights = read_config(source), read_weights(source)
    assert config["hidden_act"] == "gelu"
    encoder = transformer_spec.TransformerEncoderSpec(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    encoder.scale_embeddings = False
    fill(encoder, weights)
    spec = transformer_spec.TransformerEncoderModelSpec(encoder, pooling_layer=False)
    spec.config.layer_norm_epsilon = config["layer_norm_eps"]
    spec.register_vocabulary(vocabulary(source, config["vocab_size"]))
    spec.validate()
    spec.optimize(quantization="int8")
    target.mkdir(parents=True)
    spec.save(str(target))


def fill(encoder: Any, weights: dict[str, Floats]) -> None:
    """Put the tensors in their places in CTranslate2's description of an encoder."""
    import numpy as np

    def linear(spec: Any, *names: str) -> None:
        spec.weight = np.concatenate([weights[f"{name}.weight"] for name in names])
        spec.bias = np.concatenate([weights[f"{name}.bias"] for name in names])

    def norm(spec: Any, name: str) -> None:
        spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]

    encoder.embeddings[0].weight = weights["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = weights["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = weights["embeddings.position_embeddings.weight"]
    norm(encoder.layernorm_embedding, "embeddings.LayerNorm")
    for number, layer in enumerate(encoder.layer):
        name = f"encoder.layer.{number}"
        linear(
            layer.self_attention.linear[0], *(f"{name}.attention.self.{part}" for part in ("query", "key", "value"))
        )
        linear(layer.self_attention.linear[1], f"{name}.attention.output.dense")
        norm(layer.self_attention.layer_norm, f"{name}.attention.output.LayerNorm")
        linear(layer.ffn.linear_0, f"{name}.intermediate.dense")
        linear(layer.ffn.linear_1, f"{name}.output.dense")
        norm(layer.ffn.layer_norm, f"{name}.output.LayerNorm")


def vocabulary(source: Path, size: int) -> list[str]:
    """The tokens by id. We speak to the model in ids alone; CTranslate2 wants a list of the right length."""
    from llm_core.models.shared import tokenizer_file

    pieces = json.loads(tokenizer_file(source).read_text("utf-8"))["model"]["vocab"]
    names = [piece[0] for piece in pieces] if isinstance(pieces, list) else sorted(pieces, key=pieces.__getitem__)
    return names + [f"<extra_{number}>" for number in range(size - len(names))]


if __name__ == "__main__":
    sys.modules["torch"] = None  # type: ignore[assignment]  # CTranslate2's specs load it wherever they find it
    sys.path.insert(0, str(Path(__file__).parents[2]))
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
