"""How well a model writes: how likely it finds held-out text, and how its own text is. Any model that runs here.

Bits per character compare models with different tokenizers; loss and perplexity only models with the same one.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from llm_core.engines.base import Finished, Generator, Message, Sampling, Score, Scorer, Writing
from llm_core.errors import UserError
from llm_core.events import Done, Events, Progress, Tick
from llm_core.text.words import words

BATCH = 8  # texts between two chances to stop
SAMPLES, SAMPLE_TOKENS = 8, 96
BEGINNING_CHARS = 24
TEXT_CHARS = 4000  # of one text
SEED = 0
REPEATED = 4  # words in a row that should not come again (Welleck et al. 2020: seq-rep-4)


class Writer(Generator, Scorer, Protocol):
    """What is measured."""


@dataclass(frozen=True, slots=True)
class Scores:
    """A model on `characters` of held-out text, and what it wrote itself.

    Loss is in nats a token, accuracy the share of tokens that were the model's first choice (None where the engine
    does not tell), `distinct` the share of different ones among all 1-, 2- and 3-grams of words that it wrote,
    `repetition` that of 4-grams that its text had before, speeds in tokens a second.
    """

    texts: int
    characters: int
    tokens: int
    loss: float
    perplexity: float
    bits_per_character: float
    next_token_accuracy: float | None
    distinct: tuple[float, float, float]
    repetition: float
    reading_speed: float
    writing_speed: float


def evaluate(model: Writer, texts: Iterable[str], *, characters: int = 100_000) -> Events:
    """Measure `model`.

    Args:
        model: of any engine.
        texts: that it has not learned from; of each the first 4,000 characters are read.
        characters: of all texts together are enough.

    Yields:
        Progress("scoring") in characters, then Progress("sampling"); `Done` holds `Scores`.

    Raises:
        UserError: `evaluate_no_text`, and what is wrong with the model.
    """
    chosen = list(_first(texts, characters))
    if not chosen:
        raise UserError("evaluate_no_text")
    total, done, scores, began = sum(map(len, chosen)), 0, [], time.perf_counter()
    model.score(["a"])  # opens it
    began = time.perf_counter()
    for start in range(0, len(chosen), BATCH):
        some = chosen[start : start + BATCH]
        scores += model.score(some)
        done += sum(map(len, some))
        yield Progress("scoring", done, total, "characters")
    seconds = time.perf_counter() - began
    samples: list[str] = []
    speeds: list[float] = []
    for number, beginning in enumerate(_beginnings(chosen)):
        yield Progress("sampling", number, SAMPLES)
        for step in model.generate([[Message("user", beginning)]], _sampling(number)):
            yield Tick()
            if isinstance(step, Writing):
                samples[number:] = ["".join([*samples[number:], step.text])]
            elif isinstance(step, Finished):
                speeds.append(step.tokens_per_second)
    yield Done(_scores(scores, total, seconds, samples, speeds))


def _sampling(number: int) -> Sampling:
    return Sampling(1.0, 1.0, 0, repetition_penalty=1.0, max_tokens=SAMPLE_TOKENS, seed=SEED + number)


def _scores(
    scores: Sequence[Score], characters: int, seconds: float, samples: Sequence[str], speeds: Sequence[float]
) -> Scores:
    tokens = sum(score.tokens for score in scores)
    nats = -sum(score.log_likelihood for score in scores)
    told = [score.hits for score in scores if score.hits is not None]
    spoken = [words(sample) for sample in samples]
    first, second, third = (distinct(spoken, length) for length in (1, 2, 3))
    return Scores(
        texts=len(scores),
        characters=characters,
        tokens=tokens,
        loss=nats / tokens,
        perplexity=math.exp(nats / tokens),
        bits_per_character=nats / math.log(2) / characters,
        next_token_accuracy=sum(told) / tokens if len(told) == len(scores) else None,
        distinct=(first, second, third),
        repetition=repetition(spoken),
        reading_speed=tokens / max(seconds, 1e-9),
        writing_speed=sum(speeds) / max(1, len(speeds)),
    )


def distinct(texts: Sequence[Sequence[str]], length: int) -> float:
    """The share of different ones among all `length`-grams of words (Li et al. 2016)."""
    grams = [gram for text in texts for gram in _grams(text, length)]
    return len(set(grams)) / len(grams) if grams else 0.0


def repetition(texts: Sequence[Sequence[str]]) -> float:
    """The share of 4-grams that the same text had before, over all texts."""
    grams = [list(_grams(text, REPEATED)) for text in texts]
    total = sum(map(len, grams))
    return 1 - sum(len(set(each)) for each in grams) / total if total else 0.0


def _grams(text: Sequence[str], length: int) -> Iterator[tuple[Any, ...]]:
    return zip(*(text[start:] for start in range(length)), strict=False)


def _first(texts: Iterable[str], characters: int) -> Iterator[str]:
    taken = 0
    for text in texts:
        if piece := text[: min(TEXT_CHARS, characters - taken)].strip():
            taken += len(piece)
            yield piece
        if taken >= characters:
            return


def _beginnings(texts: Sequence[str]) -> list[str]:
    """Of up to SAMPLES texts spread over all, some words each."""
    step = max(1, len(texts) // SAMPLES)
    chosen = itertools.islice(texts, 0, step * SAMPLES, step)
    return [text[:BEGINNING_CHARS].rpartition(" ")[0] or text[:BEGINNING_CHARS] for text in chosen]
