"""From 1,000 short texts to their labels: the product's engine beside plain Transformers on the same weights.

    python -m benchmarks understanding [--texts 1000] [--model NAME]

Without a bundled classifier, a head of random numbers on the bundled encoder does: speed does not know what labels
mean. The peer is Transformers in float32 as its documentation has it, batches of 32 in the order of the texts, on a
sample; both have the same threads, in one run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import show
from benchmarks.summary import text_of
from llm_core import machine
from llm_core.catalog import bundled, understanding
from llm_core.engines.classifier import Classifier
from llm_core.models.shared import whole
from llm_core.settings import Settings
from llm_core.text import sentences
from llm_core.workbench.library_parts import ENCODER

AT_ONCE = 32
SAMPLE = 200  # texts for the peer
CHARS_MAX = 120
LABELS = 14


def main(arguments: list[str]) -> None:
    """Print a table and one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks understanding", description=__doc__)
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--model")
    given = parser.parse_args(arguments)
    caches, threads = Settings().paths.conversions, machine.cores()
    texts = _texts(given.texts)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = bundled.folder(given.model) if given.model else understanding.model_of("sentiment")
        folder = folder or _with_head(Path(scratch))
        Classifier(folder, caches, threads).classify(texts[:1])  # converted by now
        model = Classifier(folder, caches, threads)
        _timed(rows, "open the model", 1, lambda: model.classify([]))
        ours = _timed(rows, f"label {len(texts)} texts", len(texts), lambda: model.classify(texts))
        compared = _peer(rows, whole(folder, caches), texts[:SAMPLE], [one.label for one in ours[:SAMPLE]], threads)
    facts = {"characters a text": round(sum(map(len, texts)) / len(texts), 1), "threads": threads}
    show("understanding", rows, facts | compared)


def _texts(count: int) -> list[str]:
    """Sentences of both languages, half each, mixed."""
    found: list[str] = []
    for language in ("zh", "en"):
        text = text_of(language, 200 * count)
        some = [span.of(text)[:CHARS_MAX] for span in sentences.split(text)]
        found += (some * (count // len(some) + 1))[: count // 2]
    return [found[i // 2 + (i % 2) * (len(found) // 2)] for i in range(len(found))]


def _with_head(scratch: Path) -> Path:
    """The bundled encoder with a head that was never trained."""
    import torch
    from transformers import BertForSequenceClassification

    from llm_core.models.encoder import open_with_head

    torch.manual_seed(0)
    folder = scratch / "untrained"
    names = {number: f"label {number}" for number in range(LABELS)}
    model = open_with_head(ENCODER, BertForSequenceClassification, 0.0, id2label=names)
    model.save_pretrained(folder)
    shutil.copyfile(ENCODER / "tokenizer.json", folder / "tokenizer.json")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"context_tokens": 128}), "utf-8")
    return folder


def _peer(
    rows: list[dict[str, Any]], folder: Path, texts: Sequence[str], ours: list[str], threads: int
) -> dict[str, float]:
    """The share of texts that get the same label, and how many times as many a CPU second."""
    import torch
    from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

    torch.set_num_threads(threads)
    tokenizer: Any = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), pad_token="<pad>")
    model: Any = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()

    def label() -> list[str]:
        said: list[str] = []
        for start in range(0, len(texts), AT_ONCE):
            inputs = tokenizer(list(texts[start : start + AT_ONCE]), padding=True, truncation=True, max_length=128,
                               return_tensors="pt", return_token_type_ids=False)  # fmt: skip
            with torch.inference_mode():
                said += [model.config.id2label[int(row)] for row in model(**inputs).logits.argmax(1)]
        return said

    label()
    theirs = _timed(rows, f"peer Transformers float32: label {len(texts)} texts", len(texts), label)
    same = sum(a == b.rpartition("/")[2] for a, b in zip(ours, theirs, strict=True)) / len(texts)
    mine, peer = rows[1], rows[2]
    return {"same labels": same, "ratio": mine["a CPU second"] / peer["a CPU second"]}


def _timed(rows: list[dict[str, Any]], name: str, count: int, work: Callable[[], Any]) -> Any:
    began, spent = time.perf_counter(), time.process_time()
    result = work()
    seconds, processor = time.perf_counter() - began, time.process_time() - spent
    rows.append({"what": name, "seconds": seconds, "CPU seconds": processor, "a CPU second": count / processor})
    return result
