"""Key sentences beside the first sentences and TextRank, on texts with summaries by their authors: ROUGE, bootstrap.

A file holds one JSON object a line with "document", "summary" and perhaps "more_summaries"; .xz is opened too.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

from llm_core.evaluation.paired import Gain, gain
from llm_core.evaluation.rows import read_rows
from llm_core.events import Done, Events, Progress
from llm_core.tasks.key_sentences import key_sentences
from llm_core.tasks.sections import sections
from llm_core.text.language import language
from llm_core.text.sentences import split
from llm_core.text.words import terms

_ZH_UNIT: Final = re.compile("[\u3400-\u9fff]|[A-Za-z0-9]+")
_EN_UNIT: Final = re.compile("[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Compared:
    """Mean of ROUGE-1, -2 and -L (F1, in percent) of `count` sentences, and the gain over each baseline.

    A gain is (mean, low, high): the bounds of 95% of paired bootstrap draws.
    """

    texts: int
    count: int
    key: float
    first: float
    textrank: float
    over_first: Gain
    over_textrank: Gain


def compare(path: Path, count: int = 1) -> Events:
    """Measure `count` sentences of each text of a file.

    Yields:
        Progress ("measuring"), at last Done(Compared).
    """
    texts = list(read_rows(path))
    scores: dict[str, list[float]] = {"key": [], "first": [], "textrank": []}
    pickers: dict[str, Callable[[str, int], list[str]]] = {"key": _key, "first": _first, "textrank": _textrank}
    for done, row in enumerate(texts):
        references = [row["summary"], *row.get("more_summaries", [])]
        for name, pick in pickers.items():
            picked = " ".join(pick(row["document"], count))
            scores[name].append(max(rouge(picked, reference) for reference in references))
        yield Progress("measuring", done + 1, len(texts), "texts")
    yield Done(
        Compared(
            len(texts), count, fmean(scores["key"]), fmean(scores["first"]), fmean(scores["textrank"]),
            gain(scores["key"], scores["first"]), gain(scores["key"], scores["textrank"]),
        )
    )  # fmt: skip


def rouge(written: str, reference: str) -> float:
    """The mean of ROUGE-1, ROUGE-2 and ROUGE-L as F1 in percent; Chinese by characters, English by words."""
    mine, theirs = _units(written), _units(reference)
    grams = []
    for size in (1, 2):
        a, b = (Counter(zip(*(units[i:] for i in range(size)), strict=False)) for units in (mine, theirs))
        grams.append(_f1((a & b).total(), a.total(), b.total()))
    return 100 * (sum(grams) + _f1(_common(mine, theirs), len(mine), len(theirs))) / 3


def _key(text: str, count: int) -> list[str]:
    return [key.span.of(text) for key in key_sentences(text, sections(text), count)]


def _first(text: str, count: int) -> list[str]:
    return [span.of(text) for span in split(text)[:count]]


def _textrank(text: str, count: int) -> list[str]:
    """Mihalcea and Tarau 2004, with our sentences and terms."""
    sentences = [span.of(text) for span in split(text)]
    sets = [set(terms(sentence)) for sentence in sentences]
    n = len(sentences)
    weights = [[_overlap(sets[i], sets[j]) if i != j else 0.0 for j in range(n)] for i in range(n)]
    out = [sum(row) or 1.0 for row in weights]
    rank = [1.0] * n
    for _ in range(30):
        rank = [0.15 + 0.85 * sum(weights[j][i] / out[j] * rank[j] for j in range(n)) for i in range(n)]
    best = sorted(range(n), key=lambda i: -rank[i])[:count]
    return [sentences[i] for i in sorted(best)]


def _overlap(a: set[str], b: set[str]) -> float:
    return len(a & b) / (math.log(len(a) + 1) + math.log(len(b) + 1)) if a and b else 0.0


def _units(text: str) -> list[str]:
    return (_ZH_UNIT if language(text) == "zh" else _EN_UNIT).findall(text.lower())


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = 0
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], before + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


def _f1(common: int, mine: int, theirs: int) -> float:
    return 2 * common / (mine + theirs) if common else 0.0
