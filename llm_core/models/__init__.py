"""Families of language models, their tokenizers and their cards.

Model classes of our own become known to transformers through `register`; whoever opens a folder with an Auto class
calls it first. Importing this package loads nothing heavy.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

OWN = ("ngram_model", "mlp", "cnn", "recurrent", "vae")
"""Modules of this package whose `CLASSES` are (configuration, causal language model)."""


@cache
def register() -> None:
    """Make `AutoConfig`, `AutoModelForCausalLM` and `AutoModelForSequenceClassification` open the families of this
    package; loads torch.

    No code from a model folder is involved: the classes are the ones here.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

    from llm_core.models.recurrent import RecurrentConfig, RecurrentForSequenceClassification

    for name in OWN:
        config, model = import_module(f"{__name__}.{name}").CLASSES
        AutoConfig.register(config.model_type, config)
        AutoModelForCausalLM.register(config, model)
    AutoModelForSequenceClassification.register(RecurrentConfig, RecurrentForSequenceClassification)
