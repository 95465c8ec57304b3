"""Extractive reading without a framework: what a reader is given, and how its logits become an answer.

The trainer and whatever serves the model share it. Follows Devlin et al. 2018, section 4.3: the span with the
largest sum of start and end logits, against the sum at the first token, which stands for "not answered here".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_core.messages import Language
from llm_core.text.language import language

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

QUESTION_TOKENS_MAX = 64
ANSWER_TOKENS_MAX = 60
OVERLAP_TOKENS = 64  # of neighbouring windows: an answer at the border of one lies inside the other
SPECIAL_TOKENS = 4  # <s> question </s></s> passage </s>
_BATCH = 512


@dataclass(frozen=True)
class Encoded:
    """A text as pieces: their ids [T], and the characters [start, end) that each stands for [T, 2]."""

    ids: Ints
    spans: Ints


def encode(tokenizer: Any, texts: Sequence[str]) -> list[Encoded]:
    """The pieces of each text without special ones; `tokenizer` is a `tokenizers.Tokenizer`.

    The blank before a word is none of its characters. A lone `▁` stands for no character, though some tokenizers
    count the one behind it.
    """
    blank = tokenizer.token_to_id("▁")
    found = []
    for start in range(0, len(texts), _BATCH):
        some = list(texts[start : start + _BATCH])
        for text, encoding in zip(some, tokenizer.encode_batch(some, add_special_tokens=False), strict=True):
            ids, spans = np.asarray(encoding.ids, np.int32), np.asarray(encoding.offsets, np.int32).reshape(-1, 2)
            blank_first = [begin < end and text[begin].isspace() for begin, end in encoding.offsets]
            spans[:, 0] += np.asarray(blank_first, np.int32)  # of no pieces at all, too
            spans[ids == blank, 1] = spans[ids == blank, 0]
            found.append(Encoded(ids, spans))
    return found


def tokens_of(text: Encoded, start: int, end: int) -> tuple[int, int] | None:
    """The first and the last piece [first, last] that the characters [start, end) touch."""
    begins, ends = text.spans.T
    touched = np.flatnonzero((begins < end) & (ends > start) & (ends > begins))
    return (int(touched[0]), int(touched[-1])) if len(touched) else None


def windows(question: int, passage: int, size: int) -> list[tuple[int, int]]:
    """The parts [start, end) of a passage that are read one by one.

    Args:
        question, passage: their lengths in tokens.
        size: tokens that the model reads at once, special ones included.
    """
    room = size - min(question, QUESTION_TOKENS_MAX) - SPECIAL_TOKENS
    step = room - min(OVERLAP_TOKENS, room // 2)
    starts = range(0, max(passage - room, 0) + step, step)
    return [(start, min(start + room, passage)) for start in starts]


def model_input(question: Ints, part: Ints, begin: int, end: int) -> Ints:
    """`<s> question </s></s> part </s>`; `begin` and `end` are the ids of `<s>` and `</s>`."""
    return np.concatenate([[begin], question[:QUESTION_TOKENS_MAX], [end, end], part, [end]]).astype(np.int32)


def passage_at(question: int) -> int:
    """Where in `model_input` the passage begins."""
    return min(question, QUESTION_TOKENS_MAX) + 3


@dataclass(frozen=True)
class Found:
    """The best span of a passage: its tokens [start, end], and by how much it beats "not answered here" in nats."""

    start: int
    end: int
    margin: float


def best_span(start: Floats, end: Floats, first: int, count: int) -> Found:
    """The best answer within one window.

    Args:
        start, end: logits of each token of the window [T].
        first: where the passage begins.
        count: tokens of the passage in this window, at least one.
    """
    s, e = start[first : first + count], end[first : first + count]
    sums = s[:, None] + e[None, :]
    allowed = np.triu(np.ones((count, count), bool)) & ~np.triu(np.ones((count, count), bool), ANSWER_TOKENS_MAX)
    i, j = divmod(int(np.where(allowed, sums, -np.inf).argmax()), count)
    return Found(i, j, float(sums[i, j] - start[0] - end[0]))


def language_of(passage: str) -> Language:
    """The language whose threshold a passage is read with: a reader is surer of itself in one than in the other."""
    return language(passage) or "en"


def confidence(margin: float, threshold: float) -> float:
    """How sure an answer is, 0 to 1; 0.5 where it should just be given.

    threshold: that of `language_of` the passage in the model's `null_thresholds`.
    """
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, margin - threshold))))
