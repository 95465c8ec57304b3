"""Reading with a model in a process of its own (GGUF): token after token, by what its server tells of each place.

The server tells the likeliest tokens, not all: their number is MOST, and a rank beyond it is not known.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence

import numpy as np

from llm_core.engines.llama_look import Expected, Looking
from llm_core.insight.pieces import Piece, shown, spans
from llm_core.insight.reading import Reading
from llm_core.insight.tree import After, Candidate

MOST = 256


def pieces(looking: Looking, text: str) -> list[Piece]:
    """The tokens of a text and where each stands in it."""
    told = looking.pieces(text)
    return spans([token for token, _ in told], [written for _, written in told], text)


def read(looking: Looking, text: str) -> Generator[int, None, Reading]:
    """See `reading.read`.

    Yields:
        How many places are done.
    """
    told = looking.pieces(text)
    begin = looking.marks.begin
    written = dict(told)
    before = [] if begin is None else [begin]
    rows: list[list[Expected]] = []
    logprobs, ranks = [], []
    for place, (token, some) in enumerate([*told, (-1, b"")]):
        row = looking.after(before, MOST) if before else _uniform(looking, told)
        rows.append(row)
        written |= {each.id: each.written for each in row}
        if place < len(told):
            rank = next((n for n, each in enumerate(row, 1) if each.id == token), 0) if before else 0
            logprobs.append(row[rank - 1].logprob if rank else _own(looking, before, token, some))
            ranks.append(rank)
        before = [*before, token]
        yield place + 1
    most = min(map(len, rows))
    return Reading(
        text=text,
        pieces=tuple(spans([token for token, _ in told], [some for _, some in told], text)),
        logprobs=np.array(logprobs, dtype=np.float32),
        ranks=np.array(ranks, dtype=np.int32),
        candidates=np.array([[each.id for each in row[:most]] for row in rows], dtype=np.int32),
        chances=np.array([[each.logprob for each in row[:most]] for row in rows], dtype=np.float32),
        words={token: shown(some) for token, some in written.items()},
        vocabulary=looking.marks.vocabulary,
    )


def after(looking: Looking, prefix: Sequence[int], most: int) -> After:
    """What a search asks for, after the tokens of a text."""
    begin = [] if looking.marks.begin is None else [looking.marks.begin]

    def ask(rows: Sequence[tuple[int, ...]]) -> list[list[Candidate]]:
        answers = (looking.after([*begin, *prefix, *row], most) for row in rows)
        return [
            [Candidate(each.id, shown(each.written), each.logprob, each.written) for each in answer]
            for answer in answers
        ]

    return ask


def _own(looking: Looking, before: Sequence[int], token: int, some: bytes) -> float:
    return looking.logprob(before, token, some) if before else -math.log(looking.marks.vocabulary)


def _uniform(looking: Looking, told: Sequence[tuple[int, bytes]]) -> list[Expected]:
    """Before the first token, where no mark begins a text: the one guess that favours nobody."""
    even = -math.log(looking.marks.vocabulary)
    token, some = told[0] if told else (0, b"")
    return [Expected(token, some, even)] * MOST
