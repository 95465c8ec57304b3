"""What a sentence VAE in training writes: sentences said again, drawn from the prior, on the way between two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.models.latent import TOKENS_MAX, between, decode, encode, prior
from llm_core.models.vae import VaeForCausalLM
from llm_core.training.evaluate import at_rest
from llm_core.training.samples.sentences import NAMES, Language, glimpse

WHOLE = tuple(".!?。！？”")
"""How a sentence ends."""


def reconstruct(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[str]:
    """Each text as it comes back from its mu."""
    with at_rest(model):
        return decode(model, tokenizer, encode(model, tokenizer, texts)[0])


def draw(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, number: int, seed: int = 0) -> list[str]:
    """Sentences at points drawn from the prior; the same points for the same seed."""
    with at_rest(model):
        return decode(model, tokenizer, prior(model, number, seed))


def interpolate(
    model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, first: str, last: str, steps: int = 7
) -> list[str]:
    """The sentences along the line from mu of one to mu of another, both ends included."""
    with at_rest(model):
        ends = encode(model, tokenizer, [first, last])[0]
        return decode(model, tokenizer, between(ends[0], ends[1], steps))


def changes(texts: Sequence[str], language: Language) -> list[tuple[str, ...]]:
    """Which factors of `samples.sentences` change from each text to the next; one entry fewer than texts."""
    seen = [glimpse(text, language) for text in texts]
    return [tuple(name for name in NAMES if a.get(name) != b.get(name)) for a, b in pairwise(seen)]


def go_on(model: VaeForCausalLM, tokenizer: PreTrainedTokenizerFast, beginning: str) -> str:
    """A beginning with what follows, from where the encoder puts what is there."""
    writer: Any = model
    ids = tokenizer(tokenizer.eos_token + beginning, add_special_tokens=False, return_tensors="pt").to(model.device)
    with at_rest(model):
        state = model.begin(ids["input_ids"])
        out = writer.generate(**ids, past_key_values=state, do_sample=False, max_new_tokens=TOKENS_MAX)
    return str(tokenizer.decode(out[0], skip_special_tokens=True))


def write(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, prompts: Sequence[str]) -> list[str]:
    """A whole sentence said again, a beginning gone on with; from nothing one of the prior, always the same."""
    assert isinstance(model, VaeForCausalLM)
    written = []
    for i, prompt in enumerate(prompts):
        if not prompt:
            written += draw(model, tokenizer, 1, seed=i)
        elif prompt.endswith(WHOLE):
            written += reconstruct(model, tokenizer, [prompt])
        else:
            written.append(go_on(model, tokenizer, prompt))
    return written
