"""Keywords beside the first ones and TextRank, on texts with their authors' keywords: F1 of five, bootstrap.

A file holds one JSON object a line with "document" and "present", those keywords of its authors that stand in it; .xz
is opened too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

from llm_core.evaluation.paired import Gain, gain
from llm_core.evaluation.rows import read_rows
from llm_core.events import Done, Events, Progress
from llm_core.text.keywords import keywords
from llm_core.text.words import Word, is_content, stem, tokens

COUNT: Final = 5
WINDOW: Final = 2  # words that are neighbours in TextRank's graph
ROUNDS: Final = 30
DAMPING: Final = 0.85


@dataclass(frozen=True, slots=True)
class Compared:
    """Mean F1 of five keywords, in percent, and the gain over each baseline: mean, and bounds of 95% of the draws."""

    texts: int
    ours: float
    first: float
    textrank: float
    over_first: Gain
    over_textrank: Gain


def compare(path: Path) -> Events:
    """Measure on each text of a file that has keywords of its authors.

    Yields:
        Progress ("measuring"), at last Done(Compared).
    """
    texts = [row for row in read_rows(path) if row["present"]]
    pickers: dict[str, Callable[[str], list[str]]] = {"ours": _ours, "first": _first, "textrank": _textrank}
    scores: dict[str, list[float]] = defaultdict(list)
    for done, row in enumerate(texts):
        for name, pick in pickers.items():
            scores[name].append(f1(pick(row["document"]), row["present"]))
        yield Progress("measuring", done + 1, len(texts), "texts")
    ours, first, textrank = (scores[name] for name in pickers)
    yield Done(
        Compared(len(texts), fmean(ours), fmean(first), fmean(textrank), gain(ours, first), gain(ours, textrank))
    )


def f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """The F1 of phrases, in percent; equal is what has the same stems."""
    mine, theirs = ({_stems(phrase) for phrase in phrases} for phrases in (found, wanted))
    common = len(mine & theirs)
    return 200 * common / (len(mine) + len(theirs)) if common else 0.0


def _stems(phrase: str) -> str:
    return "".join(stem(word.text) for word in tokens(phrase))


def _ours(text: str) -> list[str]:
    return keywords(text, COUNT)


def _first(text: str) -> list[str]:
    """The first phrases: content words with nothing but spaces between them."""
    return list(dict.fromkeys(_phrases(text, lambda word: is_content(word.text))))[:COUNT]


def _textrank(text: str) -> list[str]:
    """Mihalcea and Tarau 2004: the third of the words that rank highest, joined where they stand side by side."""
    stems = [stem(word.text) for word in tokens(text) if is_content(word.text)]
    rank = _ranked(stems)
    kept = set(sorted(rank, key=lambda word: -rank[word])[: max(COUNT, len(rank) // 3)])
    phrases = _phrases(text, lambda word: is_content(word.text) and stem(word.text) in kept)
    written = {_stems(phrase): phrase for phrase in reversed(phrases)}
    value = {phrase: sum(rank.get(stem(word.text), 0.0) for word in tokens(phrase)) for phrase in written.values()}
    return sorted(value, key=lambda phrase: -value[phrase])[:COUNT]


def _ranked(stems: Sequence[str]) -> dict[str, float]:
    """The rank of each word in the graph of those that stand at most `WINDOW` words apart."""
    beside: dict[str, Counter[str]] = defaultdict(Counter)
    for place, word in enumerate(stems):
        for other in stems[place + 1 : place + WINDOW]:
            if other != word:
                beside[word][other] += 1
                beside[other][word] += 1
    rank = dict.fromkeys(beside, 1.0)
    for _ in range(ROUNDS):
        rank = {
            word: 1 - DAMPING + DAMPING * sum(rank[other] * n / beside[other].total() for other, n in edges.items())
            for word, edges in beside.items()
        }
    return rank


def _phrases(text: str, fits: Callable[[Word], bool]) -> list[str]:
    """Stretches of fitting words with nothing but spaces between them, as the text writes them."""
    found: list[str] = []
    start, end = 0, -1  # of the stretch that is open; none while end < 0
    for word in tokens(text):
        if end >= 0 and (text[end : word.span.start].strip(" ") or not fits(word)):
            found.append(text[start:end])
            end = -1
        if fits(word):
            start, end = (word.span.start if end < 0 else start), word.span.end
    return [*found, text[start:end]] if end >= 0 else found
