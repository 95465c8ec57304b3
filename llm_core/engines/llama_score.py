"""The log-likelihood of texts by a llama.cpp server, which tells the probabilities of what it writes alone.

So it is made to write the text: after each beginning of it, one token, with the next one favoured beyond all others.
The probability that it reports is the model's own, before any favour, and the cache keeps all but the last token, so
that a text costs what writing it would. (Measured against the whole distribution: equal to 2e-4 nats a token.)

One thing needs a detour. The server keeps back a token that ends inside a character, as most Chinese characters are
cut by some tokenizers, and never tells its probability. There, only the token and a plain letter are let through; the
letter is written, and the ratio of the two, with the letter's own probability, gives that of the token.
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llm_core.engines.background import Call
from llm_core.engines.base import Finished, Score
from llm_core.engines.line import Caller
from llm_core.engines.remote import Remote
from llm_core.engines.under_way import Outbox, UnderWay
from llm_core.engines.windows import windows

FAVOUR = 300.0  # logits: beyond any difference that a model makes, and small enough for 32 bits to hold the rest
HEAD_STARTS = (60.0, 15.0, -30.0)  # of the letter over the token, in nats: it is written, and both can be told
TOLD = 1e-36  # a probability that 32 bits still hold precisely
LETTER = "a"


@dataclass(frozen=True)
class Marks:
    """Tokens that scoring needs besides the text's own."""

    begin: int | None  # BOS, else end-of-text
    letter: int
    vocabulary: int


def score(server: Remote, texts: Sequence[str], caller: Caller, slots: int) -> list[Score]:
    """See `base.Scorer`.

    Args:
        server: with a cache for each slot.
        texts: as many at a time as there are slots.
        caller: in the waiting line in front of the slots.
        slots: of the server.
    """
    context = server.context_tokens
    scores: dict[int, Score] = {}
    known = server.wait(marks(server))

    async def one(number: int, outbox: Outbox) -> None:
        try:
            scores[number] = await _score(server, texts[number], known, context)
            outbox.put(Finished(number, "stop", scores[number].tokens, 0, 0.0))
        except Exception as error:
            outbox.put(server.told(error))

    def begin(number: int, outbox: Outbox, ended: Callable[[], None]) -> Call:
        return Call(one(number, outbox), ended)

    under_way = UnderWay(len(texts), begin, caller, slots)
    try:
        for _ in under_way.steps():
            pass
    finally:
        under_way.stop()
    return [scores[number] for number in range(len(texts))]


async def marks(server: Remote) -> Marks:
    """Ask the server for its own."""
    props = await server.get("/props")
    begin = [await _ids(server, props[name], special=True) for name in ("bos_token", "eos_token") if props.get(name)]
    letter = await _ids(server, LETTER)
    models = await server.get("/v1/models")
    return Marks(begin[0][0] if begin else None, letter[0], int(models["data"][0]["meta"]["n_vocab"]))


async def _score(server: Remote, text: str, marks: Marks, context: int) -> Score:
    """One text, token after token."""
    body = {"content": text, "add_special": False, "parse_special": False, "with_pieces": True}
    pieces = (await server.post("/tokenize", body))["tokens"]
    ids = [piece["id"] for piece in pieces]
    cut = [ends_inside_character(piece["piece"]) for piece in pieces]
    total = 0.0
    if marks.begin is not None:
        ids, cut = [marks.begin, *ids], [False, *cut]
    elif ids:
        total = -math.log(marks.vocabulary)
    for window in windows(len(ids), context):
        for place in range(window.judged, window.end):
            before, token = ids[window.start : place], ids[place]
            total += await (cut_token if cut[place] else whole_token)(server, before, token, marks.letter)
    return Score(total, len(pieces))


async def whole_token(server: Remote, before: Sequence[int], token: int, letter: int) -> float:
    """ln P(token | before) of a token after which the text has whole characters."""
    told = await next_token(server, before, {token: FAVOUR}, n_probs=1, temperature=0)
    return float(told["logprob"])


async def cut_token(server: Remote, before: Sequence[int], token: int, letter: int) -> float:
    """ln P(token | before) of a token that ends inside a character."""
    own = await whole_token(server, before, letter, letter)
    for head_start in HEAD_STARTS:
        favours = {token: FAVOUR, letter: FAVOUR + head_start}
        told = await next_token(server, before, favours, n_probs=2, temperature=1, post_sampling_probs=True)
        let_through = {each["id"]: each["prob"] for each in told["top_probs"]}
        if let_through.get(token, 0.0) > TOLD:
            return own + math.log(let_through[token] / let_through[letter]) + head_start
    return own + math.log(TOLD) + HEAD_STARTS[-1]  # no less likely token exists


async def next_token(server: Remote, before: Sequence[int], favours: dict[int, float], **options: Any) -> Any:
    """What the server tells of the one token that it writes after `before`."""
    body = {
        "prompt": list(before),
        "n_predict": 1,
        "logit_bias": [[token, favour] for token, favour in favours.items()],
        "samplers": ["temperature"],
        "cache_prompt": True,
        "seed": 0,
    }
    answer = await server.post("/completion", body | options)
    return answer["completion_probabilities"][0]


async def _ids(server: Remote, text: str, *, special: bool = False) -> list[int]:
    body = {"content": text, "add_special": False, "parse_special": special}
    return list((await server.post("/tokenize", body))["tokens"])


def ends_inside_character(piece: str | list[int]) -> bool:
    """Whether bytes are missing at the end; the server writes a piece as bytes where it is no text by itself."""
    if isinstance(piece, str):
        return False
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    decoder.decode(bytes(piece))
    return bool(decoder.getstate()[0])
