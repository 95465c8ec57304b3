"""Looking at an encoder-decoder: it translates the text, and what is looked at is how it came to its translation.

Legend: S tokens of the source with its marks, T tokens of the translation.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from llm_core.insight import attention, neighbours, reading
from llm_core.insight.look import Look, explained_for
from llm_core.models.seq2seq import tag
from llm_core.text.language import language as language_of

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened


def source_ids(opened: Opened, text: str) -> list[int]:
    """The source as the encoder takes it: where the vocabulary has one, first the piece that asks for a language."""
    wanted = tag("en" if language_of(text) == "zh" else "zh")
    first = [opened.tokenizer.convert_tokens_to_ids(wanted)] if wanted in opened.tokenizer.get_vocab() else []
    return [*first, *opened.tokenizer(text)["input_ids"]]


def translated(opened: Opened, source: Sequence[int], most: int) -> str:
    """The translation that beam search finds, at most `most` tokens long."""
    import torch

    with opened.computing():
        out = opened.model.generate(input_ids=torch.tensor([list(source)]), max_length=most + 1, do_sample=False)
    return str(opened.tokenizer.decode(out[0], skip_special_tokens=True)).strip()


def look(opened: Opened, text: str, most: int) -> Generator[str, None, Look]:
    """See `look.look`; the attention is that of the translation to its source, then those of either to itself."""
    import torch

    yield "translating"
    source = source_ids(opened, text)
    target = translated(opened, source, most)
    pieces = opened.pieces(target)
    begun = (int(opened.model.config.decoder_start_token_id), *(piece.id for piece in pieces))
    yield "surprise"
    with opened.computing():
        out: Any = opened.model(input_ids=torch.tensor([source]), decoder_input_ids=torch.tensor([begun]))
        logits = out.logits[0].float()
        blocked = [token for words in opened.model.generation_config.bad_words_ids or [] for token in words]
        logits[:, blocked] = -torch.inf  # as when it writes: `<pad>` begins a translation and never stands in one
    read = reading.of_logits(logits, target, pieces, opened.words)
    yield "attention"
    seen = {
        "attention": attention.of_pair(opened, source, begun),
        "neighbours": neighbours.nearest(opened, [*source, *begun]),
    }
    explained = explained_for(opened, len(begun))
    return Look("seq2seq", read, seen, explained, source=text, marked=begun, begun=1)
