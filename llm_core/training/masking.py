"""Learning by filling in what was hidden: 15 % of the pieces (Devlin et al. 2018), whole words at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.training.dataset import IGNORE, Batch, Blocks
from llm_core.training.evaluate import at_rest
from llm_core.training.precision import computing
from llm_core.training.tokenize import Tokens

HIDDEN = 0.15
_AS_MASK, _AS_OTHER = 0.8, 0.1  # of what is hidden; the rest stands as it is
_WORD_STARTS = ("▁", "Ġ")


class MaskedBlocks(Blocks):
    """Running text as sequences of `context` tokens between `<s>` and `</s>`, some pieces hidden.

    What is hidden depends on the seed, the epoch and the place in the text alone, so that a run that was cut off
    goes on with the same batches.
    """

    def __init__(
        self, tokens: Tokens, tokenizer: PreTrainedTokenizerFast, context: int, batch: int, seed: int
    ) -> None:
        self.begin, self.end, self.mask = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id
        pieces = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        self.starts_word = np.array([piece.startswith(_WORD_STARTS) or _is_chinese(piece) for piece in pieces])
        self.plain = np.array([i for i in range(len(tokenizer)) if i not in set(tokenizer.all_special_ids)])
        super().__init__(tokens, context - 2, batch, seed)

    def _batch(self, rows: NDArray[np.int64]) -> Batch:
        random = np.random.default_rng((self.seed, self.position.epoch, int(rows[0])))
        ids = np.stack([self.tokens.ids[start : start + self.context] for start in rows]).astype(np.int64)
        hidden = self._hide(ids, random) & (ids != self.end)
        shown = self._disguise(ids, hidden, random)
        inputs = torch.from_numpy(_between(shown, self.begin, self.end))
        labels = torch.from_numpy(_between(np.where(hidden, ids, IGNORE), IGNORE, IGNORE))
        return Batch({"input_ids": inputs, "attention_mask": torch.ones_like(inputs)}, labels, inputs.numel())

    def _hide(self, ids: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.bool_]:
        """Whole words: all pieces of a word are hidden, or none."""
        words = np.cumsum(self.starts_word[ids], axis=1)
        drawn = random.random((len(ids), words.max() + 1)) < HIDDEN
        return np.take_along_axis(drawn, words, axis=1)

    def _disguise(
        self, ids: NDArray[np.int64], hidden: NDArray[np.bool_], random: np.random.Generator
    ) -> NDArray[np.int64]:
        drawn = random.random(ids.shape)
        others = random.choice(self.plain, ids.shape)
        shown = np.where(hidden & (drawn < _AS_MASK), self.mask, ids)
        return np.where(hidden & (drawn >= 1 - _AS_OTHER), others, shown)


def _is_chinese(piece: str) -> bool:
    return "\u3400" <= piece[:1] <= "\u9fff"


def _between(block: NDArray[np.int64], first: int, last: int) -> NDArray[np.int64]:
    return np.pad(block, ((0, 0), (1, 1)), constant_values=((0, 0), (first, last)))


def masked_loss(model: PreTrainedModel, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the hidden pieces."""
    logits, hidden = masked_logits(model, batch)
    total = cross_entropy(logits, hidden, reduction="sum", label_smoothing=smoothing)
    return total, cross_entropy(logits.detach(), hidden, reduction="sum")


def masked_logits(model: PreTrainedModel, batch: Batch) -> tuple[Tensor, Tensor]:
    """Logits [N, V] of the N hidden pieces in float32, and what they were [N]."""
    counted = batch.labels != IGNORE
    with computing(model.device):
        states = model.base_model(**batch.inputs).last_hidden_state[counted]
        logits = model.get_submodule("cls")(states)
    return logits.float(), batch.labels[counted]


def fill_in(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, prompts: Sequence[str]) -> list[str]:
    """Each prompt with the likeliest piece in the place of each `<mask>`."""
    filled = []
    with at_rest(model):
        for prompt in prompts:
            inputs = tokenizer(prompt, return_tensors="pt").to(model.device)
            ids = inputs["input_ids"][0]
            logits = model(**inputs).logits[0]
            ids = torch.where(ids == tokenizer.mask_token_id, logits.argmax(-1), ids)
            filled += tokenizer.batch_decode(ids[None], skip_special_tokens=True)
    return filled
