"""How good a model is: loss on held-out text, bits per character, samples, translations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.models.seq2seq import tag
from llm_core.training.attention import PLAIN
from llm_core.training.dataset import IGNORE, Batch, Stream
from llm_core.training.loss import Loss, batch_loss

_SAMPLE_TOKENS = 48


@contextmanager
def at_rest(model: PreTrainedModel) -> Iterator[None]:
    """Evaluation mode, no gradients, and afterwards the mode and the random state as before."""
    was_training, random_state = model.training, torch.get_rng_state()
    model.eval()
    # A text that grows token by token would be compiled anew for each length.
    with torch.no_grad(), torch.compiler.set_stance("force_eager"):
        yield
    model.train(was_training)
    torch.set_rng_state(random_state)


def validation_loss(model: PreTrainedModel, stream: Stream, batches: int, loss_of: Loss = batch_loss) -> float:
    """Mean loss in nats a token over the next `batches` batches of a stream."""
    loss, targets = 0.0, 0
    with at_rest(model):
        for _ in range(batches):
            batch = stream.next().to(model.device)
            loss += float(loss_of(model, batch, 0.0)[1])
            targets += batch.targets
    return loss / targets


def bits_per_character(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    texts: Sequence[str],
    context: int,
    loss_of: Loss = batch_loss,
) -> float:
    """Bits that a causal model needs for each character of `texts`, the end of each text included.

    The texts are read as one stream, as in training. Windows of `context` tokens overlap by
    half, and only the second half of each counts: every token but the first ones is judged
    with at least context / 2 tokens before it.
    """
    end = tokenizer.eos_token_id
    ids = [end]
    for text in texts:
        ids += [*tokenizer(text, add_special_tokens=False)["input_ids"], end]
    nats, half = 0.0, context // 2
    with at_rest(model):
        for start in range(0, len(ids) - 1, half):
            window = torch.tensor(ids[max(0, start - half) : start + half + 1], device=model.device)[None]  # 1, T + 1
            labels = window[:, 1:].clone()
            labels[:, : min(start, half)] = IGNORE
            nats += float(loss_of(model, Batch({"input_ids": window[:, :-1]}, labels), 0.0)[1])
    return nats / math.log(2) / sum(len(text) + 1 for text in texts)


def continue_texts(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, prompts: Sequence[str]) -> list[str]:
    """Each prompt with what a decoder says next, always the likeliest token that is not worn out."""
    trained_with = model.config._attn_implementation
    if trained_with == PLAIN:
        model.set_attn_implementation("sdpa")  # generation keeps a cache; the plain attention of training has none
    samples = []
    with at_rest(model):
        for prompt in prompts:
            ids = tokenizer(prompt, return_tensors="pt", add_special_tokens=False).to(model.device)
            out = _generate(model, ids, max_new_tokens=_SAMPLE_TOKENS, repetition_penalty=1.2)
            samples += tokenizer.batch_decode(out, skip_special_tokens=True)
    model.set_attn_implementation(trained_with)
    return samples


def translate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[str],
    language: str,
    beams: int = 4,
    batch: int = 32,
) -> list[str]:
    """Translations into `language`, in the order of the sentences; long ones are cut at the model's limit."""
    limit = model.config.max_position_embeddings
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    result = [""] * len(sentences)
    with at_rest(model):
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            texts = [f"{tag(language)} {sentences[i]}" for i in some]
            ids = tokenizer(texts, return_tensors="pt", padding=True, truncation=True, max_length=limit)
            longest = min(limit, 2 * ids["input_ids"].shape[1] + 10)
            out = _generate(model, ids.to(model.device), num_beams=beams, max_length=longest)
            for i, text in zip(some, tokenizer.batch_decode(out, skip_special_tokens=True), strict=True):
                result[i] = text.strip()
    return result


def translate_prompts(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, prompts: Sequence[str]
) -> list[str]:
    """Each prompt in the other language, greedily."""
    return [translate(model, tokenizer, [prompt], _other_language(prompt), beams=1)[0] for prompt in prompts]


def _generate(model: PreTrainedModel, inputs: Mapping[str, Any], **settings: Any) -> Tensor:
    generate: Any = model.generate
    out: Tensor = generate(**inputs, do_sample=False, **settings)
    return out  # B, T


def _other_language(text: str) -> str:
    return "en" if any("\u4e00" <= letter <= "\u9fff" for letter in text) else "zh"
