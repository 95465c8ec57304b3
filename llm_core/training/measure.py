"""What stands in a model card: a finished run against held-out text, beside its baseline.

    python -m llm_core.training.measure RUN_FOLDER [--dev NAME=FILE ...]

writes scores.json into the run's folder. Translations are scored with sacrebleu, which only
development installs have.
"""

from __future__ import annotations

import argparse
import json
import lzma
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from llm_core.atomic import writing
from llm_core.models.ngram import NGram
from llm_core.training.config import TrainConfig
from llm_core.training.corpus import read_rows
from llm_core.training.evaluate import bits_per_character, translate
from llm_core.training.run import Run

ORDER = 5
Ids = NDArray[np.int64]


def by_language(texts: Sequence[str]) -> dict[str, list[str]]:
    """Texts sorted into "zh" and "en" by whether a tenth of their characters are Chinese."""
    sorted_out: dict[str, list[str]] = {"zh": [], "en": []}
    for text in texts:
        chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in text)
        sorted_out["zh" if chinese > 0.1 * len(text) else "en"].append(text)
    return {language: some for language, some in sorted_out.items() if some}


def decoder_scores(run: Run) -> dict[str, dict[str, float]]:
    """Bits a character of the validation text, by language: the model, and two 5-gram models of the same text."""
    model = AutoModelForCausalLM.from_pretrained(run.folder / "model", dtype=torch.float32).eval()
    texts = by_language([row[0] for row in read_rows(run.folder / "data" / "valid.jsonl")])
    context = run.config.batch.context
    scores = {"model": {k: bits_per_character(model, run.tokenizer, some, context) for k, some in texts.items()}}
    return {name: _with_all(values, texts) for name, values in (scores | ngram_scores(run, texts)).items()}


def ngram_scores(run: Run, texts: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Kneser-Ney 5-gram models of the run's training text, over characters and over the run's pieces."""
    train = [row[0] for row in read_rows(run.folder / "data" / "train.jsonl")]
    letters = {letter: i for i, letter in enumerate(sorted(set("".join(train))))}
    unknown, end = len(letters), len(letters) + 1

    def characters(some: Sequence[str]) -> Ids:
        return np.array([i for text in some for i in (*(letters.get(c, unknown) for c in text), end)], dtype=np.int64)

    def pieces(some: Sequence[str]) -> Ids:
        encoded = run.tokenizer(list(some), add_special_tokens=False)["input_ids"]
        return np.array([i for ids in encoded for i in (*ids, run.tokenizer.eos_token_id)], dtype=np.int64)

    scores = {}
    for name, cut, size in (("characters", characters, end + 1), ("pieces", pieces, len(run.tokenizer))):
        ngram = NGram(ORDER, size).fit(cut(train))
        scores[f"{ORDER}-gram, {name}"] = {
            k: ngram.bits(cut(some)) / sum(len(text) + 1 for text in some) for k, some in texts.items()
        }
    return scores


def translator_scores(run: Run, dev: Mapping[str, Path], beams: int = 4) -> dict[str, dict[str, float]]:
    """BLEU and chrF of both directions on each development set, with sacrebleu's standard settings."""
    from sacrebleu import corpus_bleu, corpus_chrf

    model = AutoModelForSeq2SeqLM.from_pretrained(run.folder / "model", dtype=torch.float32).eval()
    scores = {}
    for name, path in dev.items():
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        for source, target in (("zh", "en"), ("en", "zh")):
            said = translate(model, run.tokenizer, [row[source] for row in rows], target, beams)
            meant = [[row[target] for row in rows]]
            bleu = corpus_bleu(said, meant, tokenize="zh" if target == "zh" else "13a")
            scores[f"{name} {source}-{target}"] = {"bleu": bleu.score, "chrf": corpus_chrf(said, meant).score}
            print(name, source, target, scores[f"{name} {source}-{target}"], flush=True)
    return scores


def _with_all(values: dict[str, float], texts: Mapping[str, Sequence[str]]) -> dict[str, float]:
    weights = {k: sum(len(text) + 1 for text in some) for k, some in texts.items()}
    whole = sum(values[k] * weights[k] for k in values) / sum(weights.values())
    return values | {"all": whole}


def main() -> None:
    """Measure the run and write scores.json."""
    parser = argparse.ArgumentParser(prog="python -m llm_core.training.measure")
    parser.add_argument("run", type=Path)
    parser.add_argument("--dev", nargs="*", default=[], help="NAME=FILE of sentence pairs, for a translator")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = TrainConfig.model_validate_json((options.run / "config.json").read_text(encoding="utf-8"))
    run = Run(config, options.run)
    scores: dict[str, Any]
    if config.family == "decoder":
        scores = decoder_scores(run)
    else:
        scores = translator_scores(run, {k: Path(v) for k, _, v in (entry.partition("=") for entry in options.dev)})
    with writing(options.run / "scores.json", "w") as out:
        json.dump(scores, out, ensure_ascii=False, indent=2)
    print(json.dumps(scores, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
