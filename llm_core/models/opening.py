"""Open a causal model that is here: a Transformers folder, or a GGUF file, which comes dequantized.

Nothing from a model is executed, and weights come from safetensors or GGUF alone. Imported late: it needs torch.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging

from llm_core import machine
from llm_core.errors import UserError
from llm_core.models import gguf, register

GGUF = ".gguf"
REASON_CHARS = 300


def open_tokenizer(place: Path) -> PreTrainedTokenizerFast:
    """The tokenizer of the model at `place`, with a piece that fills up.

    Raises:
        UserError: `model_unusable`.
    """
    with _told(place):
        tokenizers: Any = AutoTokenizer
        tokenizer: PreTrainedTokenizerFast = tokenizers.from_pretrained(*_where(place), **_safe(place))
    if tokenizer.eos_token is None:
        raise UserError("model_unusable", model=place.stem, reason="no end of text")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def open_causal(place: Path, dtype: torch.dtype = torch.float32, kind: Any = AutoModelForCausalLM) -> PreTrainedModel:
    """The model at `place` on the CPU, after it was found to fit into memory; `kind` is the Auto class that opens it.

    Raises:
        UserError: `memory_short`, `model_unusable`.
    """
    width = torch.empty((), dtype=dtype).element_size()
    machine.check_memory(place.stem, parameters_of(place) * width)
    register()
    with _told(place):
        model: PreTrainedModel = kind.from_pretrained(*_where(place), dtype=dtype, **_safe(place), **_dense(place))
    if place.suffix == GGUF:  # its weights are plain ones now, and are saved as such
        for name in ("hf_quantizer", "quantization_method", "is_quantized"):
            vars(model).pop(name, None)
        vars(model.config).pop("quantization_config", None)
    return model


def parameters_of(place: Path) -> int:
    """As the headers of its weights say, without reading them.

    Raises:
        UserError: `model_unusable`, or what is wrong with a GGUF file.
    """
    if place.suffix == GGUF:
        return gguf.read(place).parameters
    from safetensors import safe_open

    total = 0
    with _told(place):
        for path in place.glob("*.safetensors"):
            with safe_open(path, framework="numpy") as file:
                for name in file.keys():  # noqa: SIM118 - no mapping
                    size = 1
                    for side in file.get_slice(name).get_shape():
                        size *= side
                    total += size
    return total


def context_of(place: Path) -> int:
    """The longest sequence that the model was trained for, in tokens; 0 where it does not say."""
    if place.suffix == GGUF:
        return gguf.read(place).context_tokens
    with _told(place):
        config = json.loads((place / "config.json").read_text("utf-8"))
    return int(config.get("max_position_embeddings") or config.get("n_positions") or 0)


def _where(place: Path) -> tuple[str]:
    return (str(place.parent if place.suffix == GGUF else place),)


def _safe(place: Path) -> dict[str, Any]:
    source = {"gguf_file": place.name} if place.suffix == GGUF else {}
    return {"local_files_only": True, "trust_remote_code": False} | source


def _dense(place: Path) -> dict[str, Any]:
    return {"quantization_config": GgufConfig(dequantize=True)} if place.suffix == GGUF else {"use_safetensors": True}


@contextlib.contextmanager
def _told(place: Path) -> Iterator[None]:
    """Say which model could not be opened, and let transformers say nothing else."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # whatever a folder holds
        reason = str(error).strip().partition("\n")[0]
        raise UserError("model_unusable", model=place.stem, reason=reason[:REASON_CHARS]) from error
    finally:
        logging.set_verbosity(before)
