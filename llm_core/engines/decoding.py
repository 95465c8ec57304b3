"""Prompts of one length continued side by side, token by token, with the state that the model itself carries.

Rows of equal length need neither padding nor masks, which recurrent families do not know, so a batch is exact for
every family. Knows nothing of waiting, opening or threads: closing the iterator ends the computing, for nothing is
computed between two steps. Imported late, since it needs torch.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence

from torch import Tensor

from llm_core.engines.base import Choice, Finished, FinishReason, Idle, Reading, Sampling, Step, Token, Writing
from llm_core.engines.causal import Causal, State
from llm_core.engines.draw import draw, random_state
from llm_core.engines.spelling import Spelling


def write(causal: Causal, prompts: dict[int, list[int]], sampling: Sampling, reading_tokens: int) -> Iterator[Step]:
    """Continue each prompt.

    Args:
        causal: the model.
        prompts: number of the prompt -> its tokens, at least one and in all the same number, below the context.
        sampling: the same for all.
        reading_tokens: of a prompt between two chances to stop.
    """
    rows = [Row(causal, number, ids, sampling) for number, ids in prompts.items()]
    logits, state = yield from _read(causal, rows, reading_tokens)
    while True:
        for row, chances in zip(rows, logits, strict=True):
            if row.reason is None:
                yield from row.write(chances)
        if all(row.reason for row in rows):
            return
        logits, state = causal.step([row.ids[-1:] for row in rows], state)


def _read(causal: Causal, rows: Sequence[Row], reading_tokens: int) -> Generator[Step, None, tuple[Tensor, State]]:
    """The prompts, piece by piece. Returns the logits after them and the state."""
    logits, state = Tensor(), None
    total = rows[0].prompt_tokens
    for start in range(0, total, reading_tokens):
        logits, state = causal.step([row.ids[start : start + reading_tokens] for row in rows], state)
        for row in rows:
            yield Reading(row.number, min(total, start + reading_tokens), total)
    return logits, state


class Row:
    """One reply as it grows."""

    def __init__(self, causal: Causal, number: int, ids: list[int], sampling: Sampling) -> None:
        self.number = number
        self.ids = list(ids)
        self.prompt_tokens = len(ids)
        self.reason: FinishReason | None = None
        self._causal = causal
        self._sampling = sampling
        self._room = min(sampling.max_tokens, causal.context - len(ids))
        self._random = random_state(sampling.seed)
        self._spelling = Spelling(causal.tokenizer, ids)
        self._held = ""  # text that may be the beginning of a stop sequence
        self._tokens: list[Token] = []  # of text that was not yet handed over
        self._began = 0.0  # when the first token was drawn

    @property
    def written(self) -> int:
        """Tokens of the reply."""
        return len(self.ids) - self.prompt_tokens

    def write(self, logits: Tensor) -> Iterator[Step]:
        """One more token, and what became certain with it."""
        self._began = self._began or time.perf_counter()
        token = draw(logits, self.ids, self._sampling, self._random)
        if token in self._causal.ends:
            self._held += self._spelling.rest()
            yield from self._finish("stop")
            return
        choices = self._choices(logits)
        self.ids.append(token)
        text = self._spelling.add(token)
        if choices and text:
            self._tokens.append(Token(text, float(logits.log_softmax(0)[token]), choices))
        self._held += text
        if (end := self._stop()) is not None:
            self._held, self._tokens = self._held[:end], []
            yield from self._finish("stop")
        elif self.written >= self._room:
            self._held += self._spelling.rest()
            yield from self._finish("length")
        else:
            yield from self._hand_over(len(self._held) - self._doubtful())

    def _choices(self, logits: Tensor) -> tuple[Choice, ...]:
        if not self._sampling.alternatives:
            return ()
        best, tokens = logits.log_softmax(0).topk(min(self._sampling.alternatives, len(logits)))
        spelled = (self._spelling.instead(int(token)) for token in tokens)
        return tuple(Choice(text, float(logprob)) for text, logprob in zip(spelled, best, strict=True))

    def _stop(self) -> int | None:
        """Where the first stop sequence begins in the text that is held."""
        places = [place for stop in self._sampling.stop if stop and (place := self._held.find(stop)) >= 0]
        return min(places, default=None)

    def _doubtful(self) -> int:
        """How many characters at the end may turn out to be the beginning of a stop sequence."""
        longest = min(len(self._held), max(map(len, self._sampling.stop), default=0))
        ends = (n for n in range(longest, 0, -1) if any(s.startswith(self._held[-n:]) for s in self._sampling.stop))
        return next(ends, 0)

    def _hand_over(self, chars: int) -> Iterator[Step]:
        text, self._held = self._held[:chars], self._held[chars:]
        if not text:
            yield Idle()
            return
        tokens = [] if self._held else self._tokens  # not before their text is certain
        self._tokens = self._tokens[len(tokens) :]
        yield Writing(self.number, text, tuple(tokens))

    def _finish(self, reason: FinishReason) -> Iterator[Step]:
        self.reason = reason
        if self._held:
            yield from self._hand_over(len(self._held))
        seconds = time.perf_counter() - self._began
        speed = (self.written - 1) / seconds if self.written > 1 and seconds > 0 else 0.0
        yield Finished(self.number, reason, self.prompt_tokens, self.written, speed)
