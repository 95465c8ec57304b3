"""What follows some tokens, for a search in the tree of all texts: one function for each kind of model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llm_core.insight.tree import After, Candidate

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened


def after(opened: Opened, prefix: Sequence[int], most: int, source: Sequence[int] = ()) -> After:
    """Continuations of a text, or of the translation of `source`.

    Args:
        opened: the model.
        prefix: what was read, with its marks.
        most: candidates at each place.
        source: of an encoder-decoder, with its marks.
    """
    import torch

    def ask(rows: Sequence[tuple[int, ...]]) -> list[list[Candidate]]:
        given: Any = torch.tensor([[*prefix, *row] or [0] for row in rows])
        with opened.computing():
            if source:
                read = torch.tensor([list(source)] * len(rows))
                logits = opened.model(input_ids=read, decoder_input_ids=given).logits[:, -1].float()
                blocked = [t for words in opened.model.generation_config.bad_words_ids or [] for t in words]
                logits[:, blocked] = -torch.inf
            else:
                logits = opened.model(input_ids=given, use_cache=False).logits[:, -1].float()
            best, tokens = logits.log_softmax(-1).topk(min(most, logits.shape[1]))
        return [
            [_candidate(opened, int(token), float(p)) for token, p in zip(row, chances, strict=True)]
            for row, chances in zip(tokens, best, strict=True)
        ]

    return ask


def _candidate(opened: Opened, token: int, logprob: float) -> Candidate:
    return Candidate(token, opened.words[token], logprob, opened.words.raw(token))


def ends(opened: Opened) -> frozenset[int]:
    """Tokens after which nothing more is said."""
    given = opened.model.generation_config.eos_token_id
    listed = given if isinstance(given, list) else [given]
    return frozenset(int(end) for end in (*listed, opened.tokenizer.eos_token_id) if end is not None)
