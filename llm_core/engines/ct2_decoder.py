"""Decoders trained here in int8 by CTranslate2, three and more times as fast on a processor as torch.

The first request is written by Transformers while the copy is made beside it. What CTranslate2 cannot do, an exact
seed, min-p, scores, stays with Transformers as well: a caller sees one engine that can both.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from llm_core import machine
from llm_core.engines import ct2_cache
from llm_core.engines.base import (
    Choice,
    Finished,
    FinishReason,
    Idle,
    Prompt,
    Sampling,
    Step,
    Token,
    Writing,
)
from llm_core.engines.spelling import Spelling
from llm_core.engines.transformers import Transformers
from llm_core.engines.under_way import WAIT_S
from llm_core.settings import Settings


class Int8Decoder(Transformers):
    """A `Generator` and `Scorer` over one folder."""

    def __init__(self, name: str, path: Path, settings: Settings) -> None:
        """Args: as `Transformers`."""
        super().__init__(name, path, settings)
        self._caches = settings.paths.conversions
        self._making: threading.Thread | None = None
        self._fast: Any = None  # the open ctranslate2.Generator

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = ""
    ) -> Generator[Step, None, None]:
        """See `base.Generator`."""
        fast = None if sampling.seed is not None or sampling.min_p or sampling.stop else self._opened_fast()
        if fast is None or not prompts:
            yield from super().generate(prompts, sampling, visitor=visitor)
            return
        caller = self._line.enter(visitor)
        try:
            causal = yield from self._opened()  # its tokenizer, its template and its marks
            for number, prompt in enumerate(prompts):
                ids = self._ids(causal, prompt)
                self._check_length(causal, ids)
                ticket = yield from self._turn(caller)
                try:
                    yield from _write(fast, causal, number, ids, sampling)
                finally:
                    ticket.leave()
        finally:
            caller.leave()

    def close(self) -> None:
        """See `base.Generator`."""
        self._fast = None
        super().close()

    def _opened_fast(self) -> Any:
        """The converted model, open; None while it is being made, or where it is not to be trusted."""
        if self._fast is None and (folder := ct2_cache.converted(self._path, self._caches, make=False)):
            import ctranslate2

            threads = self._settings.threads or machine.cores()
            self._fast = ctranslate2.Generator(str(folder), device="cpu", compute_type="int8", intra_threads=threads)
        if self._fast is None and self._making is None:
            self._making = threading.Thread(target=self._make, name="convert-model", daemon=True)
            self._making.start()
        return self._fast

    def _make(self) -> None:
        ct2_cache.converted(self._path, self._caches)


def _write(fast: Any, causal: Any, number: int, ids: list[int], sampling: Sampling) -> Generator[Step, None, None]:
    """One reply: written in a thread of its own, which ends one token after the caller has left."""
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    left = threading.Event()

    def hear(step: Any) -> bool:
        logits = np.array(step.logits)[0] if sampling.alternatives and step.logits is not None else None
        heard.put((step.token_id, logits, time.perf_counter()))
        return left.is_set()

    def work() -> None:
        try:
            tokens = causal.tokenizer.convert_ids_to_tokens(ids)
            fast.generate_batch([tokens], callback=hear, **_options(causal, ids, sampling))
            heard.put(None)
        except Exception as error:
            heard.put(error)

    threading.Thread(target=work, name="ct2-reply", daemon=True).start()
    try:
        yield from _told(heard, causal, number, ids, sampling)
    finally:
        left.set()


def _options(causal: Any, ids: list[int], sampling: Sampling) -> dict[str, Any]:
    greedy = sampling.temperature <= 0
    return {
        "max_length": min(sampling.max_tokens, causal.context - len(ids)),
        "include_prompt_in_result": False,
        "sampling_topk": 1 if greedy else sampling.top_k,
        "sampling_topp": 1 if greedy else max(sampling.top_p, 1e-6),
        "sampling_temperature": 1 if greedy else sampling.temperature,
        "repetition_penalty": sampling.repetition_penalty,
        "end_token": sorted(causal.ends),
        "return_logits_vocab": sampling.alternatives > 0,
    }


def _told(
    heard: queue.SimpleQueue[Any], causal: Any, number: int, ids: list[int], sampling: Sampling
) -> Generator[Step, None, None]:
    """The tokens that are heard, as steps."""
    spelling, written, began, last, reason = Spelling(causal.tokenizer, ids), 0, 0.0, 0.0, "length"
    while True:
        try:
            news = heard.get(timeout=WAIT_S)
        except queue.Empty:
            yield Idle()
            continue
        if news is None:
            break
        if isinstance(news, Exception):
            raise news
        token, logits, last = news
        began = began or last
        if token in causal.ends:
            reason = "stop"
            continue
        written += 1
        told = _alternatives(spelling, logits, token, sampling.alternatives)
        text = spelling.add(token)
        yield Writing(number, text, (Token(text, *told),) if told and text else ()) if text else Idle()
    if rest := spelling.rest():
        yield Writing(number, rest)
    seconds = last - began
    speed = (written - 1) / seconds if written > 1 and seconds > 0 else 0.0
    finish: FinishReason = "stop" if reason == "stop" else "length"
    yield Finished(number, finish, len(ids), written, speed)


def _alternatives(spelling: Spelling, logits: Any, token: int, most: int) -> tuple[float, tuple[Choice, ...]] | None:
    """ln P of the token, and the likeliest ones in its place."""
    if logits is None:
        return None
    nats = logits - logits.max()
    nats = nats - np.log(np.exp(nats).sum())
    best = np.argsort(-nats)[:most]
    return float(nats[token]), tuple(Choice(spelling.instead(int(each)), float(nats[each])) for each in best)
