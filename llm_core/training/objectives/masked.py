"""Filling in what is hidden: how an encoder learns from running text."""

from __future__ import annotations

from collections.abc import Iterable

from transformers import BertForMaskedLM, PreTrainedModel, PreTrainedTokenizerFast

from llm_core.training.evaluate import validation_loss
from llm_core.training.masking import masked_logits
from llm_core.training.objectives.base import Judgement
from llm_core.training.objectives.encoder import OverEncoder, judging
from llm_core.training.objectives.language import Language

_VALIDATION_BATCHES = 12


class Masked(OverEncoder, Language):
    """An `Objective`: running text, prepared as that of the families that write."""

    def learn_tokenizer(self, texts: Iterable[str]) -> PreTrainedTokenizerFast:
        """That of the model to start with, or one learned from `texts`."""
        return self.encoder_tokenizer(texts)

    def build_model(self) -> PreTrainedModel:
        """The encoder with the head that guesses pieces."""
        return self.open_model(BertForMaskedLM)

    def judge(self, model: PreTrainedModel) -> Judgement:
        """Loss and accuracy over hidden pieces, and what the model fills into the prompts."""
        loss = validation_loss(model, self.stream("valid"), _VALIDATION_BATCHES, self.loss)
        stream, right, asked = self.stream("valid"), 0, 0
        with judging(model):
            for _ in range(_VALIDATION_BATCHES):
                logits, hidden = masked_logits(model, stream.next().to(model.device))
                right += int((logits.argmax(-1) == hidden).sum())
                asked += len(hidden)
        samples = self.family.sample(model, self.tokenizer, self.config.prompts)
        return Judgement(loss, samples=samples, extra={"accuracy": round(100 * right / asked, 2)})
