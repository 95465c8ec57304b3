"""A model that is looked into: a Transformers folder, open with torch in this process. Imported late.

It is a copy of its own beside the one that writes: attention is computed here as its formula says, matrix by matrix,
since the fast kernels never hold the weights that are to be seen.

Legend: T tokens of a text, V tokens in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GgufConfig
from transformers.utils import logging

from llm_core.insight.pieces import Piece, Words, cut
from llm_core.models import register

ENCODERS = ("bert", "roberta", "xlm-roberta", "distilbert", "electra", "modernbert")
HEADS = {
    "ForMaskedLM": ("masked", "AutoModelForMaskedLM"),
    "ForSequenceClassification": ("label", "AutoModelForSequenceClassification"),
    "ForTokenClassification": ("tags", "AutoModelForTokenClassification"),
    "ForQuestionAnswering": ("span", "AutoModelForQuestionAnswering"),
}
"""How the name of a model's class ends -> what it says of a text, and what opens it."""
ATTENTIVE = ("decoder", "seq2seq", "encoder")
OWN_FAMILIES = {"workbench_mlp": "mlp", "workbench_cnn": "cnn", "workbench_ngram": "ngram", "workbench_vae": "vae"}


@dataclass(frozen=True)
class Opened:
    """An open model with its tokenizer. Nothing of it changes, so that several may look at once."""

    family: str  # as training names it: "decoder", "seq2seq", "lstm" ...
    head: str  # what it says of a text: "language", what follows; "vector" where there is no head; or one of HEADS
    model: Any
    tokenizer: Any
    threads: int
    folder: Path | None = None

    @classmethod
    def of(cls, model: Any, tokenizer: Any, threads: int, folder: Path | None = None) -> Opened:
        """A model that is in memory already."""
        family = family_of(model.config)
        if family in ATTENTIVE and hasattr(model, "set_attn_implementation"):
            model.set_attn_implementation("eager")
        return cls(family, head_of(type(model).__name__, family), model.eval(), tokenizer, threads, folder)

    @property
    def begin(self) -> int | None:
        """The mark after which a text begins, as `engines.base.Scorer` has it."""
        marks = (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id)
        return next((mark for mark in marks if mark is not None), None)

    @cached_property
    def marks(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The marks before and behind a text, as it was put between them in training: those of a model that writes,
        or those that an encoder's tokenizer puts around.
        """
        if self.head == "language":
            return () if self.begin is None else (self.begin,), ()
        around = self.tokenizer("")["input_ids"]
        return tuple(around[:1]), tuple(around[1:])

    @property
    def context(self) -> int:
        """The longest text with its mark, in tokens; what carries a state could go on, but was trained on that."""
        return int(getattr(self.model.config, "max_position_embeddings", 0) or 2**20)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are to choose from."""
        return int(self.model.config.vocab_size)

    @cached_property
    def words(self) -> Words:
        """What each token looks like by itself."""
        return Words(self.tokenizer)

    def pieces(self, text: str) -> list[Piece]:
        """The tokens of a text and where each stands in it; marks spelled out in it are its characters, but for
        what fills in: it may be asked with a mask of the visitor's own.
        """
        return cut(self.tokenizer, text, marks=self.head == "masked")

    @contextmanager
    def computing(self) -> Iterator[None]:
        """No gradients, and as many threads as this model is worth; torch counts them for each thread."""
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        with torch.inference_mode():
            yield


def open_folder(folder: Path, threads: int) -> Opened:
    """Open a folder; code from it is never run, and weights come from safetensors alone. In 32 bits, on the CPU."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    register()
    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    config = AutoConfig.from_pretrained(folder, **safe)
    opener: Any = getattr(transformers, _opener(config))
    told = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # a pooler may be missing: nobody asks for it
    try:
        model = opener.from_pretrained(folder, dtype=torch.float32, use_safetensors=True, **safe)
    finally:
        logging.set_verbosity(told)
    tokenizers: Any = AutoTokenizer
    return Opened.of(model, tokenizers.from_pretrained(folder, **safe), threads, folder)


def open_file(file: Path, threads: int) -> Opened:
    """Open a GGUF file with its weights unpacked: attention can be seen then, at four bytes a number."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False, "gguf_file": file.name}
    dense = GgufConfig(dequantize=True)
    models: Any = AutoModelForCausalLM
    model = models.from_pretrained(file.parent, dtype=torch.float32, quantization_config=dense, **safe)
    tokenizers: Any = AutoTokenizer
    return Opened.of(model, tokenizers.from_pretrained(file.parent, **safe), threads)


def family_of(config: Any) -> str:
    """What training calls the family of this configuration; anything else with attention is a decoder."""
    if config.is_encoder_decoder:
        return "seq2seq"
    if config.model_type == "workbench_recurrent":
        return str(config.cell)
    if config.model_type in ENCODERS:
        return "encoder"
    return OWN_FAMILIES.get(config.model_type, "decoder")


def head_of(name: str, family: str) -> str:
    """What a model of this class says of a text; see `Opened.head`."""
    found = next((head for ending, (head, _) in HEADS.items() if name.endswith(ending)), "")
    return found or ("vector" if family == "encoder" else "language")


def _opener(config: Any) -> str:
    """The class of transformers that opens a model with the head that its folder names."""
    name = (config.architectures or [""])[0]
    if opener := next((opener for ending, (_, opener) in HEADS.items() if name.endswith(ending)), ""):
        return opener
    return {"seq2seq": "AutoModelForSeq2SeqLM", "encoder": "AutoModel"}.get(family_of(config), "AutoModelForCausalLM")
