"""From documents to evidence: indexing 2,000 passages, and the time from Ask to evidence with 10,000.

    python -m benchmarks retrieval [--passages 2000] [--library 10000]

The peer of the words' leg is `bm25s` (`pip install bm25s`), given our words; of the encoder, torch in float32 on the
same weights, on a sample. Vectors beyond the indexed passages are random: finding the nearest takes as long.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import show
from benchmarks.summary import text_of
from llm_core.documents.document import Block, Document
from llm_core.settings import Settings
from llm_core.store.passages import Passage
from llm_core.store.tantivy_passages import TantivyPassages
from llm_core.tasks import passages, retrieval
from llm_core.text import sentences
from llm_core.text.paragraphs import paragraphs
from llm_core.text.search_words import terms
from llm_core.workbench.library_parts import ENCODER, encoder

CHARS_A_PASSAGE = {"zh": 240, "en": 600}
AT_ONCE = 32
SAMPLE = 64  # passages for torch
QUERIES = 30
QUESTION_CHARS = 60


def main(arguments: list[str]) -> None:
    """Print a table and one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks retrieval", description=__doc__)
    parser.add_argument("--passages", type=int, default=2000)
    parser.add_argument("--library", type=int, default=10_000)
    given = parser.parse_args(arguments)
    text, cut = _library(given.library)
    asked = _questions(cut)
    model = encoder(Settings())
    model.encode(["warm"], "query")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        store = TantivyPassages(Path(folder))
        first = cut[: given.passages]
        vectors = _timed(rows, f"encode {len(first)} passages", len(first), lambda: _encoded(first, model))
        _timed(rows, f"index {len(first)} passages", len(first), lambda: store.add("first", first, vectors))
        _query(rows, store, model, text, asked, f"Ask to evidence, {len(first)} passages")
        rest = cut[given.passages :]
        store.add("rest", rest, _random(len(rest), vectors.shape[1]))
        _query(rows, store, model, text, asked, f"Ask to evidence, {len(cut)} passages")
        _legs(rows, store, model, asked)
    _peers(rows, cut, asked)
    show("retrieval", rows, {"characters a passage": sum(len(one.text) for one in cut) / len(cut)})


def _library(count: int) -> tuple[str, list[Passage]]:
    """A text in both languages, half of its passages each, and its first `count` passages, mixed."""
    texts = [text_of(language, count // 2 * chars) for language, chars in CHARS_A_PASSAGE.items()]
    whole = "\n\n".join(texts)
    blocks = tuple(Block(start, end) for start, end in paragraphs(whole))
    found = passages.cut(Document("library", "txt", whole, blocks))
    random.Random(0).shuffle(found)
    return whole, found[:count]


def _encoded(some: Sequence[Passage], model: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    batches = [some[start : start + AT_ONCE] for start in range(0, len(some), AT_ONCE)]
    return np.concatenate([model.encode([one.text for one in batch], "passage") for batch in batches])


def _random(count: int, dimensions: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    vectors = np.random.default_rng(0).normal(size=(count, dimensions)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _questions(some: Sequence[Passage]) -> list[str]:
    """Sentences of the library, so that words are found as often as they are when people ask."""
    step = max(1, len(some) // QUERIES)
    return [sentences.split(one.text)[-1].of(one.text)[:QUESTION_CHARS] for one in some[::step]][:QUERIES]


def _query(
    rows: list[dict[str, Any]], store: TantivyPassages, model: Any, text: str, asked: list[str], name: str
) -> None:
    def ask(question: str) -> None:
        found = retrieval.passages(question, store, model, 8)
        retrieval.evidence(question, found, lambda document: text, model, 5)

    _median(rows, name, asked, ask)


def _legs(rows: list[dict[str, Any]], store: TantivyPassages, model: Any, asked: list[str]) -> None:
    _median(rows, "  of it: encode the question", asked, lambda question: model.encode([question], "query"))
    _median(rows, "  of it: by words", asked, lambda question: store.by_words(question, retrieval.CANDIDATES))
    vector = model.encode(["where"], "query")[0]
    _median(rows, "  of it: by vector", asked, lambda question: store.by_vector(vector, retrieval.CANDIDATES))


def _peers(rows: list[dict[str, Any]], cut: Sequence[Passage], asked: list[str]) -> None:
    if importlib.util.find_spec("bm25s"):
        import bm25s

        index = bm25s.BM25()
        words = [terms(one.text) for one in cut]
        _timed(rows, f"peer bm25s: index {len(cut)} passages, words given", len(cut), lambda: index.index(words))
        _median(rows, "peer bm25s: by words", asked, lambda question: index.retrieve([terms(question)], k=50))
    if importlib.util.find_spec("torch"):
        import torch
        from transformers import AutoModel, AutoTokenizer

        tokenizer, model = AutoTokenizer.from_pretrained(ENCODER), AutoModel.from_pretrained(ENCODER).float().eval()

        def encode() -> None:
            for start in range(0, SAMPLE, AT_ONCE):
                texts = ["passage: " + one.text for one in cut[start : start + AT_ONCE]]
                with torch.inference_mode():
                    model(**tokenizer(texts, padding=True, truncation=True, return_tensors="pt"))

        _timed(rows, f"peer torch float32: encode {SAMPLE} passages", SAMPLE, encode)


def _timed(rows: list[dict[str, Any]], name: str, count: int, work: Callable[[], Any]) -> Any:
    began, spent = time.perf_counter(), time.process_time()
    result = work()
    seconds, processor = time.perf_counter() - began, time.process_time() - spent
    rows.append({"what": name, "seconds": seconds, "CPU seconds": processor, "a second": count / seconds})
    return result


def _median(rows: list[dict[str, Any]], name: str, asked: list[str], work: Callable[[str], Any]) -> None:
    times, spent = [], []
    for question in asked:
        began, before = time.perf_counter(), time.process_time()
        work(question)
        times.append(time.perf_counter() - began)
        spent.append(time.process_time() - before)
    middle = statistics.median(times)
    rows.append({"what": name, "seconds": middle, "CPU seconds": statistics.median(spent), "a second": 1 / middle})


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
