"""Key sentences of a text of a million characters, Chinese and English, and of a quarter of it; `sumy` beside it.

    python -m benchmarks summary [--chars 1000000]

The peer is installed for this alone: `pip install sumy`. It is given a short text, since its TextRank and LexRank
compare every sentence with every other one, and our sentences and words, since its own need a download of NLTK's.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.report import show
from llm_core.events import collect
from llm_core.messages import Language
from llm_core.tasks.summarize import summarize
from llm_core.tasks.summary import SummaryOptions
from llm_core.text.sentences import split
from llm_core.text.words import words

EXAMPLES = Path(__file__).parents[1] / "assets" / "examples" / "summarize"
SENTENCES = 20
PEER_CHARS = 20_000  # TextRank grows with the square of the sentences


def main(arguments: list[str]) -> None:
    """Print a table and one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks summary", description=__doc__)
    parser.add_argument("--chars", type=int, default=1_000_000)
    chars = parser.parse_args(arguments).chars
    show(
        "summary", [row for language in ("zh", "en") for row in _rows(language, chars)], {"key sentences": SENTENCES}
    )


def _rows(language: Language, chars: int) -> list[dict[str, str | int | float]]:
    whole = text_of(language, chars)
    ours = [_timed(f"key sentences, {language}", part, _ours) for part in (whole[: chars // 4], whole)]
    peers = [
        _timed(f"sumy {name}, {language}", whole[:PEER_CHARS], partial(_sumy, name))
        for name in ("TextRank", "LexRank", "Luhn")
        if importlib.util.find_spec("sumy")
    ]
    beside = [_timed(f"key sentences, {language}", whole[:PEER_CHARS], _ours)] if peers else []
    return [*ours, *beside, *peers]


def text_of(language: Language, chars: int) -> str:
    """A long text: the sentences of the examples, shuffled into paragraphs, each with a number of its own."""
    sentences = [
        span.of(text)
        for path in sorted(EXAMPLES.glob(f"*.{language}.txt"))
        for text in [path.read_text("utf-8")]
        for span in split(text)
    ]
    draw = random.Random(7)
    joiner = "" if language == "zh" else " "
    parts: list[str] = []
    size = 0
    while size < chars:
        paragraph = joiner.join(draw.choice(sentences) for _ in range(draw.randint(3, 9)))
        parts.append(f"{len(parts)}{joiner}{paragraph}\n\n")
        size += len(parts[-1])
    return "".join(parts)[:chars]


def _timed(what: str, text: str, run: Callable[[str], object]) -> dict[str, str | int | float]:
    run(text[:2000])  # dictionaries are loaded once
    cpu, wall = time.process_time(), time.perf_counter()
    run(text)
    return {
        "what": what,
        "chars": len(text),
        "sentences": len(split(text)),
        "seconds": round(time.perf_counter() - wall, 3),
        "cpu": round(time.process_time() - cpu, 3),
    }


def _ours(text: str) -> object:
    return collect(summarize(text, SummaryOptions(sentences=SENTENCES)))


class _Cut:
    """Our sentences and words, as sumy asks for them."""

    def to_sentences(self, text: str) -> tuple[str, ...]:
        return tuple(span.of(text) for span in split(text))

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(words(sentence))


def _sumy(name: str, text: str) -> object:
    from sumy.parsers.plaintext import PlaintextParser
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.summarizers.luhn import LuhnSummarizer
    from sumy.summarizers.text_rank import TextRankSummarizer

    summarizers = {"TextRank": TextRankSummarizer, "LexRank": LexRankSummarizer, "Luhn": LuhnSummarizer}
    return summarizers[name]()(PlaintextParser.from_string(text, _Cut()).document, SENTENCES)
