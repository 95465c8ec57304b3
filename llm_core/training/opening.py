"""The causal model that a run begins with: which one its name means, and how it is trained further.

Its own tokenizer is kept.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, PreTrainedModel

from llm_core.errors import UserError
from llm_core.models import lora
from llm_core.models.encoder import frozen
from llm_core.models.opening import GGUF, open_causal
from llm_core.training.attention import PLAIN, SHORT
from llm_core.training.config import TrainConfig
from llm_core.training.precision import dtype_on
from llm_core.training.start import find_start

PLAIN_CLASSES = frozenset({"qwen3", "qwen2", "llama"})
"""Whose attention is nothing but causal: no windows, no caps."""


def find_causal(name: str, runs: Path) -> Path:
    """The folder, or the GGUF file, of the model called `name`.

    Args:
        name: of a finished run or of a model that is here.
        runs: where the runs stand; the fetched models stand beside it.

    Raises:
        UserError: `name_unusable`, `start_unknown`.
    """
    with contextlib.suppress(UserError):
        return find_start(name, runs)
    models = runs.parent / "models"
    for path in (*models.glob(f"*{GGUF}"), *models.glob(f"*/*{GGUF}")):
        if name in (path.stem, path.name):
            return path
    if (known := _recommended(name, runs.parent)) is not None:
        return known
    raise UserError("start_unknown", name=name)


def _recommended(name: str, home: Path) -> Path | None:
    """The file of a recommended model, whatever it is called; a bare training machine has no catalog."""
    try:
        from llm_core.catalog import hashes
        from llm_core.catalog.recommended import builtin
        from llm_core.settings import Settings
    except ImportError:
        return None
    model = builtin().entries.get(name)
    return hashes.where(model, Settings(home=home)) if model else None


def open_for(config: TrainConfig, place: Path) -> PreTrainedModel:
    """The model at `place` as the run `config` trains it: on the best device here, frozen where that was asked for.

    Raises:
        UserError: `memory_short`, `model_unusable`, `start_unfit`, `adapter_no_place`.
    """
    if config.family == "ngram":
        raise UserError("start_unfit", name=place.stem, family=config.family)
    kind = AutoModelForSeq2SeqLM if config.family == "seq2seq" else AutoModelForCausalLM
    model = open_causal(place, _weights_dtype(config), kind=kind)
    frozen(model, config.freeze)
    if config.adapter:
        lora.attach(model, lora.Adapter(**config.adapter.model_dump(), base=str(place.absolute())))
    if torch.cuda.is_available():
        nn.Module.to(model, "cuda")
    elif config.batch.context <= SHORT and model.config.model_type in PLAIN_CLASSES:
        model.set_attn_implementation(PLAIN)
    return model


def _weights_dtype(config: TrainConfig) -> torch.dtype:
    """Weights that are trained are float32; those that an adapter only reads take half, where passes compute so."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return dtype_on(device) if config.adapter and config.precision != "fp32" else torch.float32
