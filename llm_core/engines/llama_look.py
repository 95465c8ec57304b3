"""What a llama.cpp server expects after some tokens: the likeliest ones, and the chance of any one of them.

It tells the probabilities of what it writes alone (llama_score.py), so it is made to write a plain letter: what it
reports beside it is the model's own distribution, before any favour. The cache keeps all but the last token, so that
looking at every place of a text costs what writing it would.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from llm_core.engines import llama_score
from llm_core.engines.llama_score import FAVOUR, Marks
from llm_core.engines.remote import Remote


@dataclass(frozen=True, slots=True)
class Expected:
    """A token that could come next."""

    id: int
    written: bytes
    logprob: float  # ln P


class Looking:
    """A slot of the server's, for somebody who has the turn."""

    def __init__(self, server: Remote) -> None:
        self._server = server

    @functools.cached_property
    def marks(self) -> Marks:
        """The mark of a text's beginning, and the size of the vocabulary."""
        return self._server.wait(llama_score.marks(self._server))

    @property
    def context(self) -> int:
        """The longest text with its mark, in tokens."""
        return self._server.context_tokens

    def pieces(self, text: str) -> list[tuple[int, bytes]]:
        """The tokens of a text, without marks, and the bytes of each; marks spelled out in it are its characters."""
        body = {"content": text, "add_special": False, "parse_special": False, "with_pieces": True}
        told = self._server.wait(self._server.post("/tokenize", body))["tokens"]
        return [(int(each["id"]), _bytes(each["piece"])) for each in told]

    def after(self, before: Sequence[int], most: int) -> list[Expected]:
        """The `most` likeliest tokens after `before`, at least one token; the likeliest first."""
        favour = {self.marks.letter: FAVOUR}
        ask = llama_score.next_token(self._server, before, favour, n_probs=most, temperature=0)
        told = self._server.wait(ask)["top_logprobs"]
        return [Expected(int(each["id"]), _bytes(each["bytes"]), float(each["logprob"])) for each in told]

    def logprob(self, before: Sequence[int], token: int, written: bytes) -> float:
        """ln P of one token, which need not be among the likeliest."""
        cut = llama_score.ends_inside_character(list(written))
        ask = llama_score.cut_token if cut else llama_score.whole_token
        return self._server.wait(ask(self._server, before, token, self.marks.letter))


def _bytes(piece: str | list[int]) -> bytes:
    return piece.encode() if isinstance(piece, str) else bytes(piece)
