"""How a text with two marked places is shown to an encoder; the trainer and whatever serves the model share it.

The names of head and tail come first, then the text with brackets around both places (Zhou and Chen 2022). The
brackets are ordinary pieces, so that embeddings may stay frozen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NONE = frozenset({"no_relation", "Other", "NA", "unknown", "none"})
"""Labels that say that there is no relation, or none that the set has a name for."""
HEAD, TAIL = "[ {} ]", "{{ {} }}"
_BRACKETS = re.compile(r"[\[{] (?=\S)|(?<=\S) [\]}]")
_HAN = r"[\u3000-\u9fff\uff00-\uffef]"
_HAN_GAP = re.compile(rf"(?<={_HAN}) | (?={_HAN})| (?=[,.;:!?](?:\s|$))|(?<=[“(]) ")


def marked(text: str, head: Mapping[str, Any], tail: Mapping[str, Any]) -> tuple[str, str]:
    """(names, text with both places marked).

    head, tail: `text` and `start`, the character where it stands; one may lie inside the other.
    """
    places = sorted(
        [(int(place["start"]), len(place["text"]), mark) for place, mark in ((head, HEAD), (tail, TAIL))],
        key=lambda place: (-place[0], place[1]),
    )
    for i, (start, length, mark) in enumerate(places):
        end = start + length
        shown = mark.format(text[start:end])
        text = f"{text[:start]} {shown} {text[end:]}"
        places[i + 1 :] = [_stretched(place, start, end, len(shown) + 2 - length) for place in places[i + 1 :]]
    return f"{HEAD.format(head['text'])} {TAIL.format(tail['text'])}", " ".join(text.split())


def _stretched(place: tuple[int, int, str], start: int, end: int, longer: int) -> tuple[int, int, str]:
    """A place that holds the one just marked grows with it."""
    begin, length, mark = place
    return (begin, length + longer, mark) if begin <= start and end <= begin + length else place


def unmarked(names: str, text: str) -> tuple[str, str, str]:
    """(text, head, tail) of what `marked` made; blanks within Chinese go with the brackets."""
    head, _, tail = names.removeprefix("[ ").removesuffix(" }").partition(" ] { ")
    return _HAN_GAP.sub("", _BRACKETS.sub("", text)), head, tail
