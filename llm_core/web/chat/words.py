"""Click a word: what else the model could have written there, with its probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

from llm_core.engines.base import Choice, Token
from llm_core.messages import Language, say
from llm_core.web.frame import escape

SHOWN_OF_ONE = 6
SHOWN_OF_SEVERAL = 3  # a word of several tokens: fewer of each


def hint(language: Language) -> str:
    """What stands in the margin before a word was chosen."""
    return f'<p class="why">{say(language, "chat.word_why")}</p>'


def instead(text: str, tokens: Sequence[Token], word: str, nth: int, language: Language) -> str:
    """The alternatives at the `nth` (from 0) place where `word` stands in `text`."""
    found = tokens_of(text, tokens, word, nth)
    heading = f'<p class="heading">{say(language, "chat.instead", word=escape(word))}</p>'
    close = f'<button class="quiet close" data-act="dismiss">{say(language, "chat.dismiss")}</button>'
    if not found:
        body = f'<p class="why">{say(language, "chat.word_unknown")}</p>'
    else:
        pieces = f'<p class="why">{say(language, "chat.word_pieces", n=len(found))}</p>' if len(found) > 1 else ""
        body = pieces + "".join(
            _bars(token, SHOWN_OF_ONE if len(found) == 1 else SHOWN_OF_SEVERAL) for token in found
        )
    return f'<section class="instead" aria-live="polite">{heading}{body}{close}</section>'


def tokens_of(text: str, tokens: Sequence[Token], word: str, nth: int) -> list[Token]:
    """The tokens that wrote the `nth` occurrence of `word`, in order."""
    start = -1
    for _ in range(nth + 1):
        start = text.find(word, start + 1)
        if start < 0:
            return []
    end, place = start + len(word), 0
    found: list[Token] = []
    for token in tokens:
        if not text.startswith(token.text, place):
            continue  # half a character, which the text holds only once it is whole
        after = place + len(token.text)
        if place < end and after > start and token.text.strip():
            found.append(token)
        place = after
    return found


def _bars(token: Token, most: int) -> str:
    """The likeliest tokens, and the one that was written wherever it stands among them."""
    own = Choice(token.text, token.logprob)
    others = sorted((choice for choice in token.choices if choice.text != own.text), key=_order)
    choices = sorted([own, *others[: most - 1]], key=_order)
    top = math.exp(choices[0].logprob) or 1.0
    rows = "".join(
        f'<li{" class=hit" if choice.text == token.text else ""}><span class="token">{_visible(choice.text)}</span>'
        f'<i style="--w:{math.exp(choice.logprob) / top:.3f}"></i><b>{_share(choice)}</b></li>'
        for choice in choices
    )
    return f'<ol class="bars">{rows}</ol>'


def _order(choice: Choice) -> float:
    return -choice.logprob


def _share(choice: Choice) -> str:
    share = math.exp(choice.logprob)
    return f"{share:.1%}" if share >= 0.0005 else "&lt;0.1%"


def _visible(text: str) -> str:
    return escape(text.replace("\n", "↵").replace("\t", "⇥")) or "␀"
